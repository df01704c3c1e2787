"""HTTP written by hand, byte by byte, for what no client library would send."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from helpers.archive_server import ArchiveServer
from helpers.web_client import trusting

__all__ = ["head", "opened", "read_all", "say", "statuses"]


def statuses(heard: bytes) -> list[int]:
    """The status of each answer, in order."""
    return [int(part[:3]) for part in heard.split(b"HTTP/1.1 ")[1:]]


def head(method: str, target: str, *headers: str, version: str = "HTTP/1.1", host: str = "localhost") -> bytes:
    """A request's head; each of `headers` is a whole line."""
    lines = [f"{method} {target} {version}", *([f"Host: {host}"] if host else []), *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


@contextmanager
def opened(server: ArchiveServer, *, seconds: float = 20) -> Iterator[ssl.SSLSocket]:
    """A TLS connection to the web door."""
    with (
        socket.create_connection(("127.0.0.1", server.https), timeout=seconds) as plain,
        trusting(server).wrap_socket(plain, server_hostname="localhost") as line,
    ):
        line.settimeout(seconds)
        yield line


def read_all(line: socket.socket) -> bytes:
    """What comes until the server hangs up. TimeoutError if it does not."""
    heard = bytearray()
    with suppress(ConnectionResetError, BrokenPipeError, ssl.SSLError):
        while data := line.recv(1 << 16):
            heard += data
    return bytes(heard)


def say(server: ArchiveServer, data: bytes, *, seconds: float = 20) -> bytes:
    """Sends `data` and returns everything that came until the server hung up."""
    with opened(server, seconds=seconds) as line:
        with suppress(ConnectionResetError, BrokenPipeError, ssl.SSLError):
            line.sendall(data)
        return read_all(line)

"""Sockets of the practice range: they hear loopback alone, and can refuse like a machine without a service."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
import tempfile
from enum import Enum
from pathlib import Path
from struct import pack
from typing import Final, TypeAlias

from leadglass.terms.ceilings import KIB
from leadglass.terms.errors import UserFault

__all__ = [
    "BACKLOG",
    "Suites",
    "TlsContext",
    "TlsEnd",
    "is_loopback",
    "listening_at",
    "listening_on_loopback",
    "local_address",
    "reset",
    "server_context",
]

BACKLOG: Final = 4096
"""Connections that may wait to be accepted; the event loop wants to be told again."""
TlsContext: TypeAlias = ssl.SSLContext
"""A server's side of TLS, for those who may not see ssl itself."""
_LINGER_NOT: Final = pack("ii", 1, 0)
_LOOPBACK: Final = "127."
_TLS_RECORD: Final = 16 * KIB


def listening_on_loopback(port: int) -> socket.socket:
    """A socket that listens at this port of every address of 127.0.0.0/8. UserFault if the port cannot be had.

    It is bound to all addresses, because nothing else covers the whole of 127.0.0.0/8, and to the loopback device, so
    that no other machine reaches it. Where the system does not grant the latter, `is_loopback` has to be asked.
    """
    return _listening("0.0.0.0", port)  # noqa: S104 - see above


def listening_at(address: str, port: int) -> socket.socket:
    """A socket that listens at this port of one address: at the others the port is closed, as on a real machine.
    UserFault if it cannot be had."""
    return _listening(address, port)


def _listening(address: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if not is_loopback(address):
            _bind_to_loopback_device(listening)
        listening.bind((address, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as fault:
        listening.close()
        raise _cannot_listen(port, fault) from fault
    return listening


def _bind_to_loopback_device(listening: socket.socket) -> None:
    device: int | None = getattr(socket, "SO_BINDTODEVICE", None)  # Linux only
    if device is not None:
        with contextlib.suppress(PermissionError):  # old kernels want a privilege for it
            listening.setsockopt(socket.SOL_SOCKET, device, b"lo\0")


def _cannot_listen(port: int, fault: OSError) -> UserFault:
    if fault.errno == errno.EADDRINUSE:
        return UserFault(f"port {port} is taken by another program", "stop it, or shift all ports with --port-offset")
    if fault.errno in (errno.EACCES, errno.EPERM):
        return UserFault(
            f"not allowed to listen at port {port}",
            "ports below 1024 need a privilege: shift all ports with --port-offset 10000",
        )
    return UserFault(f"cannot listen at port {port}: {fault.strerror}", "shift all ports with --port-offset")


def local_address(transport: asyncio.BaseTransport) -> str:
    """The address of ours that the peer connected to; "" if the connection is gone already."""
    name = transport.get_extra_info("sockname")
    return str(name[0]) if name else ""


def is_loopback(address: str) -> bool:
    """Whether it is one of 127.0.0.0/8."""
    return address.startswith(_LOOPBACK)


def reset(transport: asyncio.WriteTransport) -> None:
    """Close at once, by a TCP reset."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):  # gone already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()


class Suites(Enum):
    """What a server agrees to: the cipher suites below TLS 1.3, the oldest and the newest version."""

    BCP195 = "ECDHE+AESGCM", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
    """PS3.15 B.12."""
    MODIFIED = "ECDHE+CHACHA20:ECDHE+AESCCM", ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2
    """Of PS3.15 B.13 what B.12 has not. TLS 1.3 would bring AES-GCM back: its suites cannot be chosen."""
    RETIRED = "AES128-SHA:AES256-SHA:ECDHE-RSA-AES128-SHA:@SECLEVEL=0", ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_2
    """Without authenticated encryption, some without forward secrecy: what PS3.15 B.12 forbids."""


def server_context(
    certificate: bytes, key: bytes, suites: Suites = Suites.BCP195, *, client_authority: bytes = b""
) -> TlsContext:
    """TLS as a server with this certificate and key (PEM).

    `client_authority` (PEM): clients must show a certificate that it issued.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ciphers, context.minimum_version, context.maximum_version = suites.value
    context.set_ciphers(ciphers)
    with tempfile.TemporaryDirectory() as folder:  # ssl reads keys from files alone
        chain, secret = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        chain.write_bytes(certificate)
        secret.write_bytes(key)
        context.load_cert_chain(chain, secret)
    if client_authority:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=client_authority.decode("ascii"))
    return context


class TlsEnd:
    """The server's end of TLS on one connection, without a socket: ciphertext in, plain text out, and back."""

    __slots__ = ("_in", "_out", "_ssl", "has_failed", "is_open")

    def __init__(self, context: TlsContext) -> None:
        self._in, self._out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._ssl = context.wrap_bio(self._in, self._out, server_side=True)
        self.is_open = False
        """The handshake is done."""
        self.has_failed = False
        """There will be no plain text any more; what `take` returns is the alert."""

    def receive(self, data: bytes) -> bytes:
        """The plain text that became readable. Never raises; `take` has what is to be sent."""
        self._in.write(data)
        parts: list[bytes] = []
        try:
            if not self.is_open:
                self._ssl.do_handshake()
                self.is_open = True
            while part := self._ssl.read(_TLS_RECORD):
                parts.append(part)
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLError, OSError):
            self.has_failed = True
        return b"".join(parts)

    def send(self, data: bytes) -> None:
        """Encrypt; `take` has the result. Nothing happens before the handshake is done or after it failed."""
        if self.is_open and not self.has_failed:
            try:
                self._ssl.write(data)
            except (ssl.SSLError, OSError):
                self.has_failed = True

    def close(self) -> None:
        """Say that nothing more will come; `take` has the words for it."""
        if self.is_open and not self.has_failed:
            with contextlib.suppress(ssl.SSLError, OSError):  # the peer has not said so yet, or never will
                self._ssl.unwrap()

    def take(self) -> bytes:
        """What is to be sent now."""
        return self._out.read()

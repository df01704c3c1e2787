"""Just enough HTTP to load a server and not be the limit: one connection, TLS or plain, kept alive, one buffer.

It shares no code with Leadglass on purpose, as `bench/wire.py` does not.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence


class Connection:
    """Requests one after another. Another status than the one expected raises ConnectionError."""

    def __init__(self, port: int, *, tls: bool, token: str = "") -> None:
        self._port, self._tls = port, tls
        credentials = f"Authorization: Bearer {token}\r\n" if token else ""
        self._common = f" HTTP/1.1\r\nHost: localhost:{port}\r\n{credentials}"
        self._buffer = bytearray(1 << 20)
        self._view = memoryview(self._buffer)
        self._connect()

    def _connect(self) -> None:
        self._start = self._end = 0
        self._socket: socket.socket = socket.create_connection(("127.0.0.1", self._port), timeout=120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self._socket = context.wrap_socket(self._socket, server_hostname="localhost")

    def head_of(self, path: str, accept: str) -> bytes:
        """A GET request, ready to be sent as often as wanted."""
        return f"GET {path}{self._common}Accept: {accept}\r\n\r\n".encode()

    def post_of(self, path: str, content_type: str, body: Sequence[bytes]) -> bytes:
        """A POST request with its body, in one piece."""
        length = sum(map(len, body))
        head = f"POST {path}{self._common}Accept: application/dicom+json\r\n"
        head += f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
        return b"".join([head.encode(), *body])

    def send(self, request: bytes) -> None:
        self._socket.sendall(request)

    def skip_answer(self, expected: int = 200) -> int:
        """Reads an answer and throws its body away; how many bytes the body had."""
        return self._answer(expected, None)

    def answer(self, expected: int = 200) -> bytes:
        """Reads an answer and returns its body."""
        body = bytearray()
        self._answer(expected, body)
        return bytes(body)

    def close(self) -> None:
        self._socket.close()

    def _answer(self, expected: int, body: bytearray | None) -> int:
        head = self._line_block()
        status = int(head[9:12])
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        }
        if status != expected:
            raise ConnectionError(f"status {status} instead of {expected}: {head[:300]!r}")
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            return self._chunks(body)
        if b"content-length" not in headers:
            return self._rest(body)
        length = int(headers[b"content-length"])
        self._take(length, body)
        return length

    def _rest(self, body: bytearray | None) -> int:
        """A body that ends with the connection; the next request goes over a new one."""
        total = 0
        while True:
            self._take(here := self._end - self._start, body)
            total += here
            try:
                self._receive()
            except ConnectionError:
                self.close()
                self._connect()
                return total

    def _chunks(self, body: bytearray | None) -> int:
        total = 0
        while True:
            length = int(self._line().partition(b";")[0], 16)
            self._take(length, body)
            self._line()
            total += length
            if length == 0:
                return total

    def _take(self, count: int, body: bytearray | None) -> None:
        while True:
            here = min(count, self._end - self._start)
            if body is not None:
                body += self._view[self._start : self._start + here]
            self._start += here
            count -= here
            if count == 0:
                return
            self._receive()

    def _line_block(self) -> bytes:
        return self._until(b"\r\n\r\n")

    def _line(self) -> bytes:
        return self._until(b"\r\n")

    def _until(self, mark: bytes) -> bytes:
        while (at := self._buffer.find(mark, self._start, self._end)) < 0:
            if self._end == len(self._buffer):
                rest = bytes(self._view[self._start : self._end])
                self._buffer[: len(rest)] = rest
                self._start, self._end = 0, len(rest)
            self._receive()
        found = bytes(self._view[self._start : at])
        self._start = at + len(mark)
        return found

    def _receive(self) -> None:
        if self._start == self._end:
            self._start = self._end = 0
        received = self._socket.recv_into(self._view[self._end :])
        if received == 0:
            raise ConnectionError("the server hung up")
        self._end += received

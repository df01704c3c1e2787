"""What a server says in clear before encryption begins: all of its flight up to TLS 1.2, its ServerHello in TLS 1.3.

Read beside OpenSSL, which keeps to itself whether a client certificate was asked for, and what the certificate was if
the handshake fails afterwards. RFC 5246 §6.2.1 (records), §7.4 (handshake messages).
"""

from __future__ import annotations

from typing import Final

from leadglass.terms.ceilings import MAX_TLS_FLIGHT

__all__ = ["Flight"]

_HANDSHAKE: Final = 22
_RECORD_HEADER: Final = 5
_MESSAGE_HEADER: Final = 4
_SERVER_HELLO: Final = 2
_CERTIFICATE: Final = 11
_CERTIFICATE_REQUEST: Final = 13
_SERVER_HELLO_DONE: Final = 14
_VERSIONS: Final = {0x0300: "SSLv3", 0x0301: "TLSv1", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3"}
_SUPPORTED_VERSIONS: Final = 43


class Flight:
    """Takes what the server sends, in any portions; stops reading at the first thing it does not know."""

    def __init__(self) -> None:
        self.version = ""
        """What the ServerHello chose; "" if none was seen."""
        self.certificate: bytes | None = None
        """DER of the server's own; None with TLS 1.3, which hides it."""
        self.asks_client_certificate: bool | None = None
        """None until it is known, and for ever with TLS 1.3."""
        self._records = bytearray()
        self._messages = bytearray()
        self._taken = 0
        self._is_over = False

    def feed(self, data: bytes) -> None:
        """Never raises."""
        if self._is_over:
            return
        self._taken += len(data)
        self._records += data
        is_last = self._split_records() or self._taken > MAX_TLS_FLIGHT
        while not self._is_over and len(self._messages) >= _MESSAGE_HEADER:
            end = _MESSAGE_HEADER + int.from_bytes(self._messages[1:4], "big")
            if len(self._messages) < end:
                break
            self._message(self._messages[0], bytes(self._messages[_MESSAGE_HEADER:end]))
            del self._messages[:end]
        if self._is_over or is_last:
            self._is_over = True
            self._records.clear()
            self._messages.clear()

    def _split_records(self) -> bool:
        """Takes the handshake messages out. Returns True at a record that holds something else."""
        while len(self._records) >= _RECORD_HEADER:
            if self._records[0] != _HANDSHAKE:
                return True
            end = _RECORD_HEADER + int.from_bytes(self._records[3:5], "big")
            if len(self._records) < end:
                return False
            self._messages += self._records[_RECORD_HEADER:end]
            del self._records[:end]
        return False

    def _message(self, kind: int, body: bytes) -> None:
        if kind == _SERVER_HELLO:
            self.version = _version(body)
            self._is_over = self.version in ("", "TLSv1.3")
        elif kind == _CERTIFICATE:
            length = int.from_bytes(body[3:6], "big")
            self.certificate = body[6 : 6 + length] if 0 < length <= len(body) - 6 else None
        elif kind == _CERTIFICATE_REQUEST:
            self.asks_client_certificate = True
        elif kind == _SERVER_HELLO_DONE:
            self.asks_client_certificate = bool(self.asks_client_certificate)
            self._is_over = True


def _version(server_hello: bytes) -> str:
    """RFC 5246 §7.4.1.3; RFC 8446 §4.2.1 for the extension that stands above it."""
    version = int.from_bytes(server_hello[:2], "big")
    at = 2 + 32  # behind version and random
    if len(server_hello) > at:
        at += 1 + server_hello[at] + 2 + 1 + 2  # session id, suite, compression, length of the extensions
    while at + 4 <= len(server_hello):
        kind, length = (
            int.from_bytes(server_hello[at : at + 2], "big"),
            int.from_bytes(server_hello[at + 2 : at + 4], "big"),
        )
        if kind == _SUPPORTED_VERSIONS and length == 2:
            version = int.from_bytes(server_hello[at + 4 : at + 6], "big")
        at += 4 + length
    return _VERSIONS.get(version, "")

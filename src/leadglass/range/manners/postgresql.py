"""A simulated PostgreSQL server: it trusts everybody, or asks for a password."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from leadglass.range.law import NEVER, Law
from leadglass.range.manner import Action
from leadglass.range.manners.messages import MessageManner

__all__ = ["PostgresqlServer"]

_SSL_REQUEST = 80877103
_START = 196608  # protocol 3.0
_NAMES_QUESTION = b"SELECT datname FROM pg_database"


class PostgresqlServer(MessageManner):
    """`knows_everybody`: there is a role of whatever name."""

    def __init__(
        self, law: Law, *, trusts: bool = False, knows_everybody: bool = False, databases: Sequence[str] = ("postgres",)
    ) -> None:
        super().__init__(law)
        self._trusts, self._knows_everybody, self._databases = trusts, knows_everybody, databases
        self._has_started = False

    def _size(self) -> int | None:
        head = 1 if self._has_started else 0
        if len(self._buffer) < head + 4:
            return None
        return max(0, head + int.from_bytes(self._buffer[head : head + 4], "big"))

    def _answer(self, request: bytes) -> Iterable[Action]:
        if self._has_started:
            return self._asked(request[:1], request[5:])
        code = int.from_bytes(request[4:8], "big")
        if code == _SSL_REQUEST:
            self._law.saw(1, "PostgreSQL SSLRequest")
            return [b"N"]
        if code != _START:
            return self._end()
        self._has_started = True
        words = request[8:].split(b"\0")
        is_ours = words[words.index(b"user") + 1 :][:1] == [b"leadglass-probe"] if b"user" in words else False
        self._law.saw(2 if is_ours else NEVER, "PostgreSQL start as " + ("ourselves" if is_ours else "somebody"))
        if not self._trusts:
            return [_message(b"R", struct.pack("!I", 10) + b"SCRAM-SHA-256\0\0")]
        let_in = _message(b"R", bytes(4))
        if not self._knows_everybody:
            return self._end(let_in, _message(b"E", b"SFATAL\0C28000\0Mrole does not exist\0\0"))
        return [let_in + _message(b"S", b"server_version\x0015.18\0") + _message(b"Z", b"I")]

    def _asked(self, kind: bytes, body: bytes) -> Iterable[Action]:
        if kind == b"X":
            return self._end()
        is_names = kind == b"Q" and body.startswith(_NAMES_QUESTION)
        self._law.saw(2 if is_names else NEVER, "PostgreSQL names" if is_names else "PostgreSQL question or password")
        if not is_names or not self._trusts:
            return self._end(_message(b"E", b"SFATAL\0C28P01\0Mpassword authentication failed\0\0"))
        names = [name.encode() for name in self._databases]
        rows = [_message(b"D", struct.pack("!HI", 1, len(name)) + name) for name in names]
        column = _message(b"T", struct.pack("!H", 1) + b"datname\0" + bytes(18))
        return [column + b"".join(rows) + _message(b"C", b"SELECT\0") + _message(b"Z", b"I")]


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body

"""What is said to a PostgreSQL server at level 2: a start without a password."""

from __future__ import annotations

import re
import struct
from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.personal_data import name_aloud
from leadglass.survey.probes.dialogue import STRANGER, Dialogue
from leadglass.terms.ceilings import MAX_COLLECTIONS_NAMED, MAX_DATABASE_ANSWER

__all__ = ["ROLE", "Startup"]

ROLE: Final = "leadglass-probe"
_LENGTH: Final = struct.Struct("!I")
_TERMINATE: Final = b"X\0\0\0\4"
_QUESTION: Final = b"SELECT datname FROM pg_database WHERE NOT datistemplate\0"
_KINDS: Final = b"RSEKZTDCNvIA"
_PARTS: Final = re.compile(rb"C([0-9A-Z]{5})\0")
_VERSION: Final = re.compile(rb"server_version\0([0-9]+(?:\.[0-9]+){0,2})")
_MAX_NAME: Final = 63


class Startup(Dialogue):
    """A start in clear, as far as it goes without a password."""

    kind: ClassVar[str] = "postgresql start"
    level = Level.ACCESS
    ceiling = MAX_DATABASE_ANSWER

    def __init__(self, application: str) -> None:
        super().__init__()
        self.authentication: int | None = None
        """What it asks for: 0 nothing, 3 a password, 5 MD5, 10 SASL …"""
        self.sql_state = ""
        self.version = ""
        self.databases: list[str] | None = None
        """None: it was not asked, or did not answer."""
        self._application = application

    def begin(self) -> bytes:
        words = ("user", ROLE, "database", "postgres", "application_name", self._application.replace("\0", ""))
        body = b"\0\3\0\0" + b"".join(word.encode() + b"\0" for word in words) + b"\0"
        return _LENGTH.pack(len(body) + 4) + body

    def _cut(self, buffer: bytearray) -> bytes | None:
        if buffer and buffer[0] not in _KINDS:
            return STRANGER
        if len(buffer) < 5:
            return None
        length = _LENGTH.unpack_from(buffer, 1)[0] + 1
        if not 5 <= length <= MAX_DATABASE_ANSWER:
            return STRANGER
        if len(buffer) < length:
            return None
        message = bytes(buffer[:length])
        del buffer[:length]
        return message

    def _answer(self, message: bytes) -> bytes:
        self.is_spoken = self.is_spoken or message[:1] in b"RE"
        match message[:1]:
            case b"R" if self.authentication is None and len(message) >= 9:
                self.authentication = _LENGTH.unpack_from(message, 5)[0]
                return self._leave() if self.authentication else b""
            case b"E":
                state = _PARTS.search(message)
                self.sql_state = state[1].decode("ascii") if state else "?"
                return self._leave()
            case b"S" if version := _VERSION.search(message):
                self.version = version[1].decode("ascii")
            case b"D" if self.databases is not None and len(self.databases) < MAX_COLLECTIONS_NAMED:
                self.databases += _first_column(message)
            case b"Z" if self.databases is None and self.authentication == 0:
                self.databases = []
                return b"Q" + _LENGTH.pack(len(_QUESTION) + 4) + _QUESTION
            case b"Z":
                return self._leave()
        return b""

    def _leave(self) -> bytes:
        self.is_over = True
        return _TERMINATE

    def _kept(self, message: bytes) -> bytes:
        kind, body = message[:1], b""
        if kind in b"RZ":
            body = message[5:9]
        elif kind == b"E" and (state := _PARTS.search(message)):
            body = state[0] + b"\0"
        elif kind == b"S" and (version := _VERSION.search(message)):
            body = version[0] + b"\0"
        elif kind == b"D":
            names = [name.encode() for name in _first_column(message)]
            body = struct.pack("!H", len(names)) + b"".join(_LENGTH.pack(len(name)) + name for name in names)
        return kind + _LENGTH.pack(len(body) + 4) + body


def _first_column(message: bytes) -> list[str]:
    """The text of a row's first column, if it can be a name."""
    if len(message) < 11:
        return []
    length = _LENGTH.unpack_from(message, 7)[0]
    name = message[11 : 11 + length].decode("utf-8", "replace")
    return [name_aloud(name)] if 0 < length <= _MAX_NAME and name.isprintable() else []

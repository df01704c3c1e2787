"""What is said to a MySQL server: nothing, or the login of nobody."""

from __future__ import annotations

from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.probes.dialogue import Dialogue
from leadglass.survey.probes.mysql_wire import (
    Hello,
    anonymous_login,
    as_packet,
    cut_packet,
    error_of,
    hello_of,
    text_of,
)
from leadglass.terms.ceilings import MAX_COLLECTIONS_NAMED, MAX_DATABASE_ANSWER

__all__ = ["HOST_REFUSED", "AnonymousLogin", "MysqlGreeting"]

HOST_REFUSED: Final = frozenset({1129, 1130})
_COLUMN: Final = b"\3def"


class MysqlGreeting(Dialogue):
    """Hears the greeting, and leaves."""

    kind: ClassVar[str] = "mysql greeting"
    ceiling = MAX_DATABASE_ANSWER

    def __init__(self) -> None:
        super().__init__()
        self.hello: Hello | None = None
        self.error = 0

    def _cut(self, buffer: bytearray) -> bytes | None:
        return cut_packet(buffer)

    def _answer(self, message: bytes) -> bytes:
        number, payload = message[3], message[4:]
        self.error = error_of(payload)
        if not self.is_spoken:
            self.hello = hello_of(payload)
            self.is_spoken = number == 0 and (self.hello is not None or self.error in HOST_REFUSED)
        if self.error or self.hello is None or not self.is_spoken:
            self.is_over = True
            return b""
        return self._next(number, payload)

    def _next(self, number: int, payload: bytes) -> bytes:  # noqa: ARG002 - for those who override it
        self.is_over = True
        return b""

    def _kept(self, message: bytes) -> bytes:
        number, payload = message[3], message[4:]
        if number == 0 and (hello := hello_of(payload)):
            return hello.rendered
        if error_of(payload) or payload[0] in (0x00, 0x01, 0xFE):
            return as_packet(number, payload[:3])
        if payload.startswith(_COLUMN):
            return as_packet(number, _COLUMN)
        name = text_of(payload).encode()
        return as_packet(number, bytes([len(name)]) + name)


class AnonymousLogin(MysqlGreeting):
    """Comes without a name; if let in, asks what databases it may see."""

    kind = "mysql anonymous"
    level = Level.ACCESS

    def __init__(self, program: str) -> None:
        super().__init__()
        self.is_in = False
        self.asks_more = False
        """It wants to see more than nothing: a password."""
        self.databases: list[str] = []
        self._program = program
        self._ends_heard = 0

    def _next(self, number: int, payload: bytes) -> bytes:
        if number == 0 and self.hello is not None and not self.is_in:
            return anonymous_login(self.hello, 1, self._program)
        if not self.is_in:
            return self._at_the_door(number, payload)
        if payload[0] == 0xFE and len(payload) < 9:  # the end of the columns, then of the rows
            self._ends_heard += 1
            if self._ends_heard == 2:
                self.is_over = True
                return as_packet(0, b"\x01")  # COM_QUIT
        elif self._ends_heard == 1 and len(self.databases) < MAX_COLLECTIONS_NAMED and (name := text_of(payload)):
            self.databases.append(name)
        return b""

    def _at_the_door(self, number: int, payload: bytes) -> bytes:
        if payload[0] == 0x00:
            self.is_in = True
            return as_packet(0, b"\x03SHOW DATABASES")
        if payload[0] == 0xFE:  # another way to show a password: there is none to show
            return as_packet(number + 1, b"")
        if payload[:2] != b"\x01\x03":  # caching_sha2_password is content (01 03), or asks for all of it
            self.asks_more = self.is_over = True
        return b""

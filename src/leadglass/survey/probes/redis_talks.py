"""What is said to a Redis server (RESP, redis.io/docs/reference/protocol-spec)."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.probes.dialogue import STRANGER, Dialogue
from leadglass.terms.ceilings import MAX_REPLY_LINE

__all__ = ["ASKS", "CLOSED", "VERSION", "Commands", "LookUp", "Ping", "code_of", "naming"]

_KINDS: Final = b"+-:$"
VERSION: Final = re.compile(rb"redis_version:([0-9]+(?:\.[0-9]+){1,3})\r")
_ERROR: Final = re.compile(rb"-([A-Z]{2,16})")
_NAMING: Final = "CLIENT"
ASKS: Final = "NOAUTH"
CLOSED: Final = frozenset({ASKS, "DENIED", "NOPERM", "WRONGPASS"})  # DENIED: protected mode
_OWN_WORDS: Final = frozenset({b"+PONG\r\n"})
_OWN_ERRORS: Final = CLOSED | {"LOADING", "MISCONF", "BUSY", "MASTERDOWN", "NOREPLICAS", "CLUSTERDOWN"}


class Commands(Dialogue):
    """One command after another, until one is refused.

    CLIENT SETNAME says who we are on this connection, and changes nothing else: a server that does not know it may
    refuse it.
    """

    def __init__(self, *commands: tuple[str, ...]) -> None:
        super().__init__()
        self.replies: dict[str, bytes] = {}
        """By the command's first word."""
        self._commands = commands

    def begin(self) -> bytes:
        return _command(self._commands[0])

    def _cut(self, buffer: bytearray) -> bytes | None:
        if buffer and buffer[0] not in _KINDS:
            return STRANGER
        line = buffer.find(b"\r\n") + 2
        if line < 2:
            return STRANGER if len(buffer) > MAX_REPLY_LINE else None
        end = line
        if buffer[0] == ord("$") and buffer[1 : line - 2].isdigit():
            end += int(buffer[1 : min(line - 2, 12)]) + 2
        if len(buffer) < end:
            return None
        reply = bytes(buffer[:end])
        del buffer[:end]
        return reply

    def _answer(self, message: bytes) -> bytes:
        if not self.is_spoken and message not in _OWN_WORDS and code_of(message) not in _OWN_ERRORS:
            self.is_over = True  # POP3 greets with +OK, too
            return b""
        self.is_spoken = True
        said = self._commands[len(self.replies)][0]
        self.replies[said] = self._kept(message)
        if len(self.replies) == len(self._commands) or (message.startswith(b"-") and said != _NAMING):
            self.is_over = True
            return b""
        return _command(self._commands[len(self.replies)])

    def _kept(self, message: bytes) -> bytes:
        if message.startswith(b"-"):
            return b"-" + (code_of(message) or "ERR").encode("ascii") + b"\r\n"
        if message.startswith(b"$"):
            version = VERSION.search(message)
            text = b"redis_version:" + version[1] + b"\r\n" if version else b""
            return b"$%d\r\n%s\r\n" % (len(text), text)
        return message if message in (b"+PONG\r\n", b":0\r\n", b":1\r\n") else message[:1] + b"?\r\n"


class Ping(Commands):
    """PING; if that is answered, who asks, and what version it is."""

    kind: ClassVar[str] = "redis ping"

    def __init__(self, name: str) -> None:
        super().__init__(("PING",), naming(name), ("INFO", "server"))


class LookUp(Commands):
    """The same, and whether a key is there that nobody has ever set."""

    kind = "redis look-up"
    level = Level.ACCESS

    def __init__(self, name: str, key: str) -> None:
        super().__init__(("PING",), naming(name), ("EXISTS", key), ("INFO", "server"))


def naming(name: str) -> tuple[str, ...]:
    """The command that says who asks. A name may hold no blanks."""
    return (_NAMING, "SETNAME", name)


def code_of(reply: bytes) -> str:
    """The word an error begins with, "" if it is none; ERR for words that are not the product's."""
    error = _ERROR.match(reply)
    word = error[1].decode("ascii") if error else ""
    return word if word in _OWN_ERRORS or not word else "ERR"


def _command(words: tuple[str, ...]) -> bytes:
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"".join(parts)

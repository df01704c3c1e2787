"""A simulated Redis server: open, with a password, or in protected mode."""

from __future__ import annotations

import re
from collections.abc import Iterable

from leadglass.range.law import NEVER, Law
from leadglass.range.manner import Action
from leadglass.range.manners.messages import MessageManner

__all__ = ["RedisServer"]

_WORD = re.compile(rb"\$([0-9]{1,5})\r\n")
_COUNT = re.compile(rb"\*([0-9]{1,3})\r\n")


class RedisServer(MessageManner):
    """Answers commands in RESP arrays, as all clients send them."""

    def __init__(self, law: Law, *, keys: int = 0, password: bool = False, protected: bool = False) -> None:
        super().__init__(law)
        self._keys, self._password, self._protected = keys, password, protected

    def opened(self) -> Iterable[Action]:
        return self._end(b"-DENIED Redis is running in protected mode.\r\n") if self._protected else []

    def _size(self) -> int | None:
        head = _COUNT.match(self._buffer)
        if head is None:
            return 0 if self._buffer and not b"*".startswith(self._buffer[:1]) else None
        end = head.end()
        for _ in range(int(head[1])):
            word = _WORD.match(self._buffer, end)
            if word is None:
                return None
            end = word.end() + int(word[1]) + 2
        return end

    def _answer(self, request: bytes) -> Iterable[Action]:
        words = [word.decode("latin-1") for word in request.split(b"\r\n")[2::2]]
        command = words[0].upper() if words else ""
        if command == "PING" or [word.upper() for word in words] == ["INFO", "SERVER"]:
            self._law.saw(1, f"Redis {command}")
            answer = b"+PONG\r\n" if command == "PING" else _bulk(b"# Server\r\nredis_version:7.0.15\r\nos:Linux\r\n")
        elif command == "CLIENT" and words[1:2] == ["SETNAME"]:
            self._law.saw(1, "Redis name of the caller")
            answer = b"+OK\r\n"
        elif command == "EXISTS" and words[1:2] and words[1].startswith("2.25."):
            self._law.saw(2, "Redis look-up of a random key")
            answer = b":0\r\n"
        elif command == "DBSIZE":
            self._law.saw(3, "Redis DBSIZE")
            answer = b":%d\r\n" % self._keys
        else:
            self._law.saw(NEVER, "Redis AUTH" if command == "AUTH" else "Redis command")
            answer = b"-ERR unknown command\r\n"
        return [b"-NOAUTH Authentication required.\r\n" if self._password else answer]


def _bulk(text: bytes) -> bytes:
    return b"$%d\r\n%s\r\n" % (len(text), text)

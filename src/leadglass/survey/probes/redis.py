"""Redis: does it answer who has not said a password; would it look something up; how many keys there are.

Keys are never listed: their names may be people's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Counts, DatabaseFacts, Sighting, Software, Try, Verdict
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.probes.dialogue import STRANGER, Dialogue, opening, spoken
from leadglass.survey.target import Target
from leadglass.terms.ceilings import MAX_REPLY_LINE

__all__ = ["KeyCount", "LookUp", "Ping", "probe_redis"]

HOW: Final = "Redis"
_KINDS: Final = b"+-:$"
_VERSION: Final = re.compile(rb"redis_version:([0-9]+(?:\.[0-9]+){1,3})\r")
_ERROR: Final = re.compile(rb"-([A-Z]{2,16})")
_ASKS: Final = "NOAUTH"
_CLOSED: Final = frozenset({_ASKS, "DENIED", "NOPERM", "WRONGPASS"})  # DENIED: protected mode
_OWN_WORDS: Final = frozenset({b"+PONG\r\n"})
_OWN_ERRORS: Final = _CLOSED | {"LOADING", "MISCONF", "BUSY", "MASTERDOWN", "NOREPLICAS", "CLUSTERDOWN"}


class _Commands(Dialogue):
    """One command after another (RESP, redis.io/docs/reference/protocol-spec)."""

    def __init__(self, *commands: tuple[str, ...]) -> None:
        super().__init__()
        self.replies: list[bytes] = []
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
        if not self.is_spoken and message not in _OWN_WORDS and _code(message) not in _OWN_ERRORS:
            self.is_over = True  # POP3 greets with +OK, too
            return b""
        self.is_spoken = True
        self.replies.append(self._kept(message))
        if len(self.replies) == len(self._commands) or message.startswith(b"-"):
            self.is_over = True
            return b""
        return _command(self._commands[len(self.replies)])

    def _kept(self, message: bytes) -> bytes:
        if message.startswith(b"-"):
            return b"-" + (_code(message) or "ERR").encode("ascii") + b"\r\n"
        if message.startswith(b"$"):
            version = _VERSION.search(message)
            text = b"redis_version:" + version[1] + b"\r\n" if version else b""
            return b"$%d\r\n%s\r\n" % (len(text), text)
        return message if message in (b"+PONG\r\n", b":0\r\n", b":1\r\n") else message[:1] + b"?\r\n"


class Ping(_Commands):
    """PING; and its version, if that is answered."""

    kind: ClassVar[str] = "redis ping"

    def __init__(self) -> None:
        super().__init__(("PING",), ("INFO", "server"))


class LookUp(_Commands):
    """The same, and then whether a key is there that nobody has ever set."""

    kind = "redis look-up"
    level = Level.ACCESS

    def __init__(self, key: str) -> None:
        super().__init__(("PING",), ("EXISTS", key), ("INFO", "server"))


class KeyCount(_Commands):
    """DBSIZE."""

    kind = "redis key count"
    level = Level.COUNTS

    def __init__(self) -> None:
        super().__init__(("DBSIZE",))
        self.keys: int | None = None

    def _answer(self, message: bytes) -> bytes:
        number = message[1:-2]
        if message.startswith(b":") and number.isdigit() and len(number) < 20:
            self.keys = int(number)
        return super()._answer(message)

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        return {} if self.keys is None else {"keys": self.keys}

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        self.keys = int(tally["keys"]) if "keys" in tally else None


def probe_redis(target: Target, caller: Caller, chance: Chance) -> Probe:  # noqa: ARG001 - a command has no sender
    """DatabaseFacts; the number of keys at level 3."""
    looks_up = target.level >= Level.ACCESS
    key = chance.uid() if looks_up else ""
    found = yield from opening(lambda: LookUp(key) if looks_up else Ping())
    talk = found.talk
    tries = _tries(talk)
    is_in = any(t.act is Act.ENTER and t.verdict is Verdict.OPEN for t in tries)
    counts: Counts | None = None
    if target.level >= Level.COUNTS and is_in:
        counting = KeyCount()
        yield Call(counting, found.tls)
        counts = None if counting.keys is None else Counts(records=counting.keys, how="DBSIZE")
    asks = False if is_in else True if any(t.code == _ASKS for t in tries) else None
    version = next((v[1].decode("ascii") for reply in talk.replies if (v := _VERSION.search(reply))), "")
    return Sighting(
        ending=found.ending,
        tries=(*spoken(talk, HOW, found.ending), *tries),
        facts=DatabaseFacts(asks_for_password=asks) if talk.is_spoken else None,
        software=Software(product="Redis", version=version, proof="INFO server") if version else Software(),
        counts=counts,
        handshakes=found.handshakes,
        speaks_tls=found.speaks_tls,
    )


def _tries(talk: Ping | LookUp) -> tuple[Try, ...]:
    acts = (Act.ENTER, Act.QUERY) if isinstance(talk, LookUp) else (Act.ENTER,)
    return tuple(
        Try(act=act, how=HOW, verdict=_verdict(reply, yes), code=_code(reply))
        for act, yes, reply in zip(acts, (b"+PONG\r\n", b":0\r\n"), talk.replies, strict=False)
    )


def _verdict(reply: bytes, yes: bytes) -> Verdict:
    if reply == yes:
        return Verdict.OPEN
    return Verdict.CLOSED if _code(reply) in _CLOSED else Verdict.UNCLEAR


def _code(reply: bytes) -> str:
    """The word an error begins with, "" if it is none."""
    error = _ERROR.match(reply)
    return error[1].decode("ascii") if error else ""


def _command(words: tuple[str, ...]) -> bytes:
    parts = [b"*%d\r\n" % len(words)]
    parts += [b"$%d\r\n%s\r\n" % (len(word.encode()), word.encode()) for word in words]
    return b"".join(parts)

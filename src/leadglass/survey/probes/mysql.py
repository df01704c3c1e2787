"""MySQL and MariaDB: what greets, and whether a visitor without a name and without a password comes in.

The nameless account with an empty password is the servers' own idea of anonymous access ("anonymous-user accounts" in
the manuals), as "anonymous" is FTP's. No other account is tried: what `root` would be let do is not ours to find out.
"""

from __future__ import annotations

from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Collection, DatabaseFacts, Sighting, Software, Try, Verdict
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.probes.dialogue import Dialogue, spoken
from leadglass.survey.probes.mysql_wire import (
    Hello,
    anonymous_login,
    as_packet,
    cut_packet,
    error_of,
    hello_of,
    text_of,
)
from leadglass.survey.target import Target
from leadglass.terms.ceilings import MAX_COLLECTIONS_NAMED, MAX_DATABASE_ANSWER

__all__ = ["AnonymousLogin", "MysqlGreeting", "probe_mysql"]

HOW: Final = "MySQL"
_HOST_REFUSED: Final = frozenset({1129, 1130})
_DENIED: Final = frozenset({1044, 1045, 1698})
_COLUMN: Final = b"\3def"
_SYSTEMS_OWN: Final = frozenset({"information_schema", "mysql", "performance_schema", "sys"})


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
            self.is_spoken = number == 0 and (self.hello is not None or self.error in _HOST_REFUSED)
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


def probe_mysql(target: Target, caller: Caller, chance: Chance) -> Probe:  # noqa: ARG001 - nothing left to chance
    """DatabaseFacts, and whether a nameless visitor is let in."""
    talk = MysqlGreeting() if target.level < Level.ACCESS else AnonymousLogin(caller.user_agent)
    outcome = yield Call(talk)
    visit = talk if isinstance(talk, AnonymousLogin) else None
    tries = _tries(talk)
    closed = any(t.act is Act.ENTER and t.verdict is Verdict.CLOSED for t in tries)
    asks = False if visit is not None and visit.is_in else True if closed and talk.error not in _HOST_REFUSED else None
    names = tuple(Collection(name=name) for name in visit.databases) if visit is not None else ()
    return Sighting(
        ending=outcome.ending,
        tries=(*spoken(talk, HOW, outcome.ending), *tries),
        facts=DatabaseFacts(asks_for_password=asks, collections=names) if talk.is_spoken else None,
        software=_software(talk.hello),
    )


def _tries(talk: MysqlGreeting) -> tuple[Try, ...]:
    code = str(talk.error) if talk.error else ""
    if talk.error in _HOST_REFUSED:
        return (Try(act=Act.ENTER, how=HOW, verdict=Verdict.CLOSED, code=code),)
    if not isinstance(talk, AnonymousLogin) or talk.hello is None:
        return ()
    if not talk.is_in:
        verdict = Verdict.CLOSED if talk.error in _DENIED or talk.asks_more else Verdict.UNCLEAR
        return (Try(act=Act.ENTER, how=HOW, verdict=verdict, code=code),)
    entered = Try(act=Act.ENTER, how=HOW, verdict=Verdict.OPEN)
    if not set(talk.databases) - _SYSTEMS_OWN:
        return (entered,)
    return (entered, *(Try(act=act, how=HOW, verdict=Verdict.OPEN) for act in (Act.LIST, Act.QUERY)))


def _software(hello: Hello | None) -> Software:
    if hello is None:
        return Software()
    product = "MariaDB" if "MariaDB" in hello.version else "MySQL"
    version = hello.version.removeprefix("5.5.5-").removesuffix("-MariaDB")
    return Software(product=product, version=version, proof="its greeting")

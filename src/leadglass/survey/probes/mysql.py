"""MySQL and MariaDB: what greets, and whether a visitor without a name and without a password comes in.

The nameless account with an empty password is the servers' own idea of anonymous access ("anonymous-user accounts" in
the manuals), as "anonymous" is FTP's. No other account is tried: what `root` would be let do is not ours to find out.
"""

from __future__ import annotations

from typing import Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Collection, DatabaseFacts, Sighting, Software, Try, Verdict
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.probes.dialogue_opening import spoken
from leadglass.survey.probes.mysql_talks import HOST_REFUSED, AnonymousLogin, MysqlGreeting
from leadglass.survey.probes.mysql_wire import Hello
from leadglass.survey.target import Target

__all__ = ["probe_mysql"]

HOW: Final = "MySQL"
_DENIED: Final = frozenset({1044, 1045, 1698})
_SYSTEMS_OWN: Final = frozenset({"information_schema", "mysql", "performance_schema", "sys"})


def probe_mysql(target: Target, caller: Caller, chance: Chance) -> Probe:  # noqa: ARG001 - nothing left to chance
    """DatabaseFacts, and whether a nameless visitor is let in."""
    talk = MysqlGreeting() if target.level < Level.ACCESS else AnonymousLogin(caller.name)
    outcome = yield Call(talk)
    visit = talk if isinstance(talk, AnonymousLogin) else None
    tries = _tries(talk)
    closed = any(t.act is Act.ENTER and t.verdict is Verdict.CLOSED for t in tries)
    asks = False if visit is not None and visit.is_in else True if closed and talk.error not in HOST_REFUSED else None
    names = tuple(Collection(name=name) for name in visit.databases) if visit is not None else ()
    return Sighting(
        ending=outcome.ending,
        tries=(*spoken(talk, HOW, outcome.ending), *tries),
        facts=DatabaseFacts(asks_for_password=asks, collections=names) if talk.is_spoken else None,
        software=_software(talk.hello),
    )


def _tries(talk: MysqlGreeting) -> tuple[Try, ...]:
    code = str(talk.error) if talk.error else ""
    if talk.error in HOST_REFUSED:
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

"""Redis: does it answer who has not said a password; would it look something up; how many keys there are.

Keys are never listed: their names may be people's.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Counts, DatabaseFacts, Sighting, Software, Try, Verdict
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.probes.dialogue_opening import opening, spoken
from leadglass.survey.probes.redis_counting import KeyCount
from leadglass.survey.probes.redis_talks import ASKS, CLOSED, VERSION, LookUp, Ping, code_of
from leadglass.survey.target import Target

__all__ = ["probe_redis"]

HOW: Final = "Redis"


def probe_redis(target: Target, caller: Caller, chance: Chance) -> Probe:
    """DatabaseFacts; the number of keys at level 3."""
    looks_up = target.level >= Level.ACCESS
    key = chance.uid() if looks_up else ""
    found = yield from opening(lambda: LookUp(caller.name, key) if looks_up else Ping(caller.name))
    talk = found.talk
    tries = _tries(talk)
    is_in = any(t.act is Act.ENTER and t.verdict is Verdict.OPEN for t in tries)
    counts: Counts | None = None
    if target.level >= Level.COUNTS and is_in:
        counting = KeyCount(caller.name)
        yield Call(counting, found.tls)
        counts = None if counting.keys is None else Counts(records=counting.keys, how="DBSIZE")
    asks = False if is_in else True if any(t.code == ASKS for t in tries) else None
    named = VERSION.search(talk.replies.get("INFO", b""))
    version = named[1].decode("ascii") if named else ""
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
    """Who may do no more than PING has not been let in."""
    questions = (("PING", Act.ENTER, b"+PONG\r\n"), ("EXISTS", Act.QUERY, b":0\r\n"))
    tries = [
        Try(act=act, how=HOW, verdict=_verdict(talk.replies[command], yes), code=code_of(talk.replies[command]))
        for command, act, yes in questions
        if command in talk.replies
    ]
    if len(tries) == 2 and tries[1].verdict is Verdict.CLOSED:
        tries[0] = replace(tries[0], verdict=Verdict.UNCLEAR)
    return tuple(tries)


def _verdict(reply: bytes, yes: bytes) -> Verdict:
    if reply == yes:
        return Verdict.OPEN
    return Verdict.CLOSED if code_of(reply) in CLOSED else Verdict.UNCLEAR

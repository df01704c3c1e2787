"""PostgreSQL: does it ask for a password.

The start-up message (PostgreSQL documentation §55.2.1) names a role that is plainly ours, and no password is ever sent.
A server that trusts whoever calls says AuthenticationOk before it looks the role up: then anybody who knows the name of
one comes in. Names of databases are asked for only where even ours was let in.
"""

from __future__ import annotations

from typing import Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Collection, DatabaseFacts, Sighting, Software, Try, Verdict
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.probes.dialogue_opening import NO_CONNECTION, spoken
from leadglass.survey.probes.postgresql_talks import Startup
from leadglass.survey.probes.postgresql_tls import TlsQuestion
from leadglass.survey.target import Target

__all__ = ["probe_postgresql"]

HOW: Final = "PostgreSQL"


def probe_postgresql(target: Target, caller: Caller, chance: Chance) -> Probe:  # noqa: ARG001 - nothing left to chance
    """DatabaseFacts, and whether a stranger is asked for a password."""
    question = TlsQuestion()
    outcome = yield Call(question)
    start = Startup(caller.name)
    if target.level >= Level.ACCESS and outcome.ending not in NO_CONNECTION and question.is_spoken:
        yield Call(start)
    asks = None if start.authentication is None else start.authentication != 0
    names = tuple(Collection(name=name) for name in start.databases or ())
    software = Software(product="PostgreSQL", version=start.version, proof="server_version") if start.version else None
    return Sighting(
        ending=outcome.ending,
        tries=(*spoken(question, HOW, outcome.ending), *_tries(start, question)),
        facts=DatabaseFacts(asks_for_password=asks, collections=names) if question.is_spoken else None,
        software=software or Software(),
        speaks_tls=question.offers_tls,
    )


def _tries(start: Startup, question: TlsQuestion) -> tuple[Try, ...]:
    if not start.is_spoken:
        return ()
    code = start.sql_state or (f"R{start.authentication}" if start.authentication else "")
    if start.authentication is not None:
        verdict = Verdict.CLOSED if start.authentication else Verdict.OPEN
    else:  # refused without being asked: perhaps only because this was not on TLS
        verdict = Verdict.CLOSED if start.sql_state == "28000" and not question.offers_tls else Verdict.UNCLEAR
    tries: tuple[Try, ...] = (Try(act=Act.ENTER, how=HOW, verdict=verdict, code=code),)
    if start.databases:
        tries += tuple(Try(act=act, how=HOW, verdict=Verdict.OPEN) for act in (Act.LIST, Act.QUERY))
    return tries

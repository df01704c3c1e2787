"""When a case is closed: only who was told no may say so. Pure.

By a run that looked at its ports at level ACCESS or above and to its end, and that was told no at each of them, or met
a silence that cannot be its own. A run that did not look, and a door that answers neither yes nor no, say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from leadglass.net.conversing import Ending
from leadglass.survey.cases.case import Case, CaseState
from leadglass.survey.cases.events import Closed, Unanswered
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Observation, Verdict
from leadglass.survey.services import Service
from leadglass.survey.system import System

__all__ = ["Look", "closed"]

_LASTING: Final = timedelta(days=1)
"""So long must a silence last that may be our own."""
_READING: Final = frozenset({Act.QUERY, Act.WORKLIST, Act.RETRIEVE, Act.LIST})
_NOT_ASKED_FOR_DATA: Final = frozenset({Service.HL7, Service.FTP, Service.SMB})
"""Whether these let a stranger in decides no case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A finished run, as far as cases care."""

    run: str
    began: datetime
    at: datetime
    level: Level
    covers: Callable[[str, Sequence[int]], bool]
    """Whether these ports of an address were looked at, so that no answer means something."""
    absence: Callable[[str], Mapping[int, Ending]]
    """Of the ports of an address where no connection came about: REFUSED if it said so, UNREACHABLE if there was no
    way, else SILENT. What is not named is silent."""


def closed(cases: Iterable[Case], look: Look, systems: Sequence[System]) -> Iterator[Closed | Unanswered]:
    """What a look says of cases where no leak was found."""
    if look.level < Level.ACCESS:
        return
    reached = {system.address: system for system in systems}
    for case in cases:
        if case.state is CaseState.OPEN and look.covers(case.address, case.last_seen.ports):
            yield from _judged(case, look, reached.get(case.address), reaches_others=bool(reached))


def _judged(case: Case, look: Look, system: System | None, *, reaches_others: bool) -> Iterator[Closed | Unanswered]:
    ports = set(case.last_seen.ports)
    if system is not None:
        if system.is_open or any(_says_neither(seen, ports) for seen in system.observations):
            return
        ports -= {seen.target.port for seen in system.observations}
    absence = look.absence(case.address)
    endings = {absence.get(port, Ending.SILENT) for port in ports}
    if Ending.UNREACHABLE in endings:
        yield Unanswered(case=case.id, at=look.at, run=look.run, because="there is no way to it from here")
    elif Ending.SILENT in endings:
        yield _silent(case, look, reaches_others=reaches_others or Ending.REFUSED in absence.values())
    elif system is None:
        yield Closed(case=case.id, at=look.at, run=look.run, because="its ports are shut")
    else:
        because = f"it answers, and a stranger gets at nothing (highest rung: {system.rung.name.lower()})"
        evidence = tuple(o.evidence for o in system.observations if o.evidence)
        yield Closed(case=case.id, at=look.at, run=look.run, because=because, evidence=evidence)


def _silent(case: Case, look: Look, *, reaches_others: bool) -> Closed | Unanswered:
    """Silence may be our own broken way, unless the same run reached others or it has lasted."""
    if reaches_others:
        return Closed(
            case=case.id, at=look.at, run=look.run, because="nothing answers there any more; others were reached"
        )
    if case.silent_since is not None and look.at - case.silent_since >= _LASTING:
        return Closed(case=case.id, at=look.at, run=look.run, because="nothing has answered there for a day or more")
    return Unanswered(case=case.id, at=look.at, run=look.run, because="nothing answered, there or anywhere else")


def _says_neither(seen: Observation, ports: set[int]) -> bool:
    """Whether a question was left open; or whether a door of the case was reached and said nothing to the point:
    overloaded, in trouble, or waiting for somebody who speaks otherwise."""
    verdicts = {(attempt.act in _READING, attempt.verdict) for attempt in seen.sighting.tries}
    if (True, Verdict.UNCLEAR) in verdicts:
        return True
    if seen.target.port not in ports or seen.target.service in _NOT_ASKED_FOR_DATA:
        return False
    shaken = seen.sighting.handshakes
    if any(one.demands_client_certificate for one in shaken) or Verdict.CLOSED in {said for _, said in verdicts}:
        return False
    return (False, Verdict.UNCLEAR) in verdicts or not _is_heard(seen)


def _is_heard(seen: Observation) -> bool:
    """Whether anything was said to us but TLS."""
    spoken = {attempt.verdict for attempt in seen.sighting.tries if attempt.act is Act.SPEAK}
    return Verdict.OPEN in spoken or (Verdict.NOT_OFFERED in spoken and not seen.sighting.speaks_tls)

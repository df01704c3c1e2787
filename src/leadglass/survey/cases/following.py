"""What a run means for the cases: opened, still open, moved, closed, opened again. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from leadglass.net.conversing import Ending
from leadglass.survey.cases.case import Case, CaseState
from leadglass.survey.cases.events import (
    Closed,
    Event,
    Leak,
    Moved,
    OpenDoor,
    Opened,
    OwnerFound,
    Reopened,
    Seen,
    Unanswered,
)
from leadglass.survey.cases.owners import declared_owner, owners_in_certificates
from leadglass.survey.finding import Finding, Reality
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Verdict
from leadglass.survey.recognising import features_of, same_archive
from leadglass.survey.recurring import matched
from leadglass.survey.system import System

__all__ = ["Look", "follow"]

_LASTING: Final = timedelta(days=1)
"""So long must a silence last that may be our own."""
_READING: Final = frozenset({Act.QUERY, Act.WORKLIST, Act.RETRIEVE, Act.LIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A finished run, as far as cases care."""

    run: str
    at: datetime
    level: Level
    covers: Callable[[str, Sequence[int]], bool]
    """Whether these ports of an address were looked at, so that no answer means something."""
    absence: Callable[[str], Ending]
    """Of an address where no connection came about: REFUSED if it said so, UNREACHABLE if there was no way, else
    SILENT."""


def follow(
    cases: Mapping[str, Case], look: Look, systems: Sequence[System], findings: Iterable[Finding]
) -> list[Event]:
    """The events that a run adds to the book.

    A leak is a system at which a stranger gets at data, unless it is most likely a honeypot. Whom the scope and
    certificates name as owner is written down at once. A case is closed only by a run that looked at its ports at level
    ACCESS or above and to its end, and that was told no, or met a silence that cannot be its own: a run that did not
    look, and a system that answers neither yes nor no, say nothing.
    """
    of_system: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        of_system[finding.address].append(finding)
    leaks = {
        system.address: system
        for system in systems
        if system.is_open and not any(f.confidence.reality is Reality.HONEYPOT for f in of_system[system.address])
    }
    known = {case.address: case for case in cases.values()}
    moved = _moved(cases.values(), leaks, look)
    ids = _ids_after(cases)
    events: list[Event] = []
    for address, system in leaks.items():
        told = _told(look, system, of_system[address])
        if address in moved:
            case = moved[address]
            because = same_archive(case.features, features_of(system))
            events.append(Moved(case=case.id, before=case.address, because=because, **told))
        elif address not in known:
            events += _opened(next(ids), system, told)
        elif known[address].state is CaseState.CLOSED:
            events.append(Reopened(case=known[address].id, **told))
        elif known[address].state is CaseState.OPEN:
            events.append(Seen(case=known[address].id, **told))
    events += _closed(cases.values(), leaks, {case.id for case in moved.values()}, look, systems)
    return events


def _told(look: Look, system: System, findings: Sequence[Finding]) -> dict[str, Any]:
    features = features_of(system)
    is_counted = any(o.sighting.counts and o.sighting.counts.records is not None for o in system.observations)
    return {
        "at": look.at,
        "run": look.run,
        "address": system.address,
        "rung": int(system.rung),
        "is_archive": system.is_archive,
        "records": system.records if is_counted else None,
        "images": system.images_linked if is_counted and system.is_archive else None,
        "leaks": tuple(_leaks(system, findings)),
        "doors": tuple(sorted(_doors(system), key=lambda door: door.port)),
        "product": system.software.product or system.software.toolkit,
        "certificates": tuple(sorted(features.certificates)),
        "software": features.software,
        "evidence": tuple(observation.evidence for observation in system.observations if observation.evidence),
    }


def _leaks(system: System, findings: Sequence[Finding]) -> Iterator[Leak]:
    """Each rule once, the gravest first, with the product whose door it is about."""
    at_port = {o.target.port: o.sighting.software.product for o in system.observations}
    gravest = {f.rule: f for f in sorted(findings, key=lambda f: (f.severity, f.rule))}
    for finding in sorted(gravest.values(), key=lambda f: (-f.severity, f.rule)):
        yield Leak(rule=finding.rule, product=at_port.get(finding.port) or system.software.product)


def _doors(system: System) -> Iterator[OpenDoor]:
    for seen in system.observations:
        how = dict.fromkeys(t.how for t in seen.sighting.tries if t.verdict is Verdict.OPEN and t.act is not Act.SPEAK)
        if how:
            uses_tls = bool(seen.sighting.speaks_tls)
            yield OpenDoor(port=seen.target.port, service=seen.target.service, uses_tls=uses_tls, how=tuple(how))


def _opened(id: str, system: System, told: Mapping[str, Any]) -> Iterator[Event]:  # noqa: A002 - what people call it
    place = system.place
    yield Opened(
        case=id,
        organisation=place.organisation,
        country=place.country,
        state=place.state,
        district=place.district,
        **told,
    )
    for owner in declared_owner(system) + owners_in_certificates(system):
        yield OwnerFound(case=id, at=told["at"], **asdict(owner))


def _ids_after(cases: Mapping[str, Case]) -> Iterator[str]:
    number = len(cases)
    while True:
        number += 1
        yield f"C-{number:04}"


def _moved(cases: Iterable[Case], leaks: Mapping[str, System], look: Look) -> dict[str, Case]:
    """By new address, the cases whose archive most likely stands there now: they leak no longer where they did."""
    addresses = {case.address for case in cases}
    left = {
        case.address: case
        for case in cases
        if case.state is not CaseState.DISMISSED
        and case.address not in leaks
        # an open one may still stand where it stood, unless we looked
        and (case.state is CaseState.CLOSED or look.covers(case.address, case.last_seen.ports))
    }
    new = {address: features_of(system) for address, system in leaks.items() if address not in addresses}
    pairs = matched({address: case.features for address, case in left.items()}, new)
    return {now: left[before] for before, now in pairs.items()}


def _closed(
    cases: Iterable[Case], leaks: Mapping[str, System], moved: set[str], look: Look, systems: Sequence[System]
) -> Iterator[Closed | Unanswered]:
    if look.level < Level.ACCESS:
        return
    reached = {system.address: system for system in systems}
    for case in cases:
        ports = case.last_seen.ports
        if case.state is not CaseState.OPEN or case.id in moved or case.address in leaks:
            continue
        if not look.covers(case.address, ports):
            continue
        system = reached.get(case.address)
        if system is None:
            yield _silent(case, look, reaches_others=bool(reached))
        elif not _is_unclear(system):
            because = f"it answers, and a stranger gets at nothing (highest rung: {system.rung.name.lower()})"
            evidence = tuple(o.evidence for o in system.observations if o.evidence)
            yield Closed(case=case.id, at=look.at, run=look.run, because=because, evidence=evidence)


def _silent(case: Case, look: Look, *, reaches_others: bool) -> Closed | Unanswered:
    """Of an address where no connection came about. A host that refuses is there and says no; silence may be our own
    broken way, unless the same run reached others or it has lasted."""
    absence = look.absence(case.address)
    if absence is Ending.REFUSED:
        return Closed(case=case.id, at=look.at, run=look.run, because="its ports are shut")
    if absence is Ending.UNREACHABLE:
        return Unanswered(case=case.id, at=look.at, run=look.run, because="there is no way to it from here")
    if reaches_others:
        return Closed(
            case=case.id, at=look.at, run=look.run, because="nothing answers there any more; others were reached"
        )
    if case.silent_since is not None and look.at - case.silent_since >= _LASTING:
        return Closed(case=case.id, at=look.at, run=look.run, because="nothing has answered there for a day or more")
    return Unanswered(case=case.id, at=look.at, run=look.run, because="nothing answered, there or anywhere else")


def _is_unclear(system: System) -> bool:
    return any(
        t.act in _READING and t.verdict is Verdict.UNCLEAR for o in system.observations for t in o.sighting.tries
    )

"""What a run means for the cases: opened, still open, moved, closed, opened again. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from leadglass.survey.cases.case import Case, CaseState
from leadglass.survey.cases.events import Closed, Event, Moved, Opened, OwnerFound, Reopened, Seen
from leadglass.survey.cases.owners import declared_owner, owners_in_certificates
from leadglass.survey.finding import Finding, Reality
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Observation, Verdict
from leadglass.survey.recognising import features_of, same_archive
from leadglass.survey.recurring import matched
from leadglass.survey.system import System

__all__ = ["Look", "follow"]

_READING: Final = frozenset({Act.QUERY, Act.WORKLIST, Act.RETRIEVE, Act.LIST})


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A finished run, as far as cases care."""

    run: str
    at: datetime
    level: Level
    covers: Callable[[str, Sequence[int]], bool]
    """Whether these ports of an address were looked at, so that no answer means something."""


def follow(
    cases: Mapping[str, Case], look: Look, systems: Sequence[System], findings: Iterable[Finding]
) -> list[Event]:
    """The events that a run adds to the book.

    A leak is a system at which a stranger gets at data, unless it is most likely a honeypot. Whom the scope and
    certificates name as owner is written down at once. A case is closed only by a run that looked at its ports at level
    ACCESS or above and to its end, and that got a clear answer or none: a run that did not look, and a system that
    answers neither yes nor no, say nothing.
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
    return {
        "at": look.at,
        "run": look.run,
        "address": system.address,
        "rung": int(system.rung),
        "records": system.records,
        "images": system.images_linked,
        "rules": tuple(dict.fromkeys(f.rule for f in sorted(findings, key=lambda f: (-f.severity, f.rule)))),
        "ports": tuple(sorted({o.target.port for o in system.observations if _lets_in(o)})),
        "product": system.software.product or system.software.toolkit,
        "certificates": tuple(sorted(features.certificates)),
        "software": features.software,
        "evidence": tuple(observation.evidence for observation in system.observations if observation.evidence),
    }


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
) -> Iterable[Closed]:
    if look.level < Level.ACCESS:
        return
    reached = {system.address: system for system in systems}
    for case in cases:
        if (
            case.state is not CaseState.OPEN
            or case.id in moved
            or case.address in leaks
            or not look.covers(case.address, case.last_seen.ports)
        ):
            continue
        system = reached.get(case.address)
        if system is None:
            because = "nothing answers there any more"
        elif _is_unclear(system):
            continue
        else:
            because = f"it answers, and a stranger gets at nothing (highest rung: {system.rung.name.lower()})"
        evidence = tuple(o.evidence for o in system.observations if o.evidence) if system else ()
        yield Closed(case=case.id, at=look.at, run=look.run, because=because, evidence=evidence)


def _lets_in(observation: Observation) -> bool:
    return any(t.verdict is Verdict.OPEN and t.act is not Act.SPEAK for t in observation.sighting.tries)


def _is_unclear(system: System) -> bool:
    return any(
        t.act in _READING and t.verdict is Verdict.UNCLEAR for o in system.observations for t in o.sighting.tries
    )

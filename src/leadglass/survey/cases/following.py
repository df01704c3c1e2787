"""What a run means for the cases: opened, still open, moved, closed, opened again. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from leadglass.survey.cases.case import Case, CaseState
from leadglass.survey.cases.closing import Look, closed
from leadglass.survey.cases.events import Event, Leak, Moved, OpenDoor, Opened, OwnerFound, Reopened, Seen
from leadglass.survey.cases.owners import declared_owner, owners_in_certificates
from leadglass.survey.finding import Finding, Reality
from leadglass.survey.observation import Act, Verdict
from leadglass.survey.recognising import features_of, same_archive
from leadglass.survey.recurring import matched, own_certificates
from leadglass.survey.system import System

__all__ = ["Look", "follow"]


def follow(
    cases: Mapping[str, Case], look: Look, systems: Sequence[System], findings: Iterable[Finding]
) -> list[Event]:
    """The events that a run adds to the book.

    A leak is a system at which a stranger gets at data, unless it is most likely a honeypot. Whom the scope and
    certificates name as owner is written down at once. Of a case that was looked at since the run began it says
    nothing: what is known of it is newer. A dismissed case is open again if more is seen than was judged. When a case
    is closed, `closing.py` says.
    """
    fresh = [case for case in cases.values() if case.looked_at <= look.began]
    stale = {address for case in cases.values() if case.looked_at > look.began for address in case.addresses}
    of_system: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        of_system[finding.address].append(finding)
    leaks = {
        system.address: system
        for system in systems
        if system.is_open
        and system.address not in stale
        and not any(f.confidence.reality is Reality.HONEYPOT for f in of_system[system.address])
    }
    known = {case.address: case for case in fresh}
    moved = _moved(fresh, leaks, look)
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
        elif known[address].state is CaseState.CLOSED or _is_more_than_was_dismissed(known[address], told):
            events.append(Reopened(case=known[address].id, **told))
        elif known[address].state is CaseState.OPEN:
            events.append(Seen(case=known[address].id, **told))
    left = {case.id for case in moved.values()}
    events += closed((case for case in fresh if case.id not in left and case.address not in leaks), look, systems)
    return events


def _is_more_than_was_dismissed(case: Case, told: Mapping[str, Any]) -> bool:
    """Whoever said that it is no leak has judged what was seen then: no other door, and no other finding."""
    judged = case.last_seen
    ports = {door.port for door in judged.doors}
    return case.state is CaseState.DISMISSED and not (
        set(told["leaks"]) <= set(judged.leaks) and {door.port for door in told["doors"]} <= ports
    )


def _told(look: Look, system: System, findings: Sequence[Finding]) -> dict[str, Any]:
    features = features_of(system)
    is_counted = any(o.sighting.counts and o.sighting.counts.records is not None for o in system.observations)
    return {
        "at": look.at,
        "run": look.run,
        "address": system.address,
        "rung": int(system.rung),
        "is_archive": system.is_open_archive,
        "records": system.records if is_counted else None,
        "images": system.images_linked if is_counted and system.is_open_archive else None,
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


def _moved(cases: Collection[Case], leaks: Mapping[str, System], look: Look) -> dict[str, Case]:
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
    own = own_certificates((case.features for case in cases), map(features_of, leaks.values()))
    pairs = matched({address: case.features for address, case in left.items()}, new, own)
    return {now: left[before] for before, now in pairs.items()}

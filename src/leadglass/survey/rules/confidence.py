"""What a system most likely is: real, a demonstration, a honeypot. With reasons; nothing is dropped silently.

Signs come from the probes, with a weight each, and from looking at all systems side by side (fleets).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from leadglass.survey.finding import Confidence, Reality
from leadglass.survey.observation import Act, HttpFacts, Meaning, Rung, Sign, Verdict
from leadglass.survey.system import System

__all__ = ["Fleet", "confidence_of", "counted", "fleets_of", "network_of"]

_ENOUGH_FOR_HONEYPOT: Final = 3
_ENOUGH_FOR_DEMO: Final = 2
_ENOUGH_FOR_REAL: Final = 2
_FLEET: Final = 3
"""Networks in which alike answers make a fleet."""
_USUAL_WEB_PORTS: Final = frozenset({80, 443, 8000, 8080, 8443})
"""Where a web server may well have nothing to show; at Orthanc's or a database's it is odd."""
_MANY_RECORDS: Final = 50
_RESEARCH: Final = ("pynetdicom", "go-dicom")
_HONEYPOT: Final[frozenset[Meaning]] = frozenset({"honeypot", "fleet"})
_DEMO: Final[frozenset[Meaning]] = frozenset({"demo", "test data", "teaching"})
_REAL: Final[frozenset[Meaning]] = frozenset({"real"})


@dataclass(frozen=True, slots=True)
class Fleet:
    """Systems of unrelated networks that answer alike in a way that chance does not explain."""

    what: str
    weight: int  # as of a Sign
    addresses: frozenset[str]


@dataclass(frozen=True, slots=True)
class _OddPage:
    port: int
    kind: str  # HttpFacts.page
    digest: str


def fleets_of(systems: Iterable[System]) -> tuple[Fleet, ...]:
    """The fleets among them: systems that show one and the same odd page, in three networks or more.

    The same software is no fleet, and its usual page neither. A page of nobody's beside DICOM may be that of a common
    web server, so by itself it makes a system doubtful, no more.
    """
    alike: defaultdict[_OddPage, set[str]] = defaultdict(set)
    for system in systems:
        for page in _odd_pages(system):
            alike[page].add(system.address)
    fleets = []
    for page, addresses in alike.items():
        networks = len({network_of(address) for address in addresses})
        if networks >= _FLEET:
            what = f"{len(addresses)} systems in {networks} networks show the same unrelated page at port {page.port}"
            fleets.append(Fleet(what, 2 if page.kind == "" else 3, frozenset(addresses)))
    return tuple(fleets)


def network_of(address: str) -> str:
    """The /16 (IPv6: /32) that an address is in: how far one owner's neighbourhood goes."""
    number = ip_address(address)
    return str(int(number) >> (16 if number.version == 4 else 96))


def confidence_of(system: System, fleets: Sequence[Fleet] = ()) -> Confidence:
    """What it most likely is, and why."""
    signs = [sign for seen in system.observations for sign in seen.sighting.signs]
    signs += [Sign(means="fleet", why=f.what, weight=f.weight) for f in fleets if system.address in f.addresses]
    signs += _signs_of_contents(system)
    signs += _signs_of_doors(system)
    honeypot = _of(signs, _HONEYPOT)
    if _decides(honeypot, _ENOUGH_FOR_HONEYPOT):
        return _because(Reality.HONEYPOT, honeypot)
    demo = _of(signs, _DEMO)
    if _decides(demo, _ENOUGH_FOR_DEMO):
        return _because(Reality.DEMO, demo)
    doubts = honeypot + demo
    real = _of(signs, _REAL)
    if system.rung >= Rung.SPEAKS and not doubts and _weight(real) >= _ENOUGH_FOR_REAL:
        return _because(Reality.REAL, real)
    return _because(Reality.UNKNOWN, doubts + real)


def counted(systems: Sequence[System], fleets: Sequence[Fleet] | None = None) -> list[System]:
    """Those that count in a total of real ones: all but honeypots and demonstrations. What is unknown counts."""
    found = fleets_of(systems) if fleets is None else fleets
    left_out = (Reality.HONEYPOT, Reality.DEMO)
    return [system for system in systems if confidence_of(system, found).reality not in left_out]


def _odd_pages(system: System) -> Iterable[_OddPage]:
    """Pages that do not go with what they are shown beside, or where."""
    for seen in system.observations:
        facts = seen.sighting.facts
        if not isinstance(facts, HttpFacts) or not facts.body_digest:
            continue
        page = _OddPage(seen.target.port, facts.page, facts.body_digest)
        if facts.page == "nginx 404":
            is_odd = page.port not in _USUAL_WEB_PORTS
        else:
            speaks_dicomweb = any("-RS" in attempt.how for attempt in seen.sighting.tries)
            is_odd = facts.page in ("", "Citrix login") and system.is_archive and not speaks_dicomweb
        if is_odd:
            yield page


def _signs_of_contents(system: System) -> list[Sign]:
    """What the number of records, the certificate and the scope say."""
    signs = []
    counts = [seen.sighting.counts for seen in system.observations if seen.sighting.counts]
    known = [count.records for count in counts if count.records is not None]
    if known and max(known) == 1:
        signs.append(Sign(means="test data", why="holds a single study", weight=1))  # as the DICOM probe says it
    elif known and max(known) == 0:
        signs.append(Sign(means="test data", why="it holds nothing", weight=1))
    elif known and max(known) >= _MANY_RECORDS:
        signs.append(Sign(means="real", why=f"it holds {_MANY_RECORDS} records or more", weight=1))
    if system.place.organisation:
        signs.append(Sign(means="real", why="the scope names its owner", weight=2))
    if any(_vouched_for(system)):
        signs.append(Sign(means="real", why="somebody vouches for its certificate, which names an owner", weight=2))
    return signs


def _signs_of_doors(system: System) -> Iterable[Sign]:
    """A toolkit for research is seldom anybody's archive; two open doors of it at one address are a honeypot's way.

    Where the scope names an owner and nothing says that the records are nobody's, they make it doubtful only: a leak
    that passes for a honeypot becomes no case.
    """
    signs = (sign for seen in system.observations for sign in seen.sighting.signs)
    is_show = any(sign.means in _DEMO and sign.weight >= _ENOUGH_FOR_DEMO for sign in signs)
    toolkits = Counter(
        seen.sighting.software.toolkit
        for seen in system.observations
        if seen.sighting.software.toolkit.startswith(_RESEARCH)
        and not seen.sighting.software.product
        and any(attempt.act is Act.ENTER and attempt.verdict is Verdict.OPEN for attempt in seen.sighting.tries)
    )
    for toolkit, doors in toolkits.items():
        if doors > 1:
            weight = 2 if system.place.organisation and not is_show else 3
            yield Sign(means="honeypot", why=f"{toolkit} at {doors} ports at once, as honeypots have it", weight=weight)
        else:
            yield Sign(means="test data", why=f"{toolkit} is a toolkit for research, and no product", weight=1)


def _vouched_for(system: System) -> Iterable[bool]:
    for seen in system.observations:
        for shaken in seen.sighting.handshakes:
            shown = shaken.certificate
            yield shown is not None and bool(shown.organisation) and not shown.is_self_signed


def _of(signs: Iterable[Sign], means: frozenset[Meaning]) -> list[Sign]:
    return list(dict.fromkeys(sign for sign in signs if sign.means in means))


def _decides(signs: Sequence[Sign], enough: int) -> bool:
    """Weak signs alone only make doubtful, however many: a small archive on a toolkit is still somebody's."""
    return _weight(signs) >= enough and any(sign.weight > 1 for sign in signs)


def _weight(signs: Iterable[Sign]) -> int:
    return sum(sign.weight for sign in signs)


def _because(reality: Reality, signs: Iterable[Sign]) -> Confidence:
    reasons = tuple(dict.fromkeys(sign.why for sign in signs))
    return Confidence(reality=reality, reasons=reasons or ("nothing says what it is",))

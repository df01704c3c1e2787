"""A scope in plain words: who allows what, how far, until when, how gently, what never, and when it rests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from leadglass.survey.level import Level
from leadglass.survey.scope.document import Exclusion, Network, Quiet, Scope
from leadglass.survey.scope.ground import Ground, Piece
from leadglass.survey.scope.quiet import DAYS, QuietHours
from leadglass.survey.services import Service
from leadglass.terms.ceilings import MAX_PLAN

__all__ = ["Explanation", "explain"]

_SHOWN: Final = 40  # networks and exclusions that are listed one by one
_MANY_ADDRESSES: Final = 65_536
_SOON: Final = timedelta(days=3)
_LONG: Final = timedelta(days=366)
_BRISK: Final = 50  # connections a second to one host that a small archive may feel


@dataclass(frozen=True, slots=True)
class Explanation:
    """Sentences under headings, in the order a reader needs them, and what to beware of."""

    sections: tuple[tuple[str, tuple[str, ...]], ...]
    warnings: tuple[str, ...]
    addresses: int  # that may be looked at
    doors: int  # addresses × ports
    highest: Level
    resting: tuple[str, ...] = ()  # where quiet hours are, and until when


def explain(scope: Scope, ground: Ground, now: datetime) -> Explanation:
    """What the scope allows at `now`."""
    looked_at = [piece for piece in ground.pieces if piece.ports and piece.grant and piece.grant.level > Level.IMPORTS]
    addresses = sum(piece.block.size for piece in looked_at)
    doors = sum(piece.block.size * len(piece.ports) for piece in looked_at)
    highest = max((network.granted for network in scope.network), default=Level.IMPORTS)
    sections = (
        ("Who allows it", tuple(_who(scope))),
        ("What may be looked at, and how far", (*_networks(scope), _how_many(looked_at, scope))),
        ("What is never touched", tuple(_listed(list(map(_exclusion, scope.exclude)))) or ("Nothing is excluded.",)),
        ("How gently", tuple(_gently(scope, highest))),
        ("When it rests", tuple(map(_rest, scope.quiet)) or ("Never: there are no quiet hours.",)),
    )
    warnings = tuple(_warnings(scope, addresses, doors, highest, now))
    return Explanation(sections, warnings, addresses, doors, highest, tuple(_resting(scope, now)))


def _who(scope: Scope) -> Iterator[str]:
    authority = scope.authority
    yield f"{authority.organisation} (permission: {authority.reference}). {authority.person} is responsible."
    yield f"Every probe names {authority.contact} as the one to ask."
    yield f"From {_moment(scope.valid_from)} until {_moment(scope.valid_until)}."


def _networks(scope: Scope) -> Iterator[str]:
    asked = {(tuple(network.services), tuple(network.ports)) for network in scope.network}
    alone = len(asked) == 1  # all are asked the same, which is then said once
    lines = []
    for network in scope.network:
        whose = ", ".join(filter(None, (network.organisation, network.district, network.state, network.country)))
        where = _joined(network.addresses)
        level = f"level {network.level}, {network.granted.words}"
        ports = "" if alone else f"; {_asked_for(network)}"
        lines.append(f"{where}{f' ({whose})' if whose else ''}: {level}{ports}")
    yield from _listed(lines)
    services = sorted({service for network in scope.network for service in network.services})
    if alone:
        yield f"Asked for: {_asked_for(scope.network[0], scope)}."
    elif services:
        yield f"Where they listen: {', '.join(_with_ports(service, scope) for service in services)}."


def _asked_for(network: Network, scope: Scope | None = None) -> str:
    """Kinds of service, with their ports if there is a `scope` to say them, and further ports."""
    if not network.ports and not network.services:
        return "all kinds of service"
    kinds = [_with_ports(service, scope) if scope else service.value for service in network.services]
    ports = [f"port{'s' if len(network.ports) > 1 else ''} {_joined(map(str, network.ports))}"] if network.ports else []
    return ", ".join(kinds + ports)


def _with_ports(service: Service, scope: Scope) -> str:
    return f"{service.value} ({_joined(map(str, scope.ports_of(service)))})"


def _how_many(looked_at: Sequence[Piece], scope: Scope) -> str:
    addresses = sum(piece.block.size for piece in looked_at)
    doors = sum(piece.block.size * len(piece.ports) for piece in looked_at)
    in_one_network = max((min(piece.block.size, 256) * len(piece.ports) for piece in looked_at), default=0)
    at_one_host = max((len(piece.ports) for piece in looked_at), default=0)
    seconds = max(
        doors / scope.rates.associations_per_second,
        in_one_network / scope.rates.per_network.associations_per_second,
        at_one_host / scope.rates.per_host.associations_per_second,
    )
    hosts = _count(addresses, "address", "es")
    return f"In all {hosts}, {_count(doors, 'door', 's')} to knock at: {_span(seconds)} or more."


def _exclusion(row: Exclusion) -> str:
    ports = f"port {_joined(map(str, row.ports))} of " if row.ports else ""
    return f"{ports}{_joined(row.addresses)}{f' ({row.why})' if row.why else ''}"


def _gently(scope: Scope, highest: Level) -> Iterator[str]:
    rates = scope.rates
    for where, pace in (("in all", rates), ("within each /24", rates.per_network), ("to each host", rates.per_host)):
        both = f"{_number(pace.associations_per_second)} connections and {_number(pace.packets_per_second)} packets"
        yield f"At most {both} a second {where}."
    yield "One connection to a host at a time."
    if highest >= Level.COUNTS:
        yield f"Counting ends at {scope.caps.records_per_system:,} records of a system."
    if highest >= Level.KINDS:
        yield f"Kinds of personal data are looked for in at most {scope.caps.samples_per_system} records of a system."


def _rest(row: Quiet) -> str:
    days = ", ".join(day for day in DAYS if day in row.days)
    where = _joined(row.networks) if row.networks else "everywhere"
    return f"{days} from {row.begins} to {row.until} ({row.zone}), {where}."


def _resting(scope: Scope, now: datetime) -> Iterator[str]:
    for row in scope.quiet:
        hours = QuietHours.of(row)
        if hours.covers(now):
            where = f"at {_joined(row.networks)}" if row.networks else "everywhere"
            yield f"{where} until {_moment(hours.ends_after(now))}"


def _warnings(scope: Scope, addresses: int, doors: int, highest: Level, now: datetime) -> Iterator[str]:
    if scope.valid_until <= now + _SOON:
        yield f"It {'expires' if scope.valid_until > now else 'expired'} on {_moment(scope.valid_until)}."
    if scope.valid_until - scope.valid_from > _LONG:
        yield "It is valid for more than a year: permissions are better renewed."
    if addresses > _MANY_ADDRESSES:
        yield f"It is very large. Do all {addresses:,} addresses belong to those who allow it?"
    if doors > MAX_PLAN:
        yield "It is too large to be walked: a run will need a list of hosts."
    if highest >= Level.COUNTS:
        yield (
            f"Level {int(highest)} asks for answers about real studies. They are counted and dropped, never kept; "
            "be sure that the permission says so."
        )
    if scope.rates.per_host.associations_per_second > _BRISK:
        yield f"A small archive may feel {_number(scope.rates.per_host.associations_per_second)} connections a second."
    if not scope.quiet and highest > Level.IMPORTS:
        yield "It never rests, also while a clinic is at its busiest."
    if nameless := sum(not network.organisation for network in scope.network):
        yield f"{_count(nameless, 'network', 's')} without an organisation: reports cannot say whose they are."


def _listed(lines: list[str]) -> Iterator[str]:
    yield from lines[:_SHOWN]
    if len(lines) > _SHOWN:
        yield f"… and {len(lines) - _SHOWN:,} more."


def _joined(words: Iterable[str]) -> str:
    listed = list(words)
    more = f" and {len(listed) - _SHOWN:,} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more


def _count(number: int, word: str, plural: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else plural}"


def _number(rate: float) -> str:
    """With commas, and with decimals only where there are some."""
    return f"{rate:,.0f}" if rate == int(rate) else f"{rate:,g}"


def _span(seconds: float) -> str:
    for size, word in ((86_400 * 365, "years"), (86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {word}"
    return f"{max(1, round(seconds))} s"


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%d %H:%M %Z")

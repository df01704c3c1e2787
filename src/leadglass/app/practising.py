"""The practice range, wired: what serves it, and the scope that allows surveying it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from itertools import groupby

import msgspec

from leadglass.range.world import SimulatedSystem, World
from leadglass.survey.level import Level
from leadglass.survey.services import Service, service_of_port

__all__ = ["ports_of", "scope_of"]

_HEAD = """\
# The scope of the practice range `{name}`: everything in it is simulated, on this machine's own loopback addresses.
# Sign it with `leadglass survey scope sign`, then run it with `leadglass survey run`.

valid_from = {valid_from}
valid_until = {valid_until}

[authority]
organisation = "Leadglass practice range"
person = "whoever runs it"
contact = "range@example.org"
reference = "simulated systems on loopback: nobody else is touched"

# As fast as this machine can: nobody is disturbed.
[rates]
packets_per_second = 1000000
associations_per_second = 1000000
per_network = {{ packets_per_second = 1000000, associations_per_second = 1000000 }}
per_host = {{ packets_per_second = 1000000, associations_per_second = 1000000 }}

[caps]
records_per_system = 100000000

[ports]
{ports}
"""
_DAYS = timedelta(days=30)


def ports_of(*worlds: World) -> dict[Service, list[int]]:
    """Where the worlds' services listen."""
    ports = sorted({door.port for world in worlds for system in world.systems for door in system.doors})
    return {service: [p for p in ports if service_of_port(p) is service] for service in map(service_of_port, ports)}


def scope_of(world: World, level: Level, port_offset: int = 0, also: Sequence[World] = ()) -> str:
    """A scope, not signed yet, that allows surveying the whole world up to this level. TOML. `also`: worlds to be
    compared with it, so that both surveys look everywhere that either has something."""
    now = datetime.now(UTC)
    ports = ports_of(world, *also)
    by_address = {system.address: system for one in (*also, world) for system in one.systems}
    shifted = {service: [port + port_offset for port in ports[service]] for service in ports}
    parts = [
        _HEAD.format(
            name=world.name,
            valid_from=_moment(now),
            valid_until=_moment(now + _DAYS),
            ports="\n".join(f"{service.value} = {listed}" for service, listed in shifted.items()),
        )
    ]
    services = ", ".join(_quoted(service.value) for service in ports)
    for place, systems in groupby(sorted(by_address.values(), key=_place), key=_place):
        lines = [f"addresses = [{', '.join(map(_quoted, _ranges(list(systems))))}]", f"level = {int(level)}"]
        names = ("country", "state", "district", "organisation")
        lines += [f"{name} = {_quoted(value)}" for name, value in zip(names, place, strict=True) if value]
        parts.append("\n".join(["[[network]]", *lines, f"services = [{services}]", ""]))
    return "\n".join(parts)


def _place(system: SimulatedSystem) -> tuple[str, str, str, str]:
    truth = system.truth
    return truth.country, truth.state, truth.district, truth.organisation


def _ranges(systems: Sequence[SimulatedSystem]) -> Iterator[str]:
    """Their addresses, neighbours written as one range."""
    addresses = sorted(int(IPv4Address(system.address)) for system in systems)
    first = last = addresses[0]
    for address in (*addresses[1:], 0):
        if address == last + 1:
            last = address
            continue
        yield str(IPv4Address(first)) if first == last else f"{IPv4Address(first)}-{IPv4Address(last)}"
        first = last = address


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()  # a JSON string is a TOML string


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")

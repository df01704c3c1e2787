"""A first scope, commented, to be filled in by whoever allows it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from string import Template

import msgspec

from leadglass.survey.level import Level
from leadglass.survey.scope.document import Caps, Rates
from leadglass.survey.services import Service

__all__ = ["first_scope"]


def first_scope(
    *,
    valid_from: datetime,
    valid_until: datetime,
    organisation: str = "",
    person: str = "",
    contact: str = "",
    reference: str = "",
    addresses: Sequence[str] = (),
    level: Level = Level.PRESENCE,
) -> str:
    """TOML. What is left empty here must be filled in before the scope can be signed."""
    rates, caps = Rates(), Caps()
    return Template(files(__package__).joinpath("template.toml").read_text("utf-8")).substitute(
        valid_from=_moment(valid_from),
        valid_until=_moment(valid_until),
        organisation=_quoted(organisation),
        person=_quoted(person),
        contact=_quoted(contact),
        reference=_quoted(reference),
        addresses="[" + ", ".join(map(_quoted, addresses)) + "]",
        level=int(level),
        services=", ".join(service.value for service in Service),
        packets=f"{rates.packets_per_second:g}",
        associations=f"{rates.associations_per_second:g}",
        network_packets=f"{rates.per_network.packets_per_second:g}",
        network_associations=f"{rates.per_network.associations_per_second:g}",
        host_packets=f"{rates.per_host.packets_per_second:g}",
        host_associations=f"{rates.per_host.associations_per_second:g}",
        records=caps.records_per_system,
        samples=caps.samples_per_system,
        **{f"level_{int(one)}": one.words for one in Level},
    )


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()  # a JSON string is a TOML string


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")

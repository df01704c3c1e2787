"""One thing to look at."""

from __future__ import annotations

from dataclasses import dataclass

from leadglass.survey.level import Level
from leadglass.survey.services import Service

__all__ = ["Place", "Target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and whose. From the scope; country also from open data. "" for what is not known."""

    organisation: str = ""
    country: str = ""  # ISO 3166-1 alpha-2
    state: str = ""
    district: str = ""
    as_number: int = 0
    as_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An address and a port, with what its owner granted."""

    address: str  # numeric
    port: int
    service: Service
    level: Level  # granted by the scope, or asked for, whichever is less
    host_name: str = ""  # if it was named so
    place: Place = Place()
    records_cap: int = 1_000_000  # level 3: counting ends here
    samples_cap: int = 10  # level 4: so many records are looked at

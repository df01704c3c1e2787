"""The systems of a profile, and what is true of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from leadglass.range.law import Law
from leadglass.range.manner import Manner

__all__ = ["Door", "SimulatedSystem", "TlsManner", "Truth", "World"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What a perfect survey would say of a system."""

    organisation: str = ""
    country: str = ""
    state: str = ""
    district: str = ""
    product: str = ""
    is_archive: bool = True
    is_open: bool = False
    serves_images: bool = False
    takes_writes: bool = False
    has_viewer: bool = False
    records: int = 0
    images: int = 0
    reality: str = "real"  # "real", "demo or test data", "honeypot"
    kinds: tuple[str, ...] = ()


class TlsManner(StrEnum):
    """What a door with TLS shows."""

    VALID = "valid"  # TLS 1.2 and 1.3, as good as a certificate that nobody vouches for can be
    EXPIRED = "expired"
    OTHER_NAME = "other name"
    RETIRED = "retired"  # only what PS3.15 B.12 forbids
    CLIENT_CERTIFICATE = "client certificate"  # demands one


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A port of a simulated system and how it behaves there."""

    port: int
    manner: Callable[[Law], Manner]  # a new one for each connection
    uses_tls: bool = False
    tls: TlsManner = TlsManner.VALID
    latency: float = 0.0  # seconds before each answer


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSystem:
    """One address of 127.0.0.0/8."""

    address: str
    doors: tuple[Door, ...]
    truth: Truth


@dataclass(slots=True)
class World:
    """All systems of a profile, by address."""

    name: str
    systems: Sequence[SimulatedSystem]
    by_address: Mapping[str, SimulatedSystem] = field(init=False)

    def __post_init__(self) -> None:
        self.by_address = {system.address: system for system in self.systems}

"""The systems of a profile, and what is true of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from leadglass.range.law import Law
from leadglass.range.manner import Manner

__all__ = ["Door", "Headline", "Reality", "SimulatedSystem", "TlsManner", "Truth", "TruthCounts", "World"]


class Reality(StrEnum):
    """What a system is, in the words of a survey."""

    REAL = "real"
    DEMO = "demo or test data"
    HONEYPOT = "honeypot"
    UNKNOWN = "unknown"  # nobody can tell


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
    is_open_elsewhere: bool = False  # of an archive: only at doors that are no archive's
    serves_images: bool = False
    takes_writes: bool = False
    has_viewer: bool = False
    records: int = 0
    images: int = 0
    reality: Reality = Reality.REAL
    kinds: tuple[str, ...] = ()


class TlsManner(StrEnum):
    """What a door with TLS shows."""

    VALID = "valid"  # PS3.15 B.12, as good as a certificate that nobody vouches for can be
    MODIFIED = "modified"  # PS3.15 B.13 with suites that B.12 has not
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
class TruthCounts:
    """What a perfect survey would count in a region: open systems, and what a stranger gets from them."""

    systems: int = 0
    records: int = 0
    images_linked: int = 0
    images_accessible: int = 0
    viewers: int = 0

    def add(self, truth: Truth) -> None:
        """One more system."""
        self.systems += truth.is_open
        self.records += truth.records
        self.images_linked += truth.images
        self.images_accessible += truth.images if truth.serves_images else 0
        self.viewers += truth.has_viewer


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """What stands open, as a report counts it: records and images are those of real imaging archives."""

    archives: TruthCounts
    others: int
    """Databases, shares and interfaces."""
    demos: int
    honeypots: int


@dataclass(slots=True)
class World:
    """All systems of a profile, by address."""

    name: str
    systems: Sequence[SimulatedSystem]
    by_address: Mapping[str, SimulatedSystem] = field(init=False)

    def __post_init__(self) -> None:
        self.by_address = {system.address: system for system in self.systems}

    def truth_table(self) -> dict[tuple[str, str], TruthCounts]:
        """The truth by (country, state), of all regions that have systems, open or not."""
        table: defaultdict[tuple[str, str], TruthCounts] = defaultdict(TruthCounts)
        for system in self.systems:
            table[system.truth.country, system.truth.state].add(system.truth)
        return dict(table)

    def truth_in_all(self, among: Callable[[Truth], bool] = lambda _: True) -> TruthCounts:
        """The truth of the whole world, or of those systems of it."""
        whole = TruthCounts()
        for system in self.systems:
            if among(system.truth):
                whole.add(system.truth)
        return whole

    def headline(self) -> Headline:
        """What the report of a perfect survey would say first."""

        def opened(reality: Reality) -> int:
            return self.truth_in_all(lambda truth: truth.reality is reality).systems

        def is_real_archive(truth: Truth) -> bool:
            return truth.reality is Reality.REAL and truth.is_archive and not truth.is_open_elsewhere

        archives = self.truth_in_all(is_real_archive)
        return Headline(
            archives=archives,
            others=opened(Reality.REAL) - archives.systems,
            demos=opened(Reality.DEMO),
            honeypots=opened(Reality.HONEYPOT),
        )

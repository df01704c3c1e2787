"""Everything a report says, as values: counted once (`building.py`), shown in every form.

A `Figure` is a number, or the words in its place: "<5" for a small cell that was withheld, "withheld" for one that
would give a small one away, "" for what was not measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from leadglass.survey.finding import Finding
from leadglass.survey.level import Level

__all__ = [
    "NOT_MEASURED",
    "CaseRow",
    "Credit",
    "Cve",
    "Figure",
    "Four",
    "Headline",
    "Leak",
    "RegionRow",
    "ReportModel",
    "RuleRow",
    "RunFacts",
    "ScopeFacts",
    "Shown",
    "Slice",
    "SoftwareCluster",
    "Trend",
    "TrendRow",
]

Figure: TypeAlias = int | str
NOT_MEASURED = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the reader asked for, and may see."""

    min_cell: int = 0  # counts from 1 to below this are withheld
    hides_addresses: bool = False
    hides_organisations: bool = False
    language: str = "en"

    @property
    def lists_systems(self) -> bool:
        """Whether single systems may be listed: each is a cell of one."""
        return self.min_cell < 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeFacts:
    """Who allowed what."""

    authority: str = ""
    responsible: str = ""
    contact: str = ""
    reference: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    digest: str = ""  # SHA-256 of the signed file, hex


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """A run, as its folder tells it."""

    id: str
    started: datetime
    finished: datetime | None
    level: Level
    product_version: str
    targets: int  # addresses and ports to look at
    looked_at: int | None = None  # of them; None: all if the run is finished, else nobody knows
    scope: ScopeFacts = ScopeFacts()
    sources: tuple[str, ...] = ()  # "probe", and whose scans were imported


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Data of others that this report stands on."""

    what: str
    text: str
    date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One part of a whole that is counted."""

    name: str
    systems: Figure
    meaning: str = ""
    tone: str = ""  # "good", "warn", "bad" or "" for a chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Four:
    """The four counts, with what is beside them."""

    systems: Figure = 0
    records: Figure = 0
    images_linked: Figure = 0
    images_accessible: Figure = 0
    viewers: Figure = 0
    others: Figure = 0
    other_records: Figure = 0
    at_least: tuple[str, ...] = ()  # names of counts that are lower bounds: not all was counted, or not to the end


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The figures everyone will quote."""

    looked_at: Figure  # addresses and ports
    reached: Figure
    archives: Figure
    countries_open: Figure
    four: Four


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionRow:
    """A country, state or organisation."""

    code: str  # ISO 3166-1 alpha-2 of the country
    name: str
    country: str  # its name, for states and organisations
    archives: Figure  # imaging systems seen, open or not
    four: Four
    grade: str  # "" for a group too small to be judged in what is shown
    judgement: str = ""  # against the run before
    before: Four | None = None
    is_gone: bool = False  # seen in the run before only


@dataclass(frozen=True, slots=True, kw_only=True)
class Cve:
    """A known flaw of a product."""

    id: str
    cvss: float | None
    kind: str
    fixed_in: str
    advisory: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftwareCluster:
    """Systems that run the same; or the rest, run by so few each that it is not told what."""

    systems: Figure
    open_systems: Figure
    product: str = ""  # "" if only the toolkit is known, or nothing
    version: str = ""
    toolkit: str = ""
    is_end_of_life: bool = False
    cves: tuple[Cve, ...] = ()
    is_rest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """One open system."""

    number: int  # its name in a report without addresses
    address: str
    ports: tuple[int, ...]
    organisation: str
    country: str
    country_name: str
    state: str
    software: str
    is_archive: bool
    records: Figure
    images_linked: Figure
    images_accessible: Figure
    is_at_least: bool
    rung: str
    grade: str
    reality: str
    kinds: tuple[str, ...]
    seen_at: datetime
    as_number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One kind of finding, over all systems."""

    rule: str
    title: str
    severity: str
    systems: Figure
    what: str
    advice: str  # right for all of them
    settings: tuple[tuple[str, str], ...]  # product, and which setting of it
    cves: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRow:
    """A leak on its way to closure."""

    id: str
    organisation: str
    address: str
    state: str
    opened: datetime
    last_step: str = ""
    law: str = ""  # of the next legal clock, as it is cited
    due: datetime | None = None
    closed: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendRow:
    """A region, or the world, in both runs."""

    code: str
    name: str
    before: Four
    after: Four
    judgement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """This run against one before."""

    started: datetime  # the run before
    world: TrendRow
    rows: tuple[TrendRow, ...]
    gone: Figure
    new: Figure
    moved: Figure
    moves: tuple[tuple[str, str], ...]  # addresses, where they may be shown
    dark: tuple[str, ...]  # names of countries
    note: str = ""  # where not the whole of both runs is compared


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportModel:
    """The whole."""

    title: str
    made_at: datetime
    run: RunFacts
    shown: Shown
    headline: Headline
    sentences: tuple[str, ...]  # the result in words
    countries: tuple[RegionRow, ...]
    states: tuple[RegionRow, ...]
    organisations: tuple[RegionRow, ...]
    ladder: tuple[Slice, ...]
    tls: tuple[Slice, ...]
    certificates: tuple[Slice, ...]
    software: tuple[SoftwareCluster, ...]
    leaks: tuple[Leak, ...]  # most records first
    confidence: tuple[Slice, ...]
    reasons: tuple[Slice, ...]  # why systems are held to be what they are
    kinds: tuple[Slice, ...]
    rules: tuple[RuleRow, ...]
    findings: tuple[Finding, ...]  # single ones; none where single systems may not be listed
    cases: tuple[CaseRow, ...]
    trend: Trend | None
    method: tuple[str, ...]
    limits: tuple[str, ...]
    credits: tuple[Credit, ...]

"""Two runs side by side: which regions got better.

*good*: open systems before, none now. *ugly*: records grew, and the region is in the smallest set that holds 75 % of
exposed records. *bad*: the rest that has open systems; *new* if it had none before.

Give it only systems where both runs looked: an address nobody looked at is not closed. Where a run did not count,
records are unknown, and nothing is ugly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from leadglass.survey.recurring import moved_archives
from leadglass.survey.system import System

__all__ = [
    "By",
    "Change",
    "Comparison",
    "FourCounts",
    "Judgement",
    "Region",
    "changes_of",
    "compare",
    "counts_by_region",
    "counts_of",
    "judgement",
    "region_of",
    "ugly_set",
]

By: TypeAlias = Literal["country", "state", "organisation"]
_SHARE: Final = (3, 4)  # of the exposed records, held by the regions that are called ugly


class Judgement(StrEnum):
    """A region between two runs."""

    GOOD = "good"
    BAD = "bad"
    UGLY = "ugly"
    NEW = "new"  # nothing open before
    NONE = ""  # nothing open in either


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """A country, a state of it, or an organisation there."""

    country: str = ""
    state: str = ""
    organisation: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FourCounts:
    """The counts everyone uses, of imaging archives that stand open; beside them open viewers, and what else leaks."""

    systems: int = 0
    records: int = 0
    images_linked: int = 0
    images_accessible: int = 0
    viewers: int = 0
    others: int = 0  # databases, shares and interfaces that stand open
    other_records: int = 0
    # what the sums do not hold
    uncounted: int = 0  # of `systems`: their records were not counted
    images_uncounted: int = 0
    bounded: int = 0  # of `systems`: there may be more than was counted
    others_uncounted: int = 0
    others_bounded: int = 0

    @property
    def has_records_counted(self) -> bool:
        """Whether `records` is a figure: some were counted, or nothing stands open. Else it is no zero, but unknown."""
        return not self.systems or self.uncounted < self.systems

    def __add__(self, other: FourCounts) -> FourCounts:
        return FourCounts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One region in both runs."""

    region: Region
    before: FourCounts
    after: FourCounts
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The whole. What moved stands in `gone` and in `new` too, so that before - gone + new = after."""

    world: Change
    regions: tuple[Change, ...]
    gone: tuple[str, ...]  # addresses open before and not now
    new: tuple[str, ...]  # addresses open now and not before
    moved: tuple[tuple[str, str], ...]  # an old archive at a new address: (before, now)
    dark: tuple[Region, ...]  # countries that had open systems and have none


def region_of(system: System, by: By) -> Region:
    """Where a system counts."""
    place = system.place
    if by == "country":
        return Region(place.country)
    if by == "state":
        return Region(place.country, place.state)
    return Region(place.country, "", place.organisation)


def counts_of(system: System) -> FourCounts:
    """What one system adds to its region."""
    viewers = int(system.has_open_viewer)
    if not system.is_open:
        return FourCounts(viewers=viewers)
    if not system.is_open_archive:
        return FourCounts(
            viewers=viewers,
            others=1,
            other_records=system.records,
            others_uncounted=int(not system.has_records_counted),
            others_bounded=int(system.is_at_least),
        )
    return FourCounts(
        systems=1,
        records=system.records,
        images_linked=system.images_linked,
        images_accessible=system.images_accessible,
        viewers=viewers,
        uncounted=int(not system.has_records_counted),
        images_uncounted=int(not system.has_images_counted),
        bounded=int(system.is_at_least),
    )


def counts_by_region(systems: Iterable[System], by: By = "country") -> dict[Region, FourCounts]:
    """Every region in which a system was seen, also one where none stands open; in no particular order."""
    found: defaultdict[Region, FourCounts] = defaultdict(FourCounts)
    for system in systems:
        found[region_of(system, by)] += counts_of(system)
    return dict(found)


def ugly_set(counts: Mapping[Region, FourCounts]) -> frozenset[Region]:
    """The smallest set of regions that holds 75 % of the exposed records; of equals, first the one with more images,
    then by name. Empty if no records were counted."""
    part, whole = _SHARE
    total = sum(one.records for one in counts.values())
    held, taken = 0, set[Region]()
    for region in sorted(counts, key=lambda r: (-counts[r].records, -counts[r].images_linked, r)):
        if whole * held >= part * total:
            break
        held += counts[region].records
        taken.add(region)
    return frozenset(taken)


def judgement(before: FourCounts, after: FourCounts, *, holds_most: bool) -> Judgement:
    """The rule, for one region. `holds_most`: it is in the smallest set that holds 75 % of the records of today. Where
    nobody counted, nothing grew."""
    if not after.systems:
        return Judgement.GOOD if before.systems else Judgement.NONE
    are_counted = before.has_records_counted and after.has_records_counted
    if holds_most and are_counted and after.records > before.records:
        return Judgement.UGLY
    return Judgement.BAD if before.systems else Judgement.NEW


def compare(old: Sequence[System], new: Sequence[System], by: By = "country") -> Comparison:
    """The two runs, region by region; sorted by records of today, then of before, most first."""
    earlier, later = counts_by_region(old, by), counts_by_region(new, by)
    gone, come = _open(old) - _open(new), _open(new) - _open(old)
    before, after = sum(earlier.values(), FourCounts()), sum(later.values(), FourCounts())
    changes = changes_of(earlier, later)
    countries = changes if by == "country" else changes_of(counts_by_region(old), counts_by_region(new))
    return Comparison(
        world=Change(region=Region(), before=before, after=after, judgement=judgement(before, after, holds_most=True)),
        regions=changes,
        gone=tuple(sorted(gone)),
        new=tuple(sorted(come)),
        moved=moved_archives(gone, come, old, new),
        dark=tuple(sorted(change.region for change in countries if change.judgement is Judgement.GOOD)),
    )


def changes_of(earlier: Mapping[Region, FourCounts], later: Mapping[Region, FourCounts]) -> tuple[Change, ...]:
    """Every region of either run with its judgement."""
    nothing = FourCounts()
    was_counted = sum(earlier.values(), nothing).has_records_counted
    most = ugly_set(later) if was_counted else frozenset[Region]()
    changes = [
        Change(
            region=region,
            before=(before := earlier.get(region, nothing)),
            after=(after := later.get(region, nothing)),
            judgement=judgement(before, after, holds_most=region in most),
        )
        for region in {*earlier, *later}
    ]
    return tuple(sorted(changes, key=lambda c: (-c.after.records, -c.before.records, -c.after.systems, c.region)))


def _open(systems: Sequence[System]) -> set[str]:
    """Where an archive stands open."""
    return {system.address for system in systems if system.is_open_archive}

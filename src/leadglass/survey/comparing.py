"""Two runs side by side: which regions got better.

*good*: open systems before, none now. *ugly*: records grew, and the region is in the smallest set that holds 75 % of
exposed records. *bad*: the rest that has open systems.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Change", "Comparison", "FourCounts", "Judgement", "Region"]


class Judgement(StrEnum):
    """A region between two runs."""

    GOOD = "good"
    BAD = "bad"
    UGLY = "ugly"
    NEW = "new"  # nothing open before
    NONE = ""  # nothing open in either


@dataclass(frozen=True, slots=True, order=True)
class Region:
    """A country, or a state of it."""

    country: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FourCounts:
    """The counts everyone uses, and beside them open viewers."""

    systems: int = 0
    records: int = 0
    images_linked: int = 0
    images_accessible: int = 0
    viewers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One region in both runs."""

    region: Region
    before: FourCounts
    after: FourCounts
    judgement: Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The whole."""

    world: Change
    regions: tuple[Change, ...]
    gone: tuple[str, ...]  # addresses open before and not now
    new: tuple[str, ...]  # addresses open now and not before
    moved: tuple[tuple[str, str], ...]  # an old archive at a new address: (before, now)
    dark: tuple[Region, ...]  # countries that had open systems and have none

"""What a query may say about one attribute (PS3.4 §C.2.2.2), already parsed.

Reading the text of a query key into one of these is the archive's business; rendering them to SQL is `conditions`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

__all__ = ["AnyOf", "Empty", "Fuzzy", "Items", "Match", "QueryLevel", "Range", "Single", "Universal", "Wildcard"]


class QueryLevel(IntEnum):
    """Query/Retrieve levels (PS3.4 §C.6.1.1); a deeper level has a larger number. The DICOM word is the name."""

    PATIENT = 1
    STUDY = 2
    SERIES = 3
    IMAGE = 4


@dataclass(frozen=True, slots=True)
class Single:
    """Single value matching (§C.2.2.2.1). Person names compare in the normalised form, times by their precision."""

    value: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """List of UID matching (§C.2.2.2.2) and multiple value matching: equal to any of `values`."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Universal:
    """Universal matching (§C.2.2.2.3): everything, also the absent value."""


@dataclass(frozen=True, slots=True)
class Wildcard:
    """Wild card matching (§C.2.2.2.4): `*` for any characters, `?` for exactly one; there is no escape."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Range:
    """Range matching of dates and times (§C.2.2.2.5), both ends included; an empty end is open."""

    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Items:
    """Sequence matching (§C.2.2.2.6): some one item of the sequence matches all of `keys`."""

    keys: Mapping[str, Match]


@dataclass(frozen=True, slots=True)
class Empty:
    """Empty value matching (§C.2.2.2.7): the attribute is absent or has no value."""


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Fuzzy semantic matching of a person name (§C.2.2.2.1.1): see `fuzzy` for what that is."""

    name: str


Match = Single | AnyOf | Universal | Wildcard | Range | Items | Empty | Fuzzy

"""Published weaknesses of what runs there: software joined to `facts/affected.csv`, words from `facts/cves.csv`.

A match is certain where every version it may be is affected, and the source was seen. It is a possible one where a
range of versions overlaps only in part, where only one program of a toolkit is concerned, or where the source is still
to be checked.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Final, TypeAlias

from leadglass.survey.facts import table
from leadglass.survey.observation import Software

__all__ = ["Vulnerability", "known_for"]

_Version: TypeAlias = tuple[int, ...]
_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)*")
_SCORE: Final = re.compile(r"\d+\.\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vulnerability:
    """One, as it concerns one piece of software."""

    cve: str
    product: str
    component: str  # the program or part that is concerned; "" if it is the whole
    fixed_in: str  # "" if no fix is known
    cvss: float | None  # CVSS 3 base score
    reach: str  # "network pre-auth", "file" …
    kind: str
    advisory: str
    is_certain: bool


@dataclass(frozen=True, slots=True)
class _Affected:
    first: _Version
    end: _Version  # exclusive
    told: Vulnerability


def known_for(software: Software) -> tuple[Vulnerability, ...]:
    """What is known of the product and of its toolkit, the certain and the worst first. Without a version there is
    nothing to be said."""
    return _known(software.product, software.version, software.version_before, software.toolkit)


@lru_cache(maxsize=512)
def _known(product: str, version: str, version_before: str, toolkit: str) -> tuple[Vulnerability, ...]:
    name, _, toolkit_version = toolkit.rpartition(" ")
    found = [*_matches(product, version, version_before), *_matches(name, toolkit_version, "")]
    return tuple(sorted(found, key=lambda known: (not known.is_certain, -(known.cvss or 0.0), known.cve)))


def _matches(product: str, version: str, version_before: str) -> Iterator[Vulnerability]:
    first = _read(version)
    if not first:
        return
    end = _read(version_before) or (*first, 0)
    for row in _affected().get(product, ()):
        if row.first < end and first < row.end:
            is_whole = row.first <= first and end <= row.end and not row.told.component
            yield replace(row.told, is_certain=is_whole and row.told.is_certain)


@cache
def _affected() -> dict[str, list[_Affected]]:
    """By product. Rows of `cves.csv` that have none in `affected.csv` concern nothing that can be compared."""
    words = {row["cve"]: row for row in table("cves")}
    found: defaultdict[str, list[_Affected]] = defaultdict(list)
    for row in table("affected"):
        end = (*_read(row["through"]), 0) if row["through"] else _read(row["before"])
        found[row["product"]].append(_Affected(_read(row["since"]), end, _told(row, words[row["cve"]])))
    return dict(found)


def _told(row: dict[str, str], words: dict[str, str]) -> Vulnerability:
    score = _SCORE.match(words["cvss3_base"])
    return Vulnerability(
        cve=row["cve"],
        product=row["product"],
        component=row["component"],
        fixed_in=row["fixed_in"],
        cvss=float(score[0]) if score else None,
        reach=words["reach"],
        kind=words["kind"],
        advisory=words["advisory"],
        is_certain=words["confidence"].startswith("seen"),
    )


def _read(version: str) -> _Version:
    """Its numbers, without zeros at the end; () if it begins with none. Comparable."""
    numbers = _NUMBERS.match(version)
    return tuple(int(number) for number in re.sub(r"(\.0+)+$", "", numbers[0]).split(".")) if numbers else ()

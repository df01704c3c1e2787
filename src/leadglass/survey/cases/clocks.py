"""Legal clocks: who must be told how soon, from a table that is data (`clocks.toml`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files

import msgspec

__all__ = ["Deadline", "deadlines"]


class _Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    law: str
    countries: tuple[str, ...]
    en: str
    de: str
    hours: int = 0
    days: int = 0
    from_people: int = 0
    below_people: int = 0


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    clock: tuple[_Clock, ...]
    groups: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """One duty and when it is due."""

    law: str
    what: str
    within: timedelta
    due: datetime | None  # None while the owner has not been told


def deadlines(country: str, people: int | None, told_at: datetime | None, language: str = "en") -> Sequence[Deadline]:
    """What the law of a country wants, soonest first; empty where the table knows nothing.

    `people`: how many may be affected at least, or the number of records where people were not counted. None where
    nothing was counted: then every duty is named that may apply.
    """
    table = _table()
    found = [
        Deadline(
            law=clock.law,
            what=clock.de if language == "de" else clock.en,
            within=(within := timedelta(hours=clock.hours, days=clock.days)),
            due=told_at + within if told_at else None,
        )
        for clock in table.clock
        if _is_for(clock, country, table.groups) and (people is None or _is_for_so_many(clock, people))
    ]
    return sorted(found, key=lambda deadline: deadline.within)


def _is_for_so_many(clock: _Clock, people: int) -> bool:
    return people >= clock.from_people and (not clock.below_people or people < clock.below_people)


def _is_for(clock: _Clock, country: str, groups: Mapping[str, tuple[str, ...]]) -> bool:
    return any(country == name or country in groups.get(name, ()) for name in clock.countries)


@cache
def _table() -> _Table:
    return msgspec.toml.decode(files(__package__).joinpath("clocks.toml").read_bytes(), type=_Table)

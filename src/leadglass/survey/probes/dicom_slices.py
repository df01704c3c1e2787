"""Slices of time by which studies are counted: a few at first, smaller ones where a peer gives no more than so many."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

__all__ = ["ANY_TIME", "FIRST", "Slice", "slice_of"]

_LAST_SECOND: Final = 86_399
_HOUR, _TEN_MINUTES, _MINUTE = 3600, 600, 60
_EARLIEST, _LATEST = date(1900, 1, 1), date(2099, 12, 31)


@dataclass(frozen=True, slots=True)
class Slice:
    """Days, both included (None: without end), and within a single day seconds, both included."""

    first: date | None
    last: date | None
    first_second: int = 0
    last_second: int = _LAST_SECOND

    @property
    def study_date(self) -> str:
        """As a key of range matching (PS3.4 §C.2.2.2.5); "", which matches all and none (§C.2.2.2.3), for any time."""
        if self.first == self.last:
            return _day(self.first)
        return f"{_day(self.first)}-{_day(self.last)}"

    @property
    def study_time(self) -> str:
        """The same; "" for whole days, as many studies bear no time."""
        if self.first_second == 0 and self.last_second == _LAST_SECOND:
            return ""
        return f"{_clock(self.first_second)}-{_clock(self.last_second)}.999999"

    @property
    def name(self) -> str:
        """By which `slice_of` finds it again."""
        return f"{self.study_date}/{self.first_second}/{self.last_second}"

    def parts(self) -> tuple[Slice, ...]:
        """Smaller ones that make it up; none for a minute."""
        if self.first == self.last and self.first:
            return tuple(self._times(self.first))
        return tuple(self._days(self.first or _EARLIEST, self.last or _LATEST))

    def _days(self, first: date, last: date) -> Iterator[Slice]:
        if self.first is None:
            yield Slice(None, first - timedelta(1))
        while first <= last:
            end = min(_end_of(first, (last - first).days), last)
            yield Slice(first, end)
            first = end + timedelta(1)
        if self.last is None:
            yield Slice(first, None)

    def _times(self, day: date) -> Iterator[Slice]:
        length = self.last_second - self.first_second + 1
        step = _HOUR if length > _HOUR else _TEN_MINUTES if length > _TEN_MINUTES else _MINUTE
        if length > _MINUTE:
            for second in range(self.first_second, self.last_second + 1, step):
                yield Slice(day, day, second, second + step - 1)


def slice_of(name: str) -> Slice:
    """The slice of that name."""
    study_date, first_second, last_second = name.split("/")
    first, _, last = study_date.partition("-")
    days = [date(int(day[:4]), int(day[4:6]), int(day[6:])) if day else None for day in (first, last)]
    if "-" not in study_date:
        days[1] = days[0]
    return Slice(days[0], days[1], int(first_second), int(last_second))


def _end_of(first: date, length: int) -> date:
    """Where the part that begins on `first` ends: a decade, a year, a month, a day, whichever is the next smaller."""
    if length > 20 * 366:
        return date(first.year // 10 * 10 + 9, 12, 31)
    if length >= 366:
        return date(first.year, 12, 31)
    if length >= 31:
        return date(first.year, first.month, monthrange(first.year, first.month)[1])
    return first


def _day(day: date | None) -> str:
    return day.isoformat().replace("-", "") if day else ""


def _clock(second: int) -> str:
    return f"{second // _HOUR:02d}{second % _HOUR // _MINUTE:02d}{second % _MINUTE:02d}"


def _years(first: int, last: int) -> Slice:
    return Slice(date(first, 1, 1), date(last, 12, 31))


FIRST: Final = (
    Slice(None, date(1999, 12, 31)),
    _years(2000, 2009),
    *(_years(year, year + 4) for year in (2010, 2015, 2020, 2025)),
    Slice(date(2030, 1, 1), None),
)
"""All of time, in the order in which it is asked for. Studies without a date are in none of them."""
ANY_TIME: Final = Slice(None, None)
"""Studies without a date, and all others."""

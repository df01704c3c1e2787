"""Studies that exist only while somebody asks for them: any number, the same ones each time, no memory.

They lie in the order of their dates. How many there are before a day, and how many images before a study, are closed
formulas, so that every total is exact and every slice of time is found without walking there.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

__all__ = ["UID_SLOT", "Shelf", "Study", "Window"]

_DAYS: Final = (0, 20, 39, 58, 76, 92, 97, 100)
"""Of 100 examinations of a week, so many were done before each weekday, Monday first."""
_IMAGES: Final = (0, 1, 2, 4, 5, 7, 10, 13, 16)
"""Of 16 images of eight studies in a row, so many belong to those before each of them."""
_GROUP: Final = 8
_OPENS: Final = 7 * 3600
_HOURS: Final = 12 * 3600
"""Examinations are done from seven in the morning, for twelve hours (in seconds)."""
UID_SLOT: Final = 12
"""Digits that number a study within its UID."""


class Window(NamedTuple):
    """Days (proleptic ordinals) and seconds of the day, both ends included."""

    first_day: int
    last_day: int
    first_second: int = 0
    last_second: int = 86_399


class Study(NamedTuple):
    """One study. `day` is 0 if it bears no date."""

    number: int
    day: int
    second: int
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """What an archive holds."""

    seed: int
    records: int
    images: int
    first_day: date = date(2009, 1, 5)
    last_day: date = date(2019, 8, 30)
    undated: int = 0
    """So many of the records have no Study Date."""
    uid_root: str = ""
    """Study Instance UIDs begin so; "" for the branch of UUIDs."""
    attributes: tuple[int, ...] = ()
    """Tags of the patient's attributes that are filled in."""
    tells_image_counts: bool = True
    """Whether Number of Study Related Instances (0020,1208) is answered."""

    @property
    def uid_prefix(self) -> str:
        """What all Study Instance UIDs have in common: their digits up to the study's number."""
        return self.uid_root or f"2.25.9{self.seed % 10**20:020d}"

    def index_of(self, uid: str) -> int | None:
        """Which study has this UID; None if none has."""
        prefix = self.uid_prefix
        number = uid.removeprefix(prefix)
        if number == uid or len(number) != UID_SLOT or not number.isdecimal() or int(number) >= self.records:
            return None
        return int(number)

    def study(self, index: int) -> Study:
        """The study with this number, below `records`."""
        images = self._images_before(index + 1) - self._images_before(index)
        dated = self.records - self.undated
        if index >= dated:
            return Study(index, 0, 0, images)
        day = self._day_of(index)
        start, end = self._before(day), self._before(day + 1)
        return Study(index, day, _OPENS + (index - start) * _HOURS // (end - start), images)

    def studies(self, window: Window | None) -> Iterator[Study]:
        """Those of a window of time, or all, those without a date last."""
        if window is None:
            whole = Window(self.first_day.toordinal(), self.last_day.toordinal())
            yield from self._dated(whole)
            for index in range(self.records - self.undated, self.records):
                yield self.study(index)
        else:
            yield from self._dated(window)

    def _dated(self, window: Window) -> Iterator[Study]:
        first = max(window.first_day, self.first_day.toordinal())
        last = min(window.last_day, self.last_day.toordinal())
        after, end_of_all = (self._before(first), self._before(last + 1)) if first <= last else (0, 0)
        while after < end_of_all:
            day = self._day_of(after)  # days without any are passed over
            before, after = after, self._before(day + 1)
            count = after - before
            start = before + _first_at(window.first_second, count)
            end = before + _first_at(window.last_second + 1, count)
            images_after = self._images_before(start)
            for index in range(start, end):
                images_before, images_after = images_after, self._images_before(index + 1)
                yield Study(index, day, _OPENS + (index - before) * _HOURS // count, images_after - images_before)

    def _day_of(self, index: int) -> int:
        """The day of a dated study: `_before` the other way round."""
        origin, dated = self.first_day.toordinal(), self.records - self.undated
        whole = _weight(origin, self.last_day.toordinal() + 1)
        weeks, rest = divmod(_rhythm(origin) - (-(index + 1) * whole // dated), 100)
        return weeks * 7 + bisect_left(_DAYS, rest)

    def _before(self, day: int) -> int:
        """How many dated studies are older than this day."""
        origin = self.first_day.toordinal()
        return (self.records - self.undated) * _weight(origin, day) // _weight(origin, self.last_day.toordinal() + 1)

    def _images_before(self, index: int) -> int:
        """How many images the studies before this one have."""
        if index >= self.records:
            return self.images
        group = index - index % _GROUP
        before = self.images * group // self.records
        within = self.images * min(group + _GROUP, self.records) // self.records - before
        return before + within * _IMAGES[index - group] // _IMAGES[_GROUP]


def _weight(origin: int, day: int) -> int:
    """The weekly rhythm summed up from one day to another. Ordinal 1 is a Monday."""
    return _rhythm(day) - _rhythm(origin)


def _rhythm(day: int) -> int:
    weeks, weekday = divmod(day - 1, 7)
    return weeks * 100 + _DAYS[weekday]


def _first_at(second: int, count: int) -> int:
    """Which of a day's `count` studies is the first at this second or later."""
    return min(count, max(0, -(-(second - _OPENS) * count // _HOURS)))

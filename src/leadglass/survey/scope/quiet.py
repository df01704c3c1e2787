"""Quiet hours: clinics have hours in which their systems are left alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from leadglass.survey.scope.document import Quiet
from leadglass.terms.errors import UserFault

__all__ = ["DAYS", "QuietHours"]

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WHOLE_DAY: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class QuietHours:
    """One row of quiet hours. Times are those on the clock of the zone, also when it is put forward or back."""

    days: frozenset[int]  # Monday is 0
    begins: int  # minutes after midnight
    until: int  # not after `begins`: of the next day
    zone: ZoneInfo
    networks: Sequence[str] = ()

    @classmethod
    def of(cls, written: Quiet) -> QuietHours:
        """UserFault if a day or the zone does not exist."""
        unknown = [day for day in written.days if day not in DAYS]
        if unknown or not written.days:
            raise UserFault(
                f"quiet.days: {unknown[0]!r} is no day" if unknown else "quiet.days is empty",
                f"Name days as {', '.join(DAYS)}.",
            )
        try:
            zone = ZoneInfo(written.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UserFault(
                f"quiet.zone: this machine knows no time zone {written.zone!r}",
                'Use an IANA name like "Europe/Berlin" or "UTC"; on a bare system install tzdata.',
            ) from None
        days = frozenset(map(DAYS.index, written.days))
        return cls(days, _minutes(written.begins), _minutes(written.until), zone, tuple(written.networks))

    def covers(self, now: datetime) -> bool:
        """Whether it is quiet then. `now` has a time zone."""
        here = now.astimezone(self.zone)
        minute = here.hour * 60 + here.minute
        today, yesterday = here.weekday(), (here.weekday() - 1) % 7
        if self.begins < self.until:
            return today in self.days and self.begins <= minute < self.until
        return (today in self.days and minute >= self.begins) or (yesterday in self.days and minute < self.until)

    def begins_after(self, now: datetime) -> datetime:
        """When it is quiet next, in the zone of `now`; if the clock passes over that time or shows it twice, the
        earlier moment."""
        today = now.astimezone(self.zone).date()
        clock = time(self.begins % _WHOLE_DAY // 60, self.begins % 60)
        late = timedelta(days=self.begins // _WHOLE_DAY)
        days = (today + timedelta(days=day) for day in range(-1, 9))
        moments = (
            datetime.combine(day + late, clock, self.zone).replace(fold=fold).astimezone(now.tzinfo)
            for day in days
            if day.weekday() in self.days
            for fold in (0, 1)
        )
        return min(moment for moment in moments if moment > now)

    def ends_after(self, now: datetime) -> datetime:
        """When the quiet that covers `now` ends, in the zone of `now`."""
        here = now.astimezone(self.zone)
        minute = here.hour * 60 + here.minute
        passes_midnight = self.until <= self.begins and minute >= self.begins
        day = here.date() + timedelta(days=int(passes_midnight) + self.until // _WHOLE_DAY)
        clock = time(self.until % _WHOLE_DAY // 60, self.until % 60)
        return datetime.combine(day, clock, self.zone).astimezone(now.tzinfo)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)

"""Quiet hours, also over midnight and when clocks are put back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leadglass.survey.scope.document import Quiet
from leadglass.survey.scope.quiet import QuietHours
from leadglass.terms.errors import UserFault


def hours(days: list[str], begins: str, until: str, zone: str = "Europe/Berlin") -> QuietHours:
    return QuietHours.of(Quiet(days=days, begins=begins, until=until, zone=zone))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "is_quiet"),
    [
        ("2026-11-23 05:59", False),  # Monday 06:59 in Berlin
        ("2026-11-23 06:00", True),
        ("2026-11-23 16:59", True),
        ("2026-11-23 17:00", False),
        ("2026-11-24 12:00", False),  # Tuesday
        ("2026-07-06 05:00", True),  # Monday in summer: 07:00
    ],
)
def test_a_day(now: str, is_quiet: bool) -> None:
    assert hours(["Mon"], "07:00", "18:00").covers(utc(now)) is is_quiet


@pytest.mark.parametrize(
    ("now", "is_quiet"),
    [
        ("2026-11-22 23:00", False),  # Sunday
        ("2026-11-23 19:59", False),
        ("2026-11-23 20:00", True),
        ("2026-11-24 05:59", True),  # Tuesday: what Monday began
        ("2026-11-24 06:00", False),
        ("2026-11-24 21:00", False),
    ],
)
def test_over_midnight(now: str, is_quiet: bool) -> None:
    assert hours(["Mon"], "20:00", "06:00", "UTC").covers(utc(now)) is is_quiet


@pytest.mark.parametrize(
    ("now", "is_quiet"),
    [
        ("2026-11-23 07:29", False),  # Monday
        ("2026-11-23 07:30", True),
        ("2026-11-23 18:14", True),
        ("2026-11-23 18:15", False),
    ],
)
def test_to_the_minute(now: str, is_quiet: bool) -> None:
    assert hours(["Mon"], "07:30", "18:15", "UTC").covers(utc(now)) is is_quiet


def test_the_end_is_where_it_stops_to_be_quiet() -> None:
    times = (("07:00", "18:00"), ("20:00", "06:00"), ("00:00", "24:00"), ("07:30", "18:15"), ("07:30", "07:30"))
    for row in (hours(["Mon"], begins, until) for begins, until in times):
        moment = utc("2026-11-22 00:00")
        seen = 0
        for _ in range(4 * 96):
            moment += timedelta(minutes=15)
            if row.covers(moment):
                seen += 1
                end = row.ends_after(moment)
                assert row.covers(end - timedelta(minutes=1))
                assert not row.covers(end)
        assert seen >= 40


@pytest.mark.parametrize(
    ("now", "begins"),
    [
        ("2026-11-20 05:59", "2026-11-20 06:00"),  # a Friday, in UTC; Berlin is an hour ahead
        ("2026-11-20 06:00", "2026-11-23 06:00"),
        ("2026-11-20 12:00", "2026-11-23 06:00"),
        ("2026-03-27 12:00", "2026-03-30 05:00"),  # the clock is put forward on the Sunday
        ("2026-10-23 12:00", "2026-10-26 06:00"),
    ],
)
def test_when_it_begins(now: str, begins: str) -> None:
    quiet = QuietHours.of(Quiet(days=["Mon", "Fri"], begins="07:00", until="18:00", zone="Europe/Berlin"))
    at = datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert quiet.begins_after(datetime.fromisoformat(now).replace(tzinfo=UTC)) == at
    assert quiet.covers(at)
    assert not quiet.covers(at - timedelta(minutes=1))


@pytest.mark.parametrize("begins", ["02:30", "24:00", "00:00"])
def test_it_never_begins_later_than_it_is_said_to(begins: str) -> None:
    """Hour by hour through the nights on which clocks are put forward and back."""
    quiet = QuietHours.of(Quiet(days=["Sun"], begins=begins, until="05:00", zone="Europe/Berlin"))
    for day in ("2026-03-28", "2026-10-24"):
        noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
        first = next(m for m in (noon + timedelta(minutes=n) for n in range(3000)) if quiet.covers(m))
        assert quiet.begins_after(noon) <= first


def test_whole_weeks_can_be_quiet() -> None:
    row = hours(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], "00:00", "00:00")
    assert all(row.covers(utc("2026-11-23 00:00") + timedelta(hours=n)) for n in range(200))


@pytest.mark.parametrize(
    ("days", "zone", "words"),
    [
        (["Monday"], "UTC", "'Monday' is no day"),
        ([], "UTC", "empty"),
        (["Mon"], "Moon/Base", "time zone"),
        (["Mon"], "../x", "zone"),
    ],
)
def test_what_does_not_exist_is_named(days: list[str], zone: str, words: str) -> None:
    with pytest.raises(UserFault, match=words):
        hours(days, "07:00", "18:00", zone)

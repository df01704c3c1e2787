from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from leadglass.web.console import wording


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Phantom^Ada", "Phantom, Ada"),
        ("Phantom^Ada^B.^Dr.^PhD", "Phantom, Dr. Ada B., PhD"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou · 山田, 太郎"),
        ("=山田^太郎", "山田, 太郎"),
        ("Only", "Only"),
        ("^Given", "Given"),
        ("", "No name"),
        ("^^^^", "No name"),
        ("A^B^C^D^E^F^G", "A, D B C, E"),
        ("Same=Same", "Same"),
    ],
)
def test_names(written: str, shown: str) -> None:
    assert wording.person(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("20260102", "2 Jan 2026"),
        ("", ""),
        ("20261399", "20261399"),
        ("yesterday", "yesterday"),
        ("²0260101", "²0260101"),
    ],
)
def test_dates(written: str, shown: str) -> None:
    assert wording.date(written) == shown


@pytest.mark.parametrize(
    ("written", "shown"), [("093000.123", "09:30"), ("0930", "09:30"), ("09:30:00", "09:30"), ("09", "09"), ("", "")]
)
def test_times(written: str, shown: str) -> None:
    assert wording.time(written) == shown


def test_a_date_without_a_time() -> None:
    assert wording.date_and_time("20260102", "") == "2 Jan 2026"
    assert wording.date_and_time("20260102", "0930") == "2 Jan 2026, 09:30"


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 images"), ("1", "1 image"), (2400, "2,400 images"), ("many", "0 images")]
)
def test_counts(number: int | str, shown: str) -> None:
    assert wording.counted(number, "image") == shown


def test_sexes_that_are_not_known_are_shown_as_they_are() -> None:
    assert [wording.sex(value) for value in ("F", "M", "O", "", "<b>")] == ["female", "male", "other", "", "<b>"]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("69 instances, 1884387 bytes", "69 instances, 1.9 MB"),
        ("999 bytes", "999 bytes"),
        ("1000 bytes", "1.0 kB"),
        ("63035634 bytes", "63 MB"),
        ("999999 bytes", "1.0 MB"),
        ("5000000000000000 bytes", "5000 TB"),
        ("bytes of 12", "bytes of 12"),
    ],
)
def test_sizes(written: str, shown: str) -> None:
    assert wording.sizes(written) == shown


def test_moments_are_told_in_utc() -> None:
    at = datetime(2026, 1, 2, 1, 30, 5, tzinfo=timezone(timedelta(hours=2)))
    assert wording.moment(at) == "1 Jan 2026, 23:30:05 UTC"
    assert wording.moment(datetime(2026, 12, 31, tzinfo=UTC)) == "31 Dec 2026, 00:00:00 UTC"

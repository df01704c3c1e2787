"""Studies by formula: exact totals, and a slice of time holds what lies in it."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from leadglass.range.manners.studies import UID_SLOT, Shelf, Window

shelves = st.builds(
    Shelf,
    seed=st.integers(0, 2**64),
    records=st.integers(1, 700),
    images=st.integers(0, 9000),
    first_day=st.just(date(2012, 3, 7)),
    last_day=st.dates(date(2012, 3, 7), date(2013, 12, 31)),
)
days = st.integers(date(2012, 1, 1).toordinal(), date(2014, 2, 1).toordinal())
seconds = st.integers(0, 86_399)


@given(shelves, st.integers(0, 50))
def test_all_studies_add_up(shelf: Shelf, undated: int) -> None:
    shelf = Shelf(seed=shelf.seed, records=shelf.records, images=shelf.images, undated=min(undated, shelf.records))
    studies = list(shelf.studies(None))
    assert [study.number for study in studies] == list(range(shelf.records))
    assert sum(study.images for study in studies) == shelf.images
    assert sum(not study.day for study in studies) == shelf.undated
    assert studies == [shelf.study(number) for number in range(shelf.records)]


@given(shelves, st.tuples(days, days), st.tuples(seconds, seconds))
def test_a_window_holds_what_lies_in_it(shelf: Shelf, between: tuple[int, int], hours: tuple[int, int]) -> None:
    window = Window(*between, *hours)
    inside = [
        study
        for study in shelf.studies(None)
        if window.first_day <= study.day <= window.last_day
        and window.first_second <= study.second <= window.last_second
    ]
    assert list(shelf.studies(window)) == inside


@given(shelves)
def test_a_uid_is_known_by_its_number(shelf: Shelf) -> None:
    assert shelf.index_of(f"{shelf.uid_prefix}{shelf.records - 1:0{UID_SLOT}d}") == shelf.records - 1
    assert shelf.index_of(f"{shelf.uid_prefix}{shelf.records:0{UID_SLOT}d}") is None
    assert shelf.index_of("2.25.4") is None
    assert shelf.index_of(shelf.uid_prefix) is None


def test_there_is_a_weekly_rhythm() -> None:
    shelf = Shelf(seed=1, records=52_000, images=0, first_day=date(2018, 1, 1), last_day=date(2018, 12, 30))
    by_weekday = [0] * 7
    for study in shelf.studies(None):
        by_weekday[date.fromordinal(study.day).weekday()] += 1
    assert by_weekday[0] > by_weekday[4] > by_weekday[5] > by_weekday[6] > 0


def test_millions_are_found_without_walking_there() -> None:
    shelf = Shelf(seed=1, records=24_000_000, images=700_000_000)
    day = date(2015, 6, 1).toordinal()
    found = list(shelf.studies(Window(day, day, 36_000, 36_059)))
    assert found
    assert all(study.day == day and 36_000 <= study.second < 36_060 for study in found)

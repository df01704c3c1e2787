"""Invariant: the slices, and the parts of each of them, hold every moment exactly once."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest

from leadglass.survey.probes.dicom_slices import FIRST, Slice, slice_of

DAY = timedelta(1)


def assert_seamless(parts: tuple[Slice, ...], whole: Slice) -> None:
    assert parts[0].first == whole.first
    assert parts[-1].last == whole.last
    for before, after in pairwise(parts):
        if before.first == after.first:
            assert after.first_second == before.last_second + 1
        else:
            assert before.last is not None
            assert after.first == before.last + DAY


def test_the_first_hold_all_of_time() -> None:
    assert_seamless(FIRST, Slice(None, None))


@pytest.mark.parametrize(
    "whole",
    [
        *FIRST,
        Slice(date(2020, 2, 1), date(2020, 2, 29)),
        Slice(date(2019, 12, 31), date(2020, 1, 1)),
        Slice(date(2020, 2, 29), date(2020, 2, 29)),
        Slice(date(2020, 2, 29), date(2020, 2, 29), 3600, 7199),
    ],
    ids=lambda whole: whole.name,
)
def test_parts_make_up_the_whole_down_to_a_minute(whole: Slice) -> None:
    parts = whole.parts()
    assert_seamless(parts, whole)
    assert len(parts) > 1
    while parts:
        whole, parts = parts[0], parts[0].parts()
        if parts:
            assert_seamless(parts, whole)
        if whole.first is None:  # the part without beginning; one step below it there are days again
            break
    assert whole.first is None or whole.last_second - whole.first_second == 59


@pytest.mark.parametrize("whole", [*FIRST, *FIRST[4].parts(), *Slice(date(2020, 2, 29), date(2020, 2, 29)).parts()])
def test_a_name_leads_back(whole: Slice) -> None:
    assert slice_of(whole.name) == whole


def test_as_keys() -> None:
    day = Slice(date(2020, 2, 29), date(2020, 2, 29))
    assert (day.study_date, day.study_time) == ("20200229", "")
    assert day.parts()[9].study_time == "090000-095959.999999"
    assert FIRST[0].study_date == "-19991231"
    assert FIRST[-1].study_date == "20300101-"

from __future__ import annotations

from datetime import timedelta

import pytest

from helpers.leaks import NOON
from leadglass.survey.cases.clocks import deadlines


@pytest.mark.parametrize(
    ("country", "people", "laws_and_hours"),
    [
        ("DE", 10, [("NIS2 Article 23(4)(a)", 24), ("GDPR Article 33", 72), ("NIS2 Article 23(4)(b)", 72)]),
        ("NO", 10, [("GDPR Article 33", 72)]),
        ("GB", 10, [("UK GDPR Article 33", 72)]),
        ("US", 500, [("HIPAA, 45 CFR 164.404, 164.406 and 164.408", 60 * 24)]),
        ("US", 499, [("HIPAA, 45 CFR 164.404 and 164.408(c)", 60 * 24)]),
        ("ZZ", 10, []),
    ],
)
def test_which_law_wants_what(country: str, people: int, laws_and_hours: list[tuple[str, int]]) -> None:
    found = [(d.law, d.within // timedelta(hours=1)) for d in deadlines(country, people, NOON)]
    assert sorted(found) == sorted(laws_and_hours)


def test_what_was_not_counted_may_be_many() -> None:
    assert len(deadlines("US", None, NOON)) == 2


def test_india_has_six_hours() -> None:
    first, second = deadlines("IN", 1, NOON)
    assert (first.due, second.due) == (NOON + timedelta(hours=6), NOON + timedelta(hours=72))


def test_no_clock_runs_before_the_owner_is_told() -> None:
    assert all(deadline.due is None for deadline in deadlines("DE", 10, None))


@pytest.mark.parametrize("country", ["DE", "US", "IN", "GB"])
def test_in_german_too(country: str) -> None:
    for english, german in zip(deadlines(country, 600, NOON), deadlines(country, 600, NOON, "de"), strict=True):
        assert english.law == german.law
        assert english.what != german.what

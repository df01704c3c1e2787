"""What a key tests: the same shape for all values of one form, so that statements are few."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from leadglass.store.index.attributes import ATTRIBUTES
from leadglass.store.index.conditions import Form, Predicate, Term, term_for, term_values
from leadglass.store.index.matching import AnyOf, Items, Match, Range, Single, Universal, Wildcard

_ID, _DATE, _TIME, _NAME = (ATTRIBUTES[key] for key in ("PatientID", "StudyDate", "StudyTime", "PatientName"))
_END = "\U0010ffff"


@pytest.mark.parametrize(
    "match", [Universal(), Items({}), Single(""), AnyOf(()), Wildcard("*"), Wildcard(" ** "), Range("", "")], ids=repr
)
def test_what_matches_everything_tests_nothing(match: Match) -> None:
    assert term_for(_ID, match) is None
    assert term_for(_NAME, match) is None


def test_the_shape_does_not_depend_on_values() -> None:
    for one, other in (
        (Single("a"), Single("b")),
        (AnyOf(("a",)), AnyOf(tuple("abcdef"))),
        (Wildcard("a*"), Wildcard("bcd?e*")),
        (Wildcard("*a"), Wildcard("?b*")),
    ):
        first, second = term_for(_ID, one), term_for(_ID, other)
        assert first is not None
        assert second is not None
        assert first[0] == second[0]
        assert hash(first[0]) == hash(second[0])


@pytest.mark.parametrize(
    ("first", "last", "lower", "upper"),
    [
        ("10", "12", "10", "12~"),
        ("1000", "1200", "10", "1200~"),
        ("100000.000000", "120000", "10", "120000~"),
        ("000000", "0100", "0", "0100~"),
        ("101500.5", "101500.5", "101500.5", "101500.5~"),
        ("1", "2", "1", "2~"),
    ],
)
def test_times_are_widened_to_their_precision(first: str, last: str, lower: str, upper: str) -> None:
    term = term_for(_TIME, Range(first, last))
    assert term == (Term(False, (Predicate("study_time", Form.BETWEEN),)), ((lower, upper),))


def test_half_open_ranges() -> None:
    since, until = term_for(_DATE, Range("20260101", "")), term_for(_DATE, Range("", "20260101"))
    assert since == (Term(False, (Predicate("study_date", Form.SINCE),)), (("20260101",),))
    assert until == (Term(False, (Predicate("study_date", Form.UNTIL),)), (("20260101",),))


def test_patterns_are_spelled_for_each_database() -> None:
    found = term_for(_ID, Wildcard(r"a[b%_\c*?"))
    assert found is not None
    lowest, highest = r"a[b%_\c", r"a[b%_\c" + _END
    on_sqlite = dict(term_values("k", found[1], sqlite.dialect()))
    assert on_sqlite == {"k_0_0": r"a[[]b%_\c*?", "k_0_1": lowest, "k_0_2": highest}
    on_postgres = dict(term_values("k", found[1], postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert on_postgres == {"k_0_0": r"a[b\%\_\\c%_", "k_0_1": lowest, "k_0_2": highest}


def test_a_name_without_groups_may_be_any_of_the_three() -> None:
    found = term_for(_NAME, Single("DOE^Jane^^"))
    assert found is not None
    term, values = found
    assert term.any_
    assert len(term.predicates) == 3
    assert values == (("doe^jane",),) * 3


def test_a_name_with_groups_says_which() -> None:
    found = term_for(_NAME, Wildcard("=山田*="))
    assert found is not None
    term, _ = found
    assert term == Term(False, (Predicate("patient_name_ideographic_search", Form.PREFIXED_NAME_PATTERN),))
    both = term_for(_NAME, Single("Yamada=山田"))
    assert both is not None
    assert [predicate.form for predicate in both[0].predicates] == [Form.EQUAL, Form.EQUAL]
    assert not both[0].any_


def test_a_name_of_separators_only_is_no_name() -> None:
    for name in ("^", "==", "^^=^", " "):
        assert term_for(_NAME, Single(name)) is None
        assert term_for(ATTRIBUTES["ReferringPhysicianName"], Single(name)) is None

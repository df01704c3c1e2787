"""Small cells: what is shown cannot be subtracted back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.report.model import Figure
from leadglass.report.withholding import WITHHELD, small, withheld_column

columns = st.lists(st.one_of(st.integers(0, 12), st.integers(0, 10**6)), max_size=12)


def possible(shown: Sequence[Figure], total: int, row: int, least: int) -> set[int]:
    """What an attacker who knows the total and every cell shown holds possible for a small cell: by trying all small
    values; any other withheld cell takes up the rest."""
    known = sum(value for value in shown if isinstance(value, int))
    smalls = [index for index, value in enumerate(shown) if value == f"<{least}"]
    others = sum(1 for value in shown if value == WITHHELD)
    found = set()
    for values in product(range(1, least), repeat=len(smalls)):
        rest = total - known - sum(values)
        if (others and rest >= others) or (not others and rest == 0):
            found.add(values[smalls.index(row)])
    return found


@given(columns.filter(lambda c: sum(0 < v < 4 for v in c) <= 5))
def test_no_small_cell_can_be_narrowed_down(column: list[int]) -> None:
    shown, total = withheld_column(column, 4)
    for row, value in enumerate(shown):
        if value == "<4" and isinstance(total, int):
            assert possible(shown, total, row, 4) == {1, 2, 3}


@given(columns, st.integers(2, 9))
def test_what_is_shown_is_true(column: list[int], least: int) -> None:
    shown, total = withheld_column(column, least)
    assert total in (sum(column), WITHHELD, f"<{least}")
    for value, figure in zip(column, shown, strict=True):
        assert figure in (value, WITHHELD, f"<{least}")
        assert not (isinstance(figure, int) and 0 < figure < least)
        assert value != 0 or figure == 0
        assert figure != f"<{least}" or 0 < value < least


@given(columns, st.integers(2, 9))
def test_never_is_one_cell_withheld_alone_beside_its_total(column: list[int], least: int) -> None:
    shown, total = withheld_column(column, least)
    withheld = sum(isinstance(figure, str) for figure in shown)
    assert withheld != 1 or not isinstance(total, int)


@given(columns)
def test_without_a_least_nothing_is_withheld(column: list[int]) -> None:
    assert withheld_column(column, 0) == (column, sum(column))
    assert withheld_column(column, 1) == (column, sum(column))


@given(st.lists(st.integers(5, 100), min_size=3, max_size=9), st.data())
def test_rows_withheld_for_another_reason_are_never_alone(column: list[int], data: st.DataObject) -> None:
    also = data.draw(st.sets(st.integers(0, len(column) - 1), min_size=1))
    shown, total = withheld_column(column, 5, also)
    assert all(shown[row] == WITHHELD for row in also)
    assert sum(isinstance(figure, str) for figure in shown) >= 2 or not isinstance(total, int)


@pytest.mark.parametrize(("value", "shown"), [(0, 0), (1, "<5"), (4, "<5"), (5, 5)])
def test_a_count_on_its_own(value: int, shown: Figure) -> None:
    assert small(value, 5) == shown

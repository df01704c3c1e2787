"""Nothing is lost when a number is divided."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.range.worlds.apportioning import apportion


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=60), st.integers(0, 3))
def test_shares_add_up(total: int, weights: list[int], least: int) -> None:
    total += least * len(weights)
    shares = apportion(total, weights, least)
    assert sum(shares) == total
    assert min(shares) >= least
    heavy, light = weights.index(max(weights)), weights.index(min(weights))
    assert shares[heavy] + 1 >= shares[light]


def test_nothing_for_nobody() -> None:
    assert apportion(0, []) == []
    with pytest.raises(ValueError, match="cannot be divided"):
        apportion(1, [])
    with pytest.raises(ValueError, match="cannot be divided"):
        apportion(5, [1, 1], least=3)

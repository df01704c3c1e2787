"""Column types that read and compare the same on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects.sqlite import dialect

from leadglass.store.index.types import Instant, Words, instant_text

_instants = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))


@given(_instants, _instants)
def test_text_order_is_time_order(first: datetime, second: datetime) -> None:
    assert (instant_text(first) < instant_text(second)) == (first < second)
    assert len(instant_text(first)) == 27


@given(_instants)
def test_an_instant_comes_back_as_it_went(at: datetime) -> None:
    text = Instant().process_bind_param(at, dialect())
    assert Instant().process_result_value(text, dialect()) == at


def test_an_instant_is_kept_in_utc() -> None:
    assert (
        instant_text(datetime(2026, 11, 20, 1, 0, tzinfo=timezone(timedelta(hours=2)))) == "2026-11-19T23:00:00.000000Z"
    )


def test_words_come_back_as_they_went() -> None:
    for words in ((), ("store",), ("10.0.0.0/8", "::1/128")):
        assert Words().process_result_value(Words().process_bind_param(words, dialect()), dialect()) == words
    assert Words().process_bind_param(None, dialect()) is None


@pytest.mark.parametrize("words", [("two words",), ("",)])
def test_a_list_of_words_holds_words(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="word"):
        Words().process_bind_param(words, dialect())

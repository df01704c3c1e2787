"""Values made fit for both databases."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpers.index_world import header
from leadglass.store.index.tidy import MAX_TEXT_INDEXED, is_fit, tidy_header, tidy_text

_anything = st.text(st.characters(), max_size=600)


@given(_anything)
def test_tidied_text_is_fit_and_stays_as_it_is(text: str) -> None:
    tidied = tidy_text(text)
    assert is_fit(tidied)
    assert len(tidied) <= MAX_TEXT_INDEXED
    assert tidy_text(tidied) == tidied


@given(_anything)
def test_fit_text_is_only_ever_shortened(text: str) -> None:
    assert is_fit(text) == ("\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text))
    if is_fit(text):
        assert tidy_text(text) == text[:MAX_TEXT_INDEXED]


def test_a_fit_header_is_not_copied() -> None:
    fit = header(patient_name="DOE^JANE", study_description="x" * 256, series_description="y" * 256)
    assert tidy_header(fit) is fit


def test_a_header_is_tidied_in_every_value() -> None:
    tidied = tidy_header(header(patient_id="a\0b", content_time="t" * 999, request_attributes=(("\ud800", "z" * 999),)))
    assert tidied.patient_id == "ab"
    assert tidied.content_time == "t" * 256
    assert tidied.request_attributes == (("?", "z" * 256),)

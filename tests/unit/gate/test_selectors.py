"""Selectors as people write them."""

from __future__ import annotations

import pytest

from leadglass.gate.selectors import parse_selector, selector_text
from leadglass.terms.errors import UserFault
from leadglass.terms.visibility import Selector, SelectorKind


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("everything", Selector(SelectorKind.EVERYTHING)),
        (" Study:1.2.840.1 ", Selector(SelectorKind.STUDY, "1.2.840.1")),
        ("patient:4711@CITY:WARD", Selector(SelectorKind.PATIENT, "4711@CITY:WARD")),
        ("collection:Trial A", Selector(SelectorKind.COLLECTION, "Trial A")),
        ("institution:  City   CLINIC", Selector(SelectorKind.INSTITUTION, "city clinic")),
        ("referring-physician:House^Gregory^", Selector(SelectorKind.REFERRING_PHYSICIAN, "house^gregory")),
        ("stored-by:dev-1", Selector(SelectorKind.STORED_BY, "dev-1")),
    ],
)
def test_reads_and_writes(text: str, selector: Selector) -> None:
    assert parse_selector(text) == selector
    assert parse_selector(selector_text(selector)) == selector


@pytest.mark.parametrize(
    "text", ["", "study", "study:", "study:1..2", "study:x", "everything:1", "all", "patient", "1.2.3"]
)
def test_what_does_not_say_which_studies(text: str) -> None:
    with pytest.raises(UserFault) as caught:
        parse_selector(text)
    assert caught.value.advice

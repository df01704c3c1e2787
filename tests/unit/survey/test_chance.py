"""What is drawn is of the right form, evenly spread, and noted."""

from __future__ import annotations

import string
from collections import Counter

import pytest

from leadglass.survey.chance import FreshChance

SIGNS = string.digits + "ABCDEF"


@pytest.mark.parametrize("length", [0, 1, 16, 64])
def test_a_word_has_its_length(length: int) -> None:
    word = FreshChance().word(length)
    assert len(word) == length
    assert set(word) <= set(SIGNS)


@pytest.mark.parametrize("position", [0, 7, 15])
def test_every_sign_is_as_likely_at_every_position(position: int) -> None:
    chance = FreshChance()
    drawn = Counter(chance.word(16)[position] for _ in range(16_000))
    assert set(drawn) == set(SIGNS)
    assert 800 < min(drawn.values()) <= max(drawn.values()) < 1200  # six standard deviations around 1000


def test_what_was_drawn_is_told_once() -> None:
    chance = FreshChance()
    drawn = (chance.word(4), chance.uid())
    assert chance.take_drawn() == drawn
    assert chance.take_drawn() == ()

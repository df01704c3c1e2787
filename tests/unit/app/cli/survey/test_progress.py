"""How a run goes, in words."""

from __future__ import annotations

import pytest

from leadglass.app.cli.survey.progress import Speed, eta_words, line_of
from leadglass.survey.campaign import Progress, Totals


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "about 1 s left"),
        (45, "about 45 s left"),
        (600, "about 10 min left"),
        (9000, "about 2.5 h left"),
        (864_000, "about 10 days left"),
    ],
)
def test_how_long(seconds: float, words: str) -> None:
    assert eta_words(seconds) == words


def test_a_line_says_how_far_how_fast_and_what_was_found() -> None:
    totals = Totals(targets=1000, before=100, looked_at=400, answered=30, open=2)
    assert line_of(Progress(totals, 5, is_resting=False), 50.0) == (
        "500 of 1,000 (50 %): 50/s, 30 answered, 2 open, about 10 s left"
    )
    assert "quiet hours" in line_of(Progress(totals, 5, is_resting=True), 0.0)


def test_speed_is_that_of_the_last_seconds() -> None:
    now = 0.0
    speed = Speed(lambda: now)
    assert speed.at(0) == 0
    for second in range(1, 31):
        now = float(second)
        seen = speed.at(second * 100 if second <= 15 else 1500 + (second - 15) * 10)
    assert 9 <= seen <= 20

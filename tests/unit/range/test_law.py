"""The range counts what was asked of it."""

from __future__ import annotations

from leadglass.range.law import NEVER, Law
from leadglass.survey.chance import FreshChance


def test_what_goes_beyond_a_level_is_named() -> None:
    law = Law()
    law.saw(1, "C-ECHO")
    law.saw(2, "C-FIND by UID")
    law.saw(3, "C-FIND for counts")
    law.saw(3, "C-FIND for counts")
    law.saw(NEVER, "C-STORE")
    assert law.above(2) == {"C-FIND for counts": 2, "C-STORE": 1}
    assert law.above(4) == {"C-STORE": 1}
    assert law.above(1).keys() == {"C-FIND by UID", "C-FIND for counts", "C-STORE"}


def test_a_second_title_that_was_not_drawn_by_lot_is_a_guess() -> None:
    law = Law()
    for title in (b"MAINARCHIVE     ", b"K7Q2M0XW4TZB    ", b"MAINARCHIVE     "):
        law.heard_title("127.1.0.1", title)
    law.heard_title("127.1.0.2", b"ANY-SCP         ")
    assert law.above(0) == {}
    law.heard_title("127.1.0.1", b"ANY-SCP         ")
    law.heard_title("127.1.0.1", b"ORTHANC         ")
    assert law.above(4) == {"guessing AE titles": 2}


def test_surveys_in_a_row_guess_nothing() -> None:
    law, chance = Law(), FreshChance()
    for _ in range(1000):
        law.heard_title("127.1.0.1", chance.word(12).encode().ljust(16))
        law.heard_user_name("127.1.0.1", chance.word(16).encode())
    assert law.above(0) == {}


def test_a_second_user_name_that_was_not_drawn_by_lot_is_a_guess() -> None:
    law = Law()
    for name in (b"A", b"0123456789ABCDEF", b"A"):
        law.heard_user_name("127.1.0.1", name)
    law.heard_user_name("127.1.0.2", b"B")
    assert law.above(0) == {}
    law.heard_user_name("127.1.0.1", b"B")
    assert law.above(4) == {"guessing user names": 1}

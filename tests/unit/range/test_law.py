"""The range counts what was asked of it."""

from __future__ import annotations

from leadglass.range.law import NEVER, Law


def test_what_goes_beyond_a_level_is_named() -> None:
    law = Law()
    law.saw(1, "C-ECHO")
    law.saw(3, "C-FIND for counts")
    law.saw(3, "C-FIND for counts")
    law.saw(NEVER, "C-STORE")
    assert law.above(2) == {"C-FIND for counts": 2, "C-STORE": 1}
    assert law.above(4) == {"C-STORE": 1}


def test_a_third_title_is_a_guess() -> None:
    law = Law()
    for title in (b"A", b"B", b"A", b"B"):
        law.heard_title("127.1.0.1", title)
    law.heard_title("127.1.0.2", b"C")
    assert law.above(0) == {}
    law.heard_title("127.1.0.1", b"C")
    assert law.above(4) == {"guessing AE titles": 1}


def test_a_second_user_name_is_a_guess() -> None:
    law = Law()
    for name in (b"A", b"A"):
        law.heard_user_name("127.1.0.1", name)
    law.heard_user_name("127.1.0.2", b"B")
    assert law.above(0) == {}
    law.heard_user_name("127.1.0.1", b"B")
    assert law.above(4) == {"guessing user names": 1}
    law.forget_titles()
    law.heard_user_name("127.1.0.1", b"C")
    assert law.above(4) == {"guessing user names": 1}


def test_another_survey_has_titles_of_its_own() -> None:
    law = Law()
    for title in (b"A", b"B"):
        law.heard_title("127.1.0.1", title)
    law.forget_titles()
    law.heard_title("127.1.0.1", b"C")
    assert law.above(0) == {}

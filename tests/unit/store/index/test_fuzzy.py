"""Names by their words and sounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.store.index.fuzzy import MAX_FUZZY_WORDS, asked_words, name_words, sound_of


@pytest.mark.parametrize(
    ("word", "sound"),
    [  # the published examples of American Soundex
        ("robert", "R163"),
        ("rupert", "R163"),
        ("rubin", "R150"),
        ("ashcraft", "A261"),
        ("ashcroft", "A261"),
        ("tymczak", "T522"),
        ("pfister", "P236"),
        ("honeyman", "H555"),
        ("a", "A000"),
        ("", ""),
        ("x1", ""),
        ("山田", ""),
    ],
)
def test_soundex(word: str, sound: str) -> None:
    assert sound_of(word) == sound


@pytest.mark.parametrize("names", [("meier", "mayer", "meyer", "maier"), ("smith", "smyth", "schmidt", "smithe")])
def test_what_sounds_alike(names: tuple[str, ...]) -> None:
    assert len({sound_of(name) for name in names}) == 1


def test_a_name_is_kept_as_words_and_sounds() -> None:
    assert name_words("Müller^Anna Maria^^Dr.") == " muller anna maria dr. M460 A500 M600 "
    assert name_words("Łukasz^Đorđe") == " lukasz dorde L220 D630 "
    assert name_words("Yamada^Tarou=山田^太郎=やまだ") == " yamada tarou 山田 太郎 やまた Y530 T600 "
    assert name_words("DOE^doe") == " doe D000 "
    assert name_words("^^=^") == name_words("") == ""


def test_words_asked_for() -> None:
    assert asked_words("Doe, J") == (("* doe*", "* D000 *"), ("* j*", "* J000 *"))
    assert asked_words("*ller") == (("*ller*", "* L600 *"),)
    assert asked_words("m?ller*") == (("* m?ller*", ""),)
    assert asked_words("* ? ^=") == ()
    assert len(asked_words(" ".join(map(str, range(50))))) == MAX_FUZZY_WORDS


@given(st.text())
def test_any_name_is_bounded_and_found_by_its_own_words(name: str) -> None:
    kept = name_words(name)
    assert len(kept) < 5000
    for begins, _ in asked_words(name.replace("*", "").replace("?", "")):
        assert begins.strip("*") in f"{name_words(name.replace('*', '').replace('?', ''))}"

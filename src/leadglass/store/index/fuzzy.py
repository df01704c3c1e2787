"""Person names as a person would look for them (PS3.18 §8.3.4.2): any order of words, without accents, beginnings of
words, and words that sound alike.

A name is kept as its words and their sounds, in one text: " muller anna M460 A500 ". A word that is asked for is found
where a word of the name begins with it, or sounds like it. Sounds are the American Soundex, of words in Latin letters
only: crude, well known, and the same for Meier, Mayer and Meyer, for Smith, Smyth and Schmidt.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from leadglass.store.index.tidy import tidy_text

__all__ = ["MAX_FUZZY_WORDS", "asked_words", "name_words", "sound_of"]

MAX_FUZZY_WORDS: Final = 8
"""Words of a query that count; each is a condition of the statement."""

_BETWEEN_WORDS: Final = re.compile(r"[\s^=,;\\]+")
_NO_MARK: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_SOUNDS: Final = {
    letter: digit
    for digit, letters in {"1": "bfpv", "2": "cgjkqsxz", "3": "dt", "4": "l", "5": "mn", "6": "r"}.items()
    for letter in letters
}


def name_words(name: str) -> str:
    """What the index keeps of a name to be looked for, all its component groups together; "" for no name."""
    words = list(dict.fromkeys(_words(name)))
    sounds = [sound for sound in map(sound_of, words) if sound]
    return f" {' '.join(words + sounds)} " if words else ""


def asked_words(text: str) -> tuple[tuple[str, str], ...]:
    """Of each word asked for two patterns: how it begins, and how it sounds ("" if that cannot be told).

    `*` and `?` keep their meaning within a word; a word behind `*` may stand anywhere.
    """
    patterns = []
    for word in dict.fromkeys(_words(text)):
        bare = word.strip("*")
        if bare.strip("?"):
            begins = f"*{bare}*" if word.startswith("*") else f"* {bare}*"
            sound = sound_of(bare)
            patterns.append((begins, f"* {sound} *" if sound else ""))
    return tuple(patterns[:MAX_FUZZY_WORDS])


def sound_of(word: str) -> str:
    """The American Soundex of a folded word: a letter and three digits; "" for a word in other letters."""
    if not (word.isascii() and word.isalpha()):
        return ""
    code, last = word[0].upper(), _SOUNDS.get(word[0], "")
    for letter in word[1:]:
        sound = _SOUNDS.get(letter, "")
        if sound and sound != last:
            code += sound
        if letter not in "hw":  # which do not part two letters of one sound
            last = sound
    return code[:4].ljust(4, "0")


def _words(text: str) -> list[str]:
    return [word for word in _BETWEEN_WORDS.split(_folded(tidy_text(text))) if word]


def _folded(text: str) -> str:
    """`text` in small letters without accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).translate(_NO_MARK)

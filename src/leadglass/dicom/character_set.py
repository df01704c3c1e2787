"""Specific character sets: bytes to text for all of PS3.3 §C.12.1.1.2, with ISO 2022 code extensions (PS3.5 §6.1).

Decoding never raises: a byte that means nothing becomes U+FFFD, an unknown character set is read as ISO 8859-1.
Control characters and markup in a value are data, and pass through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

__all__ = ["DEFAULT", "CharacterSet", "character_set", "load_codecs"]

_ESC: Final = b"\x1b"

# Defined term -> the codec for its graphic characters. Each of these codecs reads bytes below 80H as ASCII.
_SINGLE_BYTE: Final = {
    "6": "iso8859_1",  # undeclared bytes above 7FH are read as Latin-1 rather than lost
    "100": "iso8859_1",
    "101": "iso8859_2",
    "109": "iso8859_3",
    "110": "iso8859_4",
    "144": "iso8859_5",
    "127": "iso8859_6",
    "126": "iso8859_7",
    "138": "iso8859_8",
    "148": "iso8859_9",
    "203": "iso8859_15",
    "166": "iso8859_11",  # TIS 620-2533 with a no-break space
    "13": "shift_jis",  # its single bytes are JIS X 0201
}
_DOUBLE_BYTE_UPPER: Final = {"149": "euc_kr", "58": "gb2312"}  # KS X 1001 and GB 2312 in G1
_WITHOUT_EXTENSIONS: Final = {"ISO_IR 192": "utf_8", "GB18030": "gb18030", "GBK": "gbk"}

# Escape sequence -> (codec, what a byte string must be wrapped in for that codec). PS3.3 tables C.12-3 and C.12-4.
_TO_G1: Final = {
    b"-A": "iso8859_1",
    b"-B": "iso8859_2",
    b"-C": "iso8859_3",
    b"-D": "iso8859_4",
    b"-L": "iso8859_5",
    b"-G": "iso8859_6",
    b"-F": "iso8859_7",
    b"-H": "iso8859_8",
    b"-M": "iso8859_9",
    b"-b": "iso8859_15",
    b"-T": "iso8859_11",
    b")I": "shift_jis",
    b"$)C": "euc_kr",
    b"$)A": "gb2312",
}
_TO_SINGLE_G0: Final = frozenset({b"(B", b"(J"})  # ASCII, and JIS X 0201 romaji which is read as ASCII
_TO_DOUBLE_G0: Final = {b"$B": ("iso2022_jp", b"\x1b$B"), b"$(D": ("iso2022_jp_2", b"\x1b$(D")}

_FRAGMENT = re.compile(rb"(?:\x1b(\$?[()-][0-9A-Za-z]|\$B))?([^\x1b]*)|\x1b")
_TEXT_RESETS = re.compile(rb"[\t\n\f\r\\]")
_NAME_RESETS = re.compile(rb"[\t\n\f\r\\^=]")
_CONTROLS = re.compile(rb"[\x00-\x1f]")


def load_codecs() -> None:
    """Loads every codec that could be needed: for a process that will not be able to open files any more."""
    for codec in (*_SINGLE_BYTE.values(), *_DOUBLE_BYTE_UPPER.values(), *_WITHOUT_EXTENSIONS.values()):
        b"a".decode(codec)  # none is asked about nothing at all
    for codec, escape in _TO_DOUBLE_G0.values():
        (escape + b"0!").decode(codec)  # its tables come with the first escape sequence


@dataclass(frozen=True, slots=True)
class CharacterSet:
    """How the text of one data set is to be read."""

    codec: str  # of value 1: what text is in until an escape sequence says otherwise
    has_extensions: bool

    def decode(self, raw: bytes, *, is_person_name: bool = False) -> str:
        """The text of a whole value, padding and backslashes included.

        Backslash and control characters, in names also caret and equals sign, end the effect of an escape
        sequence (PS3.5 §6.1.2.5.3).
        """
        if not self.has_extensions or _ESC not in raw:
            return _decoded(raw, self.codec)
        return self._extended(raw, _NAME_RESETS if is_person_name else _TEXT_RESETS)

    def _extended(self, raw: bytes, resets: re.Pattern[bytes]) -> str:
        parts: list[str] = []
        upper, double = self.codec, None
        for match in _FRAGMENT.finditer(raw):
            escape, text = match[1], match[2] or b""
            if escape in _TO_G1:
                upper = _TO_G1[escape]
            elif escape in _TO_DOUBLE_G0:
                double = _TO_DOUBLE_G0[escape]
            elif escape in _TO_SINGLE_G0:
                double = None
            elif escape is not None:
                parts.append("\x1b" + escape.decode("ascii"))  # unknown: shown, not hidden
            elif match[2] is None:
                parts.append("\x1b")
            if double is not None:
                reset = _CONTROLS.search(text)
                head = text if reset is None else text[: reset.start()]
                parts.append(_double(head, *double))
            else:
                reset = resets.search(text)
                head = text if reset is None else text[: reset.start()]
                parts.append(_decoded(head, upper))
            if reset is not None:
                upper, double = self.codec, None
                parts.append(_decoded(text[reset.start() :], upper))
        return "".join(parts)


def _decoded(raw: bytes, codec: str) -> str:
    return raw.decode(codec, "replace")


def _double(raw: bytes, codec: str, escape: bytes) -> str:
    """Seven-bit double bytes, as Python's ISO-2022 codecs want them."""
    return (escape + raw + b"\x1b(B").decode(codec, "replace")


DEFAULT: Final = CharacterSet("iso8859_1", True)
"""No Specific Character Set: the default repertoire (PS3.5 §6.1.2.1), with what escapes say anyway."""


def character_set(terms: str | Iterable[str]) -> CharacterSet:
    """The character set that the values of (0008,0005) name; a string is split at its backslashes."""
    return _character_set(terms if isinstance(terms, str) else "\\".join(terms))


@lru_cache(maxsize=256)
def _character_set(joined: str) -> CharacterSet:
    term = _canonical(joined.partition("\\")[0])
    alone = _WITHOUT_EXTENSIONS.get(term)
    if alone is not None:
        return CharacterSet(alone, False)
    number = term.rpartition(" ")[2]
    return CharacterSet(_SINGLE_BYTE.get(number) or _DOUBLE_BYTE_UPPER.get(number) or "iso8859_1", True)


_SPELLED = re.compile(r"ISO[ _-]?(?:(2022)[ _-]?)?(?:IR[ _-]?)?(\d+)$")


def _canonical(term: str) -> str:
    """The defined term meant by `term`, with the misspellings of the field put right."""
    term = term.strip(" \0").upper()
    if term in ("UTF-8", "UTF8", "UTF_8", "ISO_IR192"):
        return "ISO_IR 192"
    if term in ("ISO 2022 GBK", "ISO 2022 GB18030"):
        return term.rpartition(" ")[2]
    match = _SPELLED.match(term)
    if match is None:
        return term
    return f"ISO 2022 IR {match[2]}" if match[1] else f"ISO_IR {match[2]}"

"""The normalised form of names, in which they are searched and granted (PS3.4 §C.2.2.2.1, PS3.5 §6.2.1).

Everything that compares names uses these functions on both sides: the index when it stores, a query when it asks, and
a grant when it is made. Case, width (half-width katakana), runs of spaces and trailing component separators vanish.
"""

from __future__ import annotations

import unicodedata

from leadglass.store.index.tidy import MAX_TEXT_INDEXED

__all__ = ["PersonNameForms", "normal_name", "normal_name_groups", "normal_text"]

PersonNameForms = tuple[str, str, str]
"""Alphabetic, ideographic and phonetic component group (PS3.5 §6.2.1.1), each normalised, "" if absent."""


def normal_text(text: str) -> str:
    """`text` casefolded, in one Unicode form, with single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.casefold().split())[:MAX_TEXT_INDEXED]


def normal_name_groups(name: str) -> PersonNameForms:
    """The three component groups of a person name, normalised; trailing empty components do not count."""
    groups = [_group(group) for group in normal_text(name).split("=")[:3]]
    alphabetic, ideographic, phonetic = groups + [""] * (3 - len(groups))
    return alphabetic, ideographic, phonetic


def normal_name(name: str) -> str:
    """The first component group that says anything, normalised: how a physician is named in grants."""
    return next((group for group in normal_name_groups(name) if group), "")


def _group(group: str) -> str:
    return "^".join(component.strip() for component in group.split("^")).rstrip("^")

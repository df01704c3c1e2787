"""The data dictionary (PS3.6, PS3.7 annex E): what a tag is called and how its value is represented."""

from __future__ import annotations

from functools import cache

from leadglass.dicom.tables import attributes, private_attributes, repeating_attributes

__all__ = ["keyword_of", "private_vr_of", "tag_of", "vr_of"]


@cache
def _vrs() -> dict[int, str]:
    return {tag: str(entry[0]) for tag, entry in attributes().items()}


@cache
def _keywords() -> dict[int, str]:
    return {tag: entry[4] for tag, entry in attributes().items() if entry[4]}


@cache
def _tags() -> dict[str, int]:
    return {keyword: tag for tag, keyword in _keywords().items()}


@cache
def _repeaters() -> tuple[tuple[int, int, str, str], ...]:
    """(mask, value, VR, keyword) of tags such as (60xx,3000)."""
    found = []
    for pattern, entry in repeating_attributes().items():
        mask = int("".join("0" if digit == "x" else "F" for digit in pattern), 16)
        found.append((mask, int(pattern.replace("x", "0"), 16), str(entry[0]), entry[4]))
    return tuple(found)


def _repeated(tag: int) -> tuple[str, str]:
    for mask, value, vr, keyword in _repeaters():
        if tag & mask == value:
            return vr, keyword
    return "", ""


def vr_of(tag: int) -> str:
    """The VR of a tag, "" if the dictionary does not know it.

    A few are ambiguous and read "US or SS", "OB or OW", "US or OW" or "US or SS or OW". Group lengths are UL and
    private creators LO (PS3.5 §7.2, §7.8.1).
    """
    vr = _vrs().get(tag)
    if vr is not None:
        return vr
    if tag & 0x10000:
        return "LO" if 0x10 <= tag & 0xFFFF <= 0xFF else ""
    if tag & 0xFFFF == 0:
        return "UL"
    return _repeated(tag)[0]


def private_vr_of(tag: int, creator: str) -> str:
    """The VR of a private tag in the block reserved by `creator`, "" if unknown."""
    known = private_attributes().get(creator, {})
    group, element = f"{tag >> 16:04x}", f"{tag & 0xFFFF:04x}"
    for key in (group + element, f"{group}xx{element[2:]}", f"{group[:2]}xxxx{element[2:]}"):
        if (entry := known.get(key)) is not None:
            return str(entry[0])
    return ""


def keyword_of(tag: int) -> str:
    """The keyword of a tag, "" if the dictionary does not know it."""
    return _keywords().get(tag) or _repeated(tag)[1]


def tag_of(keyword: str) -> int:
    """The tag of a keyword; KeyError if there is no such keyword."""
    return _tags()[keyword]

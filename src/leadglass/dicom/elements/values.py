"""A value's bytes as the text the index and queries use (PS3.5 §6.2)."""

from __future__ import annotations

from struct import Struct
from types import MappingProxyType
from typing import Final

from leadglass.dicom.character_set import CharacterSet

__all__ = ["BINARY_VRS", "CHARACTER_SET_VRS", "NUMBERS", "PADDING", "SINGLE_TEXT_VRS", "text_of"]

PADDING: Final = " \0"
CHARACTER_SET_VRS: Final = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs whose text is in the specific character set (PS3.5 §6.1.2.3); all other text is in the default repertoire."""
SINGLE_TEXT_VRS: Final = frozenset({"LT", "ST", "UR", "UT"})
"""Text VRs in which a backslash is a character like any other."""

_FORMATS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "UV": "Q", "SV": "q", "FL": "f", "FD": "d"}
NUMBERS: Final = MappingProxyType(
    {(vr, little): Struct(("<" if little else ">") + code) for vr, code in _FORMATS.items() for little in (True, False)}
)
"""(VR, is little endian) → the struct of one value of a binary number VR."""
BINARY_VRS: Final = frozenset({*_FORMATS, "AT"})
_TAG: Final = {True: Struct("<HH"), False: Struct(">HH")}


def text_of(vr: str, raw: bytes, charset: CharacterSet, *, is_little_endian: bool = True) -> str:
    """The value as text, without padding; several values joined by backslash. Never raises.

    Binary numbers are written in decimal, attribute tags as eight hex digits; bulk data and UN are read as Latin-1.
    """
    if vr in BINARY_VRS:
        return _binary(vr, raw, is_little_endian)
    if raw.isascii() and b"\x1b" not in raw:
        text = raw.decode("ascii")
        if "\\" not in text and "=" not in text and vr not in SINGLE_TEXT_VRS:  # nearly every value there is
            return text.strip(PADDING)
    elif vr in CHARACTER_SET_VRS:
        text = charset.decode(raw, is_person_name=vr == "PN")
    else:
        text = raw.decode("iso8859_1")
    if vr in SINGLE_TEXT_VRS:
        return text.rstrip(PADDING)
    if vr == "PN" and "=" in text:  # trailing empty component groups mean nothing (PS3.5 §6.2.1.1)
        return "\\".join([name.strip(PADDING).rstrip("=") for name in text.split("\\")])
    if "\\" in text:
        return "\\".join([value.strip(PADDING) for value in text.split("\\")])
    return text.strip(PADDING)


def _binary(vr: str, raw: bytes, is_little_endian: bool) -> str:
    if vr == "AT":
        tags = _TAG[is_little_endian].iter_unpack(raw[: len(raw) // 4 * 4])
        return "\\".join(f"{group:04X}{element:04X}" for group, element in tags)
    number = NUMBERS[vr, is_little_endian]
    size = number.size
    if len(raw) == size:
        return str(number.unpack(raw)[0])
    return "\\".join([str(value) for (value,) in number.iter_unpack(raw[: len(raw) // size * size])])

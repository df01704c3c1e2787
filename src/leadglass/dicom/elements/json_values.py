"""Values as the DICOM JSON model wants them, by VR (PS3.18 §F.2.3 to §F.2.5)."""

from __future__ import annotations

import math
from itertools import chain
from struct import Struct
from typing import Final

from leadglass.dicom.character_set import CharacterSet
from leadglass.dicom.elements.values import CHARACTER_SET_VRS, NUMBERS, PADDING, SINGLE_TEXT_VRS

__all__ = ["BULK_VRS", "JsonValue", "json_values", "json_values_of_text"]

BULK_VRS: Final = {"OB": 1, "OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8, "UN": 1}
"""VRs whose value is bytes → the bytes of one word, which a big endian data set holds swapped."""

JsonValue = str | int | float | dict[str, str] | None
_LARGEST: Final = 2**63
_TEXT = frozenset({"AE", "AS", "CS", "DA", "DT", "TM", "UI"}) | CHARACTER_SET_VRS | SINGLE_TEXT_VRS
_LITTLE = {vr: number for (vr, little), number in NUMBERS.items() if little}
_BIG = {vr: number for (vr, little), number in NUMBERS.items() if not little}
_TAG = {True: Struct("<HH"), False: Struct(">HH")}


def json_values(vr: str, raw: bytes, charset: CharacterSet, is_little_endian: bool) -> list[JsonValue] | None:
    """The values of an attribute that is neither bytes nor a sequence; an empty list if it has none.

    None if the bytes cannot be values of this VR, or nobody knows the VR. Never raises.
    """
    if vr in _TEXT:
        return _texts(vr, raw, charset)
    number = (_LITTLE if is_little_endian else _BIG).get(vr)
    if number is not None:
        return _numbers(vr, number, raw)
    if vr in ("DS", "IS"):
        text = raw.decode("iso8859_1").strip(PADDING)
        return [_number(vr, value.strip(PADDING)) for value in text.split("\\")] if text else []
    if vr == "AT" and len(raw) % 4 == 0:
        return [f"{group:04X}{element:04X}" for group, element in _TAG[is_little_endian].iter_unpack(raw)]
    return None


def json_values_of_text(vr: str, text: str) -> list[JsonValue]:
    """The values of an attribute that is at hand as text (see `values.text_of`), in the same form.

    A number of a binary VR that is none is null.
    """
    if vr in _TEXT:
        return _text_values(vr, text)
    if vr in ("DS", "IS"):
        return [_number(vr, value) for value in text.split("\\")] if text else []
    return [int(value) if value.isascii() and value.isdigit() else None for value in text.split("\\")] if text else []


def _numbers(vr: str, number: Struct, raw: bytes) -> list[JsonValue] | None:
    if len(raw) % number.size:
        return None
    values: list[JsonValue] = list(chain.from_iterable(number.iter_unpack(raw)))
    if vr in ("FL", "FD"):  # JSON has no word for NaN and infinity
        return [value if isinstance(value, float) and math.isfinite(value) else None for value in values]
    return values


def _texts(vr: str, raw: bytes, charset: CharacterSet) -> list[JsonValue]:
    if vr not in CHARACTER_SET_VRS:
        text = raw.decode("iso8859_1")
    elif raw.isascii() and b"\x1b" not in raw:
        text = raw.decode("ascii")
    else:
        text = charset.decode(raw, is_person_name=vr == "PN")
    return _text_values(vr, text)


def _text_values(vr: str, text: str) -> list[JsonValue]:
    text = text.rstrip(PADDING)
    if vr in SINGLE_TEXT_VRS:
        return [text] if text else []
    if vr == "AE":
        text = text.strip()
    if not text:
        return []
    if vr == "PN":
        return [_name(value) for value in text.split("\\")]
    if "\\" not in text:
        return [text]
    if vr == "AE":
        return [value.strip() or None for value in text.split("\\")]
    if vr in CHARACTER_SET_VRS:
        return [value.rstrip(PADDING) or None for value in text.split("\\")]
    return [value or None for value in text.split("\\")]


def _name(text: str) -> JsonValue:
    """A person name by component group (PS3.18 §F.2.2)."""
    groups = text.rstrip("=").split("=")
    if groups == [""]:
        return None
    return dict(zip(("Alphabetic", "Ideographic", "Phonetic"), groups, strict=False))


def _number(vr: str, text: str) -> JsonValue:
    """A decimal or integer string as a number; as the string it is if it is none (PS3.18 table F.2.3-1)."""
    if not text:
        return None
    try:
        value = float(text)
        if vr == "IS" and value.is_integer():
            whole = int(text) if text.lstrip("+-").isdigit() else int(value)
            return whole if -_LARGEST <= whole < _LARGEST else text
    except (ValueError, OverflowError):
        return text
    return value if vr == "DS" and math.isfinite(value) else text

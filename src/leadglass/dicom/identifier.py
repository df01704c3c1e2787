"""Query identifiers: a data set of short texts, in and out (PS3.4 §C.2.2). The hot path of finding.

An identifier here is an ordered mapping of tag to text, with several values joined by backslash and "" for no
value, or to the items of a sequence. Binary numbers are written in decimal, so callers see one kind of value only.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

from leadglass.dicom.character_set import DEFAULT, CharacterSet, character_set
from leadglass.dicom.dictionary import vr_of
from leadglass.dicom.elements.encoding import LONG_VRS, Encoding, encoding_of
from leadglass.dicom.elements.index_tags import SPECIFIC_CHARACTER_SET
from leadglass.dicom.elements.tree import DataSet, Parser
from leadglass.dicom.elements.values import BINARY_VRS, NUMBERS, text_of

__all__ = ["Identifier", "decode_identifier", "encode_identifier"]

Identifier: TypeAlias = "Mapping[int, str | Sequence[Identifier]]"
"""Tag (0xGGGGEEEE) → text, or the items of a sequence."""

_UTF_8_DECLARED: Final = b"ISO_IR 192"


def decode_identifier(data: bytes | memoryview, transfer_syntax: str) -> dict[int, str | tuple[Identifier, ...]]:
    """The attributes of an identifier in the order they came, decoded.

    PeerViolation if the bytes are not a data set of this transfer syntax, CeilingReached if they nest too deep.
    """
    raw = bytes(data)
    encoding = encoding_of(transfer_syntax)
    return _decoded(Parser(raw).data_set(0, len(raw), encoding), raw, DEFAULT, encoding.is_little_endian)


def _decoded(
    elements: DataSet, raw: bytes, inherited: CharacterSet, is_little_endian: bool
) -> dict[int, str | tuple[Identifier, ...]]:
    charset = inherited
    found: dict[int, str | tuple[Identifier, ...]] = {}
    for tag, vr, start, end, items, _ in elements:
        if items is not None:
            found[tag] = tuple(_decoded(item, raw, charset, is_little_endian) for item in items)
            continue
        known = vr if vr and vr != "UN" else _vr(tag)
        value = text_of(known, raw[start:end], charset, is_little_endian=is_little_endian) if end > start else ""
        if tag == SPECIFIC_CHARACTER_SET:
            charset = character_set(value)
        found[tag] = value
    return found


def encode_identifier(items: Identifier, transfer_syntax: str) -> bytes:
    """The data set of `items`, in tag order.

    Text that is not ASCII is written in UTF-8 and (0008,0005) says so; without such text (0008,0005) is left out,
    whatever `items` has there. A number or attribute tag that does not fit its VR, as damaged objects have them, is
    written as an empty value. Never raises.
    """
    encoding = encoding_of(transfer_syntax)
    return _data_set(items, _heads(encoding), encoding, is_root=True)


_Head: TypeAlias = "Callable[[int, str, int], bytes]"
"""(tag, VR, length) → the bytes before the value."""


def _data_set(items: Identifier, head: _Head, encoding: Encoding, *, is_root: bool) -> bytes:
    parts: list[bytes] = []
    is_ascii = True
    for tag in sorted(items):
        value = items[tag]
        if tag == SPECIFIC_CHARACTER_SET:
            continue
        if isinstance(value, str):
            vr, raw = _vr(tag), b""
            if value:
                raw = _value(vr, value, encoding)
                is_ascii = is_ascii and raw.isascii()
        else:
            vr, raw = "SQ", _sequence(value, head, encoding)
            is_ascii = is_ascii and raw.isascii()
        parts.append(head(tag, vr, len(raw)))
        parts.append(raw)
    if is_root and not is_ascii and not _is_ascii(items):
        before = 2 * sum(1 for tag in items if tag < SPECIFIC_CHARACTER_SET)
        parts[before:before] = [head(SPECIFIC_CHARACTER_SET, "CS", 10), _UTF_8_DECLARED]
    return b"".join(parts)


def _is_ascii(items: Identifier) -> bool:
    """True if no text needs a character set; binary values, which `bytes.isascii` also stumbles on, do not count."""
    return all(v.isascii() if isinstance(v, str) else all(_is_ascii(item) for item in v) for v in items.values())


def _sequence(items: Sequence[Identifier], head: _Head, encoding: Encoding) -> bytes:
    item_head = struct.Struct("<HHI" if encoding.is_little_endian else ">HHI").pack
    parts: list[bytes] = []
    for item in items:
        body = _data_set(item, head, encoding, is_root=False)
        parts.append(item_head(0xFFFE, 0xE000, len(body)))
        parts.append(body)
    return b"".join(parts)


def _value(vr: str, text: str, encoding: Encoding) -> bytes:
    """The bytes of a value, padded to even length."""
    if vr in BINARY_VRS:
        try:
            return _binary(vr, text, encoding)
        except (ValueError, OverflowError, struct.error):
            return b""
    raw = text.encode("utf-8", "replace")
    return raw + (b"\0" if vr == "UI" else b" ") if len(raw) % 2 else raw


def _binary(vr: str, text: str, encoding: Encoding) -> bytes:
    if vr == "AT":
        pack = struct.Struct("<HH" if encoding.is_little_endian else ">HH").pack
        return b"".join([pack(int(tag[:4], 16), int(tag[4:], 16)) for tag in text.split("\\")])
    number, convert = NUMBERS[vr, encoding.is_little_endian], float if vr in ("FL", "FD") else int
    return b"".join([number.pack(convert(value)) for value in text.split("\\")])


@lru_cache(maxsize=8)
def _heads(encoding: Encoding) -> _Head:
    order = "<" if encoding.is_little_endian else ">"
    implicit, short = struct.Struct(order + "HHI").pack, struct.Struct(order + "HH2sH").pack
    long = struct.Struct(order + "HH2sHI").pack

    def implicit_head(tag: int, _vr: str, length: int) -> bytes:
        return implicit(tag >> 16, tag & 0xFFFF, length)

    def explicit_head(tag: int, vr: str, length: int) -> bytes:
        code = vr.encode("ascii")
        if code in LONG_VRS:
            return long(tag >> 16, tag & 0xFFFF, code, 0, length)
        if length > 0xFFFE:  # too long for a short VR: UN has room (PS3.5 §6.2.2 note 1)
            return long(tag >> 16, tag & 0xFFFF, b"UN", 0, length)
        return short(tag >> 16, tag & 0xFFFF, code, length)

    return implicit_head if encoding.is_implicit_vr else explicit_head


_AMBIGUOUS: Final = {"US or SS": "US", "OB or OW": "OW", "US or OW": "US", "US or SS or OW": "US"}


@lru_cache(maxsize=4096)
def _vr(tag: int) -> str:
    """The VR an identifier's attribute is written in; unknown ones are UN."""
    vr = vr_of(tag) or "UN"
    return _AMBIGUOUS.get(vr, vr)

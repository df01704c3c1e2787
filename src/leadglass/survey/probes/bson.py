"""BSON (bsonspec.org, version 1.1): what a survey writes into its commands and reads from the answers.

Read are documents, arrays, text, whole numbers, floats and truths; values of every other type are stepped over.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from leadglass.terms.ceilings import MAX_BSON_DEPTH, MAX_BSON_ELEMENTS

__all__ = ["Document", "Value", "Writable", "decode", "encode"]

Value: TypeAlias = "str | int | float | bool | list[Value] | dict[str, Value]"
Document: TypeAlias = dict[str, Value]
Writable: TypeAlias = "str | int | bool | Sequence[Writable] | Mapping[str, Writable]"

_INT32: Final = struct.Struct("<i")
_INT64: Final = struct.Struct("<q")
_DOUBLE: Final = struct.Struct("<d")
_MAX_INT32: Final = 2**31 - 1
_FIXED: Final = {0x06: 0, 0x07: 12, 0x09: 8, 0x0A: 0, 0x11: 8, 0x13: 16, 0x7F: 0, 0xFF: 0}
"""Sizes of values that are stepped over: undefined, ObjectId, date, null, timestamp, decimal, max key, min key."""
_LENGTH_FIRST: Final = {0x0C: 12, 0x0D: 0, 0x0E: 0}
"""Bytes behind a length and its text: DBPointer, code, symbol."""


def encode(document: Mapping[str, Writable]) -> bytes:
    """The document's bytes, elements in their order."""
    body = b"".join(_element(name, value) for name, value in document.items())
    return _INT32.pack(len(body) + 5) + body + b"\0"


def _element(name: str, value: Writable) -> bytes:
    key = name.encode() + b"\0"
    if isinstance(value, bool):
        return b"\x08" + key + bytes([value])
    if isinstance(value, int):
        is_small = -_MAX_INT32 <= value <= _MAX_INT32
        return b"\x10" + key + _INT32.pack(value) if is_small else b"\x12" + key + _INT64.pack(value)
    if isinstance(value, str):
        text = value.encode()
        return b"\x02" + key + _INT32.pack(len(text) + 1) + text + b"\0"
    if isinstance(value, Mapping):
        return b"\x03" + key + encode(value)
    return b"\x04" + key + encode({str(at): item for at, item in enumerate(value)})


def decode(data: bytes) -> Document | None:
    """The document at the start of `data`; None if it is not whole, broken, too deep or too long. Never raises."""
    try:
        return _Reader(data).document(0, 0)[0]
    except (_BrokenError, struct.error, IndexError, ValueError):
        return None


class _BrokenError(Exception):
    """Not BSON."""


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._elements = 0

    def document(self, start: int, depth: int) -> tuple[Document, int]:
        """The document at `start`, and where it ends."""
        end = start + self._length(start)
        if depth > MAX_BSON_DEPTH or end < start + 5 or end > len(self._data) or self._data[end - 1]:
            raise _BrokenError
        found: Document = {}
        position = start + 4
        while position < end - 1:
            self._elements += 1
            if self._elements > MAX_BSON_ELEMENTS:
                raise _BrokenError
            kind = self._data[position]
            zero = self._data.index(0, position + 1, end)
            name = self._data[position + 1 : zero].decode("utf-8", "replace")
            value, position = self._value(kind, zero + 1, depth)
            if value is not None:
                found[name] = value
        if position != end - 1:
            raise _BrokenError
        return found, end

    def _value(self, kind: int, at: int, depth: int) -> tuple[Value | None, int]:
        match kind:
            case 0x01:
                return _DOUBLE.unpack_from(self._data, at)[0], at + 8
            case 0x02:
                end = at + 4 + self._length(at)
                return self._data[at + 4 : end - 1].decode("utf-8", "replace"), end
            case 0x03:
                return self.document(at, depth + 1)
            case 0x04:
                items, end = self.document(at, depth + 1)
                return list(items.values()), end
            case 0x08:
                return self._data[at] != 0, at + 1
            case 0x10:
                return _INT32.unpack_from(self._data, at)[0], at + 4
            case 0x12:
                return _INT64.unpack_from(self._data, at)[0], at + 8
        return None, self._end_of(kind, at)

    def _end_of(self, kind: int, at: int) -> int:
        """Where a value ends that is not read."""
        if kind in _FIXED:
            return at + _FIXED[kind]
        if kind in _LENGTH_FIRST:
            return at + 4 + self._length(at) + _LENGTH_FIRST[kind]
        if kind == 0x05:  # binary: length, subtype, bytes
            return at + 5 + self._length(at)
        if kind == 0x0B:  # regular expression: two C strings
            return self._data.index(0, self._data.index(0, at) + 1) + 1
        if kind == 0x0F:  # code with scope: a length over all of it
            return at + self._length(at)
        raise _BrokenError

    def _length(self, at: int) -> int:
        length: int = _INT32.unpack_from(self._data, at)[0]
        if length < 0:
            raise _BrokenError
        return length

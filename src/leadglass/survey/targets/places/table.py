"""One packed table: where a range of addresses begins, and its label.

An xz file. Inside: a line that names the format, a line of JSON (`Head`), then for IPv4 and for IPv6 the distance of
each beginning from the one before and the number of its label, column by column of bytes because that packs best;
then the labels, a line each. IPv6 is told apart by its first 64 bits. Label 0 is "": nothing is known there.
"""

from __future__ import annotations

import lzma
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

import msgspec

from leadglass.survey.addresses import IPV6_FIRST
from leadglass.terms.ceilings import MAX_PLACES

__all__ = ["Damaged", "Head", "Table"]

_FORMAT: Final = b"leadglass places 1\n"
_STARTS: Final = ("I", "Q")  # of IPv4 and IPv6
_LABELS: Final = "I"


class Damaged(ValueError):
    """These bytes are no packed table."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a table says of itself."""

    of: str  # "country" or "as"
    date: str  # of the data, YYYY-MM-DD
    credit: str  # what its licence wants said
    rows: tuple[int, int]  # of IPv4, of IPv6


class Table:
    """Look-ups by bisection, in arrays: about 10 bytes a row."""

    def __init__(
        self, head: Head, starts: Sequence[Sequence[int]], numbers: Sequence[Sequence[int]], labels: Sequence[str]
    ) -> None:
        self.head = head
        self._starts = starts
        self._numbers = numbers
        self._labels = labels

    def label_of(self, key: int) -> str:
        """The label of an address (as `addresses.key_of`); "" if nothing is known."""
        family, spot = (0, key) if key < IPV6_FIRST else (1, (key - IPV6_FIRST) >> 64)
        place = bisect_right(self._starts[family], spot) - 1
        return self._labels[self._numbers[family][place]] if place >= 0 else ""

    def packed(self) -> bytes:
        """The bytes of its file."""
        parts = [_FORMAT, msgspec.json.encode(self.head), b"\n"]
        for family in (0, 1):
            starts = self._starts[family]
            gaps = [after - before for before, after in zip([0, *starts], starts, strict=False)]
            parts += [_in_columns(gaps, _STARTS[family]), _in_columns(self._numbers[family], _LABELS)]
        parts.append("\n".join(self._labels).encode())
        return lzma.compress(b"".join(parts), preset=9 | lzma.PRESET_EXTREME)

    @classmethod
    def unpacked(cls, data: bytes) -> Table:
        """The table in a file's bytes. Damaged if there is none."""
        raw = _decompressed(data)
        if not raw.startswith(_FORMAT):
            raise Damaged("it is no table of places")
        ends = raw.find(b"\n", len(_FORMAT))
        try:
            head = msgspec.json.decode(raw[len(_FORMAT) : ends], type=Head)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Damaged("its head is damaged") from error
        if min(head.rows) < 0 or sum(head.rows) > len(raw):
            raise Damaged("its head speaks of more rows than there are")
        reader = _Reader(raw, ends + 1)
        starts: list[Sequence[int]] = []
        numbers: list[Sequence[int]] = []
        for family in (0, 1):
            gaps = reader.column(head.rows[family], _STARTS[family])
            starts.append(_summed(gaps, _STARTS[family]))
            numbers.append(reader.column(head.rows[family], _LABELS))
        labels = reader.rest().decode("utf-8", "replace").split("\n")
        if any(max(column, default=0) >= len(labels) for column in numbers):
            raise Damaged("it has numbers without a label")
        return cls(head, starts, numbers, labels)


class _Reader:
    """Takes columns off the bytes, one after another."""

    def __init__(self, raw: bytes, at: int) -> None:
        self._raw = raw
        self._at = at

    def column(self, rows: int, kind: str) -> array[int]:
        width = array(kind).itemsize
        end = self._at + rows * width
        if end > len(self._raw):
            raise Damaged("it ends too early")
        turned = bytearray(rows * width)
        for place in range(width):
            turned[place::width] = self._raw[self._at + place * rows : self._at + (place + 1) * rows]
        self._at = end
        numbers: array[int] = array(kind, bytes(turned))
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers

    def rest(self) -> bytes:
        return self._raw[self._at :]


def _summed(gaps: array[int], kind: str) -> array[int]:
    try:
        return array(kind, accumulate(gaps))
    except OverflowError:
        raise Damaged("its ranges leave the address space") from None


def _in_columns(numbers: Iterable[int], kind: str) -> bytes:
    packed: array[int] = array(kind, numbers)
    if sys.byteorder == "big":
        packed.byteswap()
    raw = packed.tobytes()
    return b"".join(raw[place :: packed.itemsize] for place in range(packed.itemsize))


def _decompressed(data: bytes) -> bytes:
    decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_PLACES * 2)
    try:
        raw = decompressor.decompress(data, MAX_PLACES)
    except (lzma.LZMAError, EOFError) as error:
        raise Damaged("it cannot be unpacked") from error
    if not decompressor.eof:
        raise Damaged("it is cut short, or too large")
    return raw

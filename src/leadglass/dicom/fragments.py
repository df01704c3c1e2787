"""Compressed frames: which fragments each is made of (PS3.5 §A.4, PS3.3 §C.7.6.3.1.8).

An offset table tells where a frame begins, so that a frame is found by looking at its own fragments
only. A table that cannot be true is left aside. Without one every fragment's head is looked at, once.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from leadglass.dicom.elements.encoding import ITEM, SEQUENCE_DELIMITATION, UNDEFINED_LENGTH
from leadglass.dicom.elements.refusals import malformed, too_much
from leadglass.dicom.ranges import Range, Walking
from leadglass.terms.ceilings import MAX_FRAGMENTS, MAX_OFFSET_TABLE

__all__ = ["CountedFrames", "ExtendedFrames", "TabledFrames", "Tables", "find_fragments"]

_ITEM_HEAD = struct.Struct("<HHI")
_PEEK: Final = 4
_CODESTREAMS: Final = (
    b"\xff\xd8\xff",  # JPEG and JPEG-LS
    b"\xff\x4f\xff\x51",  # JPEG 2000 and HTJ2K
    b"\xff\x0a",  # JPEG XL
)
"""How a compressed frame begins."""


@dataclass(frozen=True, slots=True)
class Tables:
    """Extended Offset Table and its lengths, as far as there are any."""

    offsets: bytes = b""
    lengths: bytes = b""

    def extended(self, value: bytes, *, is_lengths: bool) -> Tables:
        """These, and one more."""
        return replace(self, lengths=value) if is_lengths else replace(self, offsets=value)


def find_fragments(
    start: int, size: int, number: int, tables: Tables
) -> Walking[TabledFrames | ExtendedFrames | CountedFrames]:
    """The frames of encapsulated pixel data whose value begins at `start`, in a data set of `size` bytes.

    PeerViolation if the frames cannot be told apart; CeilingReached if that would take too long.
    """
    length = yield from _item(start, size)
    if length is None or length % 4:
        raise malformed("compressed pixels begin with a Basic Offset Table", "PS3.5 §A.4")
    if length > MAX_OFFSET_TABLE:
        raise too_much("MAX_OFFSET_TABLE", MAX_OFFSET_TABLE, length)
    first = start + 8 + length
    if number > 1:
        if found := _by_extended_table(tables, first, size, number):
            return found
        table = yield Range(start + 8, length)
        offsets = _numbers("I", bytes(table))
        if len(offsets) == number and _is_plausible(offsets, size - first):
            return TabledFrames(first, size, offsets)
    return (yield from _by_counting(first, size, number))


@dataclass(frozen=True, slots=True)
class TabledFrames:
    """Frames that a Basic Offset Table tells the beginnings of."""

    first: int
    size: int
    offsets: Sequence[int]

    @property
    def number(self) -> int:
        """How many frames there are."""
        return len(self.offsets)

    @property
    def entries(self) -> int:
        """Numbers kept in memory."""
        return len(self.offsets)

    def pieces(self, number: int) -> Walking[tuple[Range, ...]]:
        """The frame's fragments. PeerViolation if the table points beside them."""
        if not 0 <= number < self.number:
            raise IndexError(number)
        position = self.first + self.offsets[number]
        end = self.first + self.offsets[number + 1] if number + 1 < self.number else None
        found: list[Range] = []
        while position != end:
            length = yield from _item(position, self.size)
            if length is None and end is None:
                break
            if length is None or (end is not None and position + 8 + length > end):
                raise malformed("the Basic Offset Table points beside the fragments", "PS3.5 §A.4")
            found.append(Range(position + 8, length))
            _check_ceiling(len(found))
            position += 8 + length
        return tuple(found)


@dataclass(frozen=True, slots=True)
class ExtendedFrames:
    """Frames of one fragment each that an Extended Offset Table tells the places of."""

    first: int
    size: int
    offsets: Sequence[int]
    lengths: Sequence[int]

    @property
    def number(self) -> int:
        """How many frames there are."""
        return len(self.offsets)

    @property
    def entries(self) -> int:
        """Numbers kept in memory."""
        return 2 * len(self.offsets)

    def pieces(self, number: int) -> Walking[tuple[Range, ...]]:
        """The frame's fragment, without the byte that made it even. PeerViolation if there is none."""
        if not 0 <= number < self.number:
            raise IndexError(number)
        position, wanted = self.first + self.offsets[number], self.lengths[number]
        length = yield from _item(position, self.size)
        if length is None or length < wanted:
            raise malformed("the Extended Offset Table points beside the fragments", "PS3.3 §C.7.6.3.1.8")
        return (Range(position + 8, wanted),)


@dataclass(frozen=True, slots=True)
class CountedFrames:
    """Frames found by looking at every fragment. `begins` tells with which fragment each frame begins."""

    starts: Sequence[int]
    lengths: Sequence[int]
    begins: Sequence[int]

    @property
    def number(self) -> int:
        """How many frames there are."""
        return len(self.begins)

    @property
    def entries(self) -> int:
        """Numbers kept in memory."""
        return 2 * len(self.starts) + len(self.begins)

    def pieces(self, number: int) -> Walking[tuple[Range, ...]]:
        """The frame's fragments. Nothing needs to be read to tell."""
        if not 0 <= number < self.number:
            raise IndexError(number)
        first = self.begins[number]
        end = self.begins[number + 1] if number + 1 < self.number else len(self.starts)
        return tuple(map(Range, self.starts[first:end], self.lengths[first:end]))
        yield  # makes this a walk


def _by_extended_table(tables: Tables, first: int, size: int, number: int) -> ExtendedFrames | None:
    offsets, lengths = _numbers("Q", tables.offsets), _numbers("Q", tables.lengths)
    if len(offsets) != number or len(lengths) != number or not _is_plausible(offsets, size - first):
        return None
    if max(lengths) > size - first:
        return None
    return ExtendedFrames(first, size, offsets, lengths)


def _by_counting(position: int, size: int, number: int) -> Walking[CountedFrames]:
    starts, lengths, codestreams = array("Q"), array("Q"), array("Q")
    while (length := (yield from _item(position, size))) is not None:
        _check_ceiling(len(starts) + 1)
        if number > 1:
            peeked = yield Range(position + 8, min(_PEEK, length))
            if bytes(peeked).startswith(_CODESTREAMS):
                codestreams.append(len(starts))
        starts.append(position + 8)
        lengths.append(length)
        position += 8 + length
    if not starts:
        return CountedFrames(starts, lengths, array("Q"))
    if number <= 1:
        return CountedFrames(starts, lengths, array("Q", [0] * number))
    if len(starts) == number:
        return CountedFrames(starts, lengths, array("Q", range(number)))
    if len(codestreams) == number and codestreams[0] == 0:
        return CountedFrames(starts, lengths, codestreams)
    raise malformed("nothing tells which fragments belong to which frame", "PS3.5 §A.4")


def _item(position: int, size: int) -> Walking[int | None]:
    """The length of the item at `position`; None where the fragments end. PeerViolation if there is neither."""
    head = yield Range(position, _ITEM_HEAD.size)
    if len(head) < _ITEM_HEAD.size:
        raise malformed("the fragments do not end", "PS3.5 §A.4")
    group, element, length = _ITEM_HEAD.unpack(head)
    tag = group << 16 | element
    if tag == SEQUENCE_DELIMITATION:
        return None
    if tag != ITEM or length == UNDEFINED_LENGTH:
        raise malformed("compressed pixels are not made of fragments", "PS3.5 §A.4")
    if position + _ITEM_HEAD.size + length > size:
        raise malformed("a fragment reaches beyond the data set", "PS3.5 §A.4")
    return int(length)


def _numbers(code: str, value: bytes) -> array[int]:
    """The little endian numbers in a table; none if they do not fill it."""
    numbers = array(code)
    if len(value) % numbers.itemsize == 0:
        numbers.frombytes(value)
        if struct.pack("=H", 1) != struct.pack("<H", 1):
            numbers.byteswap()
    return numbers


def _is_plausible(offsets: Sequence[int], end: int) -> bool:
    """True if the frames follow one another, from the first fragment on and within the value."""
    return (
        bool(offsets)
        and offsets[0] == 0
        and offsets[-1] + _ITEM_HEAD.size <= end
        and all(a + _ITEM_HEAD.size <= b for a, b in pairwise(offsets))
    )


def _check_ceiling(fragments: int) -> None:
    if fragments > MAX_FRAGMENTS:
        raise too_much("MAX_FRAGMENTS", MAX_FRAGMENTS, fragments)

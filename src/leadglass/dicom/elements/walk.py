"""One pass over the top-level elements of a data set, in any of the four encodings (PS3.5 §7.1): the hot loop.

Nothing is decoded, and sequences of known length are passed in one step. The two loops are written out side by side
on purpose: a call per element would cost as much as all the rest.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from leadglass.dicom.dictionary import vr_of
from leadglass.dicom.elements.encoding import LONG_VRS, SHORT_VRS, UNDEFINED_LENGTH, Encoding, layout_of
from leadglass.dicom.elements.index_tags import IDENTIFYING, SPECIFIC_CHARACTER_SET
from leadglass.dicom.elements.refusals import too_much
from leadglass.dicom.elements.tree import Parser
from leadglass.terms.ceilings import MAX_HEADER_ELEMENTS

__all__ = ["LONGEST_HEAD", "Found", "Plan", "Walk", "plan_of"]

_PIXEL_DATA_GROUP: Final = 0x7FE0
LONGEST_HEAD: Final = 12
"""Bytes of an element before its value, at most."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a walk looks for. A wire tag is the four bytes of a tag read as one number in the walk's byte order."""

    tags: Mapping[int, int]  # wire tag → tag
    last_group: int
    identifying: tuple[int, ...]  # the tags without which a walk does not end early


@lru_cache(maxsize=16)
def plan_of(wanted: frozenset[int], is_little_endian: bool) -> Plan:
    tags = wanted | {SPECIFIC_CHARACTER_SET}
    wire = {(tag & 0xFFFF) << 16 | tag >> 16 if is_little_endian else tag: tag for tag in tags}
    return Plan(wire, max(tags) >> 16, tuple(tag for tag in IDENTIFYING.values() if tag in wanted))


_LITTLE_HEAD, _BIG_HEAD = struct.Struct("<I2sH").unpack_from, struct.Struct(">I2sH").unpack_from
_LITTLE_PAIR, _BIG_PAIR = struct.Struct("<II").unpack_from, struct.Struct(">II").unpack_from
_LITTLE_LONG, _BIG_LONG = struct.Struct("<I").unpack_from, struct.Struct(">I").unpack_from

Found = dict[int, tuple[bytes, bytes | memoryview]]  # tag → (VR on the wire or b"", value)


class Walk:
    """One pass over the top-level elements; `pos` is where it ended."""

    __slots__ = ("_data", "_encoding", "_parser", "_plan", "found", "pos")

    def __init__(self, data: bytes | memoryview, encoding: Encoding, plan: Plan) -> None:
        self._data = data
        self._encoding = encoding
        self._plan = plan
        self._parser = Parser(data)
        self.found: Found = {}
        self.pos = 0

    def explicit(self) -> bool:
        """Walks explicit VR. True if the header was read to its end, False if the bytes ended first."""
        data, found, tags, last = self._data, self.found, self._plan.tags, self._plan.last_group
        little = self._encoding.is_little_endian
        head, long = (_LITTLE_HEAD, _LITTLE_LONG) if little else (_BIG_HEAD, _BIG_LONG)
        pos = 0
        try:
            for _ in range(MAX_HEADER_ELEMENTS):
                wire, vr, length = head(data, pos)
                start = pos + 8
                if vr not in SHORT_VRS:
                    # Short elements beyond the last wanted one are just passed: the test costs more than they do.
                    group = wire & 0xFFFF if little else wire >> 16
                    if group > last and self._is_done(group):
                        self.pos = pos
                        return True
                    if vr in LONG_VRS:
                        (length,) = long(data, start)
                        start += 4
                    elif not (vr.isalpha() and vr.isupper()):
                        (length,) = long(data, pos + 4)
                        vr = b""
                    if length == UNDEFINED_LENGTH:
                        length = self._length_of_undefined(wire, vr, start)
                pos = start + length
                if wire in tags:
                    found[tags[wire]] = (vr, data[start:pos])
        except struct.error:
            self.pos = pos
            return False
        raise too_much("MAX_HEADER_ELEMENTS", MAX_HEADER_ELEMENTS, MAX_HEADER_ELEMENTS + 1)

    def implicit(self) -> bool:
        """Walks implicit VR, as `explicit` does."""
        data, found, tags, last = self._data, self.found, self._plan.tags, self._plan.last_group
        little = self._encoding.is_little_endian
        pair = _LITTLE_PAIR if little else _BIG_PAIR
        pos = 0
        try:
            for _ in range(MAX_HEADER_ELEMENTS):
                wire, length = pair(data, pos)
                group = wire & 0xFFFF if little else wire >> 16
                if group > last and self._is_done(group):
                    self.pos = pos
                    return True
                start = pos + 8
                if length == UNDEFINED_LENGTH:
                    length = self._length_of_undefined(wire, b"", start)
                pos = start + length
                if wire in tags:
                    found[tags[wire]] = (b"", data[start:pos])
        except struct.error:
            self.pos = pos
            return False
        raise too_much("MAX_HEADER_ELEMENTS", MAX_HEADER_ELEMENTS, MAX_HEADER_ELEMENTS + 1)

    def _is_done(self, group: int) -> bool:
        return group >= _PIXEL_DATA_GROUP or all(tag in self.found for tag in self._plan.identifying)

    def _length_of_undefined(self, wire: int, vr: bytes, start: int) -> int:
        """The length, its delimiter included, of a value of undefined length."""
        tag = (wire & 0xFFFF) << 16 | wire >> 16 if self._encoding.is_little_endian else wire
        known = vr.decode("ascii") or vr_of(tag)
        if known in ("SQ", "UN", ""):
            is_un = known == "UN"
            return self._parser.sequence(tag, start, UNDEFINED_LENGTH, self._encoding, is_un=is_un)[1] - start
        return self._parser.fragments_end(start, layout_of(self._encoding)) - start

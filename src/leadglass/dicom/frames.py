"""Where the frames of an object lie (PS3.3 §C.7.6.3, PS3.5 §8, §A.4), found from as few of its bytes as will do.

    layout = walk(find_frames(transfer_syntax, length of the data set))     # None: there is no pixel data
    pieces = walk(layout.frames.pieces(number))                             # ranges of the data set, numbers from 0
    frame  = layout.cut(number, their bytes in a row)

Whatever the bytes, these return or raise PeerViolation (CeilingReached among them). Nothing is decoded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from leadglass.dicom.elements.encoding import (
    LONG_VRS,
    SHORT_VRS,
    UNDEFINED_LENGTH,
    Encoding,
    actual_encoding,
    encoding_of,
    layout_of,
)
from leadglass.dicom.elements.refusals import EndsTooEarly, malformed, too_much
from leadglass.dicom.elements.walk import LONGEST_HEAD, Found, Walk, plan_of
from leadglass.dicom.fragments import Tables, find_fragments
from leadglass.dicom.ranges import Range, Walking
from leadglass.dicom.uids import transfer_syntax_of
from leadglass.terms.ceilings import MAX_HEADER_BYTES, MAX_OFFSET_TABLE, MIB

__all__ = ["Frames", "Layout", "NativeFrames", "PixelDescription", "can_be_found", "find_frames"]

_SAMPLES_PER_PIXEL: Final = 0x00280002
_PHOTOMETRIC_INTERPRETATION: Final = 0x00280004
_NUMBER_OF_FRAMES: Final = 0x00280008
_ROWS: Final = 0x00280010
_COLUMNS: Final = 0x00280011
_BITS_ALLOCATED: Final = 0x00280100
_LAST_BEFORE_PIXELS: Final = 0x7FDFFFFF
_WANTED: Final = frozenset(
    {
        _SAMPLES_PER_PIXEL,
        _PHOTOMETRIC_INTERPRETATION,
        _NUMBER_OF_FRAMES,
        _ROWS,
        _COLUMNS,
        _BITS_ALLOCATED,
        _LAST_BEFORE_PIXELS,  # no such attribute: it keeps the walk going until the pixels' own group
    }
)
_EXTENDED_OFFSET_TABLE: Final = 0x7FE00001
_EXTENDED_OFFSET_TABLE_LENGTHS: Final = 0x7FE00002
_PIXEL_DATA: Final = 0x7FE00010
_FLOATS: Final = {0x7FE00008: 32, 0x7FE00009: 64}
"""Float and Double Float Pixel Data, and the bits of their values."""


class Frames(Protocol):
    """The frames of one object, numbered from 0."""

    @property
    def number(self) -> int:
        """How many there are: never more than the data set says, nor than its bytes hold."""

    def pieces(self, number: int) -> Walking[tuple[Range, ...]]:
        """The ranges that hold a frame. IndexError if there is none of that number."""


@dataclass(frozen=True, slots=True)
class PixelDescription:
    """What a data set says of its pixels. 0 and "" where it says nothing."""

    rows: int
    columns: int
    samples_per_pixel: int
    bits_allocated: int
    photometric_interpretation: str
    number_of_frames: int

    @property
    def frame_bits(self) -> int:
        """Bits of one uncompressed frame; neighbours share their colour in YBR_FULL_422 (PS3.3 §C.7.6.3.1.2)."""
        bits = self.rows * self.columns * self.samples_per_pixel * self.bits_allocated
        return bits // 3 * 2 if self.photometric_interpretation == "YBR_FULL_422" else bits


@dataclass(frozen=True, slots=True)
class Layout:
    """The pixels of one object: what is needed to give out one frame without looking at the others."""

    description: PixelDescription
    frames: Frames
    header_length: int  # bytes of the data set before the group of the pixels
    encoding: Encoding  # the one really used
    tag: int  # of the pixel data
    vr: bytes
    is_encapsulated: bool

    @property
    def weight(self) -> int:
        """About how many bytes of memory this takes."""
        return 500 + 16 * getattr(self.frames, "entries", 0)

    @property
    def frames_are_bytes(self) -> bool:
        """True if the bytes of its pieces in a row are a frame, so that nothing needs to be cut."""
        return not isinstance(self.frames, NativeFrames) or self.frames.frame_bits % 8 == 0

    def cut(self, number: int, data: bytes) -> bytes:
        """The frame, out of the bytes of its pieces in a row."""
        return self.frames.cut(number, data) if isinstance(self.frames, NativeFrames) else data

    def pixel_data(self, frame: bytes) -> bytes:
        """The pixel data element of an object like this one that holds only `frame` (PS3.5 §A.4, table A.4-1)."""
        layout = layout_of(self.encoding)
        padded = frame + b"\0" * (len(frame) % 2)
        length = UNDEFINED_LENGTH if self.is_encapsulated else len(padded)
        group, element = self.tag >> 16, self.tag & 0xFFFF
        if self.encoding.is_implicit_vr:
            head = layout.implicit.pack(group, element, length)
        else:
            head = layout.explicit.pack(group, element, self.vr, 0) + layout.long.pack(length)
        if not self.is_encapsulated:
            return head + padded
        items = layout.implicit.pack(0xFFFE, 0xE000, 0) + layout.implicit.pack(0xFFFE, 0xE000, len(padded))
        return head + items + padded + layout.implicit.pack(0xFFFE, 0xE0DD, 0)


@dataclass(frozen=True, slots=True)
class NativeFrames:
    """Uncompressed frames, one behind the other; those of single bits begin within a byte (PS3.5 §8.1.1)."""

    start: int
    number: int
    frame_bits: int

    def pieces(self, number: int) -> Walking[tuple[Range, ...]]:
        """The one range that holds the frame. Nothing needs to be read to tell."""
        return (self.range(number),)
        yield  # makes this a walk

    def range(self, number: int) -> Range:
        """The bytes in which the frame lies, its first and last one perhaps shared with neighbours."""
        if not 0 <= number < self.number:
            raise IndexError(number)
        first = number * self.frame_bits
        begin = first // 8
        return Range(self.start + begin, (first + self.frame_bits + 7) // 8 - begin)

    def cut(self, number: int, data: bytes) -> bytes:
        """The frame's own bits, beginning with a byte; the rest of the last byte is zero."""
        shift = number * self.frame_bits % 8
        if not shift and not self.frame_bits % 8:
            return data
        bits = int.from_bytes(data, "little") >> shift & (1 << self.frame_bits) - 1
        return bits.to_bytes((self.frame_bits + 7) // 8, "little")


def can_be_found(transfer_syntax: str) -> bool:
    """True if frames can be read out of an object in this transfer syntax as it lies: not so if all of it is one
    deflate stream, or if words lie the other way round than they are given out."""
    facts = transfer_syntax_of(transfer_syntax)
    return facts.is_little_endian and not facts.is_deflated


def find_frames(transfer_syntax: str, size: int) -> Walking[Layout | None]:
    """Where the frames of a data set of `size` bytes lie; None if it has no pixel data.

    `transfer_syntax` is one that `can_be_found`. PeerViolation if the pixels do not lie as the standard says.
    """
    found, position, encoding = yield from _header(encoding_of(transfer_syntax), size)
    header_length, tables = position, Tables()
    while True:
        head = yield Range(position, LONGEST_HEAD)
        if len(head) < 8:
            return None
        tag, vr, length, head_size = _element(head, encoding)
        start = position + head_size
        if tag >> 16 != _PIXEL_DATA >> 16 or tag > _PIXEL_DATA:
            return None
        if tag == _PIXEL_DATA or tag in _FLOATS:
            break
        if length == UNDEFINED_LENGTH or start + length > size:
            raise malformed("what stands before the pixels does not end", "PS3.5 §7.1")
        if tag in (_EXTENDED_OFFSET_TABLE, _EXTENDED_OFFSET_TABLE_LENGTHS):
            if length > MAX_OFFSET_TABLE:
                raise too_much("MAX_OFFSET_TABLE", MAX_OFFSET_TABLE, length)
            value = yield Range(start, length)
            tables = tables.extended(bytes(value), is_lengths=tag == _EXTENDED_OFFSET_TABLE_LENGTHS)
        position = start + length
    description = _description(found, encoding, _FLOATS.get(tag))
    frames: Frames
    if length == UNDEFINED_LENGTH:
        if not encoding.is_little_endian:
            raise malformed("compressed pixels are always little endian", "PS3.5 §A.4")
        frames = yield from find_fragments(start, size, description.number_of_frames, tables)
    else:
        frames = _native(description, start, min(length, size - start), transfer_syntax)
    return Layout(description, frames, header_length, encoding, tag, vr, length == UNDEFINED_LENGTH)


def _header(promised: Encoding, size: int) -> Walking[tuple[Found, int, Encoding]]:
    """The attributes that describe the pixels, and where the header ends."""
    wanted = MIB
    while True:
        data = yield Range(0, min(wanted, size))
        encoding = actual_encoding(data, 0, promised)
        walk = Walk(data, encoding, plan_of(_WANTED, encoding.is_little_endian))
        try:
            is_done = walk.implicit() if encoding.is_implicit_vr else walk.explicit()
            needed = walk.pos + LONGEST_HEAD
        except EndsTooEarly as early:
            if len(data) >= size:
                raise
            is_done, needed = False, early.needed
        if is_done or len(data) >= size:
            return walk.found, min(walk.pos, size), encoding
        wanted = max(2 * wanted, needed)
        if wanted > MAX_HEADER_BYTES:
            raise too_much("MAX_HEADER_BYTES", MAX_HEADER_BYTES, wanted)


def _element(head: bytes | memoryview, encoding: Encoding) -> tuple[int, bytes, int, int]:
    """Tag, VR, length of the value, and length of the head."""
    layout = layout_of(encoding)
    if encoding.is_implicit_vr:
        group, element, length = layout.implicit.unpack_from(head)
        return group << 16 | element, b"", length, 8
    group, element, vr, length = layout.explicit.unpack_from(head)
    tag = group << 16 | element
    if vr in SHORT_VRS:
        return tag, vr, length, 8
    if vr not in LONG_VRS or len(head) < LONGEST_HEAD:
        raise malformed("the pixels' element has no VR that pixels can have", "PS3.5 §7.1.2")
    return tag, vr, layout.long.unpack_from(head, 8)[0], LONGEST_HEAD


def _native(description: PixelDescription, start: int, length: int, transfer_syntax: str) -> NativeFrames:
    if not transfer_syntax_of(transfer_syntax).is_native:
        raise malformed("the transfer syntax speaks of fragments, and there are none", "PS3.5 §A.4")
    bits = description.frame_bits
    if bits == 0:
        raise malformed("the data set does not say how large its frames are", "PS3.3 §C.7.6.3")
    return NativeFrames(start, min(description.number_of_frames, 8 * length // bits), bits)


def _description(found: Found, encoding: Encoding, float_bits: int | None) -> PixelDescription:
    def number(tag: int, default: int = 0) -> int:
        value = bytes(found[tag][1][:2]) if tag in found else b""
        return int.from_bytes(value, "little" if encoding.is_little_endian else "big") if len(value) == 2 else default

    def text(tag: int) -> str:
        return bytes(found[tag][1][:64]).decode("latin-1").strip(" \0") if tag in found else ""

    frames = text(_NUMBER_OF_FRAMES).partition("\\")[0]
    return PixelDescription(
        rows=number(_ROWS),
        columns=number(_COLUMNS),
        samples_per_pixel=number(_SAMPLES_PER_PIXEL, 1),
        bits_allocated=float_bits or number(_BITS_ALLOCATED),
        photometric_interpretation=text(_PHOTOMETRIC_INTERPRETATION),
        number_of_frames=max(1, int(frames)) if frames.isascii() and frames.isdigit() and len(frames) <= 10 else 1,
    )

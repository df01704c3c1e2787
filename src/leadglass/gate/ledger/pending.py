"""Frames: what an acknowledged entry rests on until it is published in tiles.

A frame is one group commit: its entries, and the checkpoint of the tree that they complete. Frames stand one after
another in segment files, pending/<number of the first entry, 16 digits>.

    frame = "LGF1", length of body u32, number of first entry u64, count of entries u32, CRC-32 so far u32, body
    body  = count times (length u16, entry), length u16, checkpoint note                  (all numbers big-endian)

The checksum tells a damaged header from a write that never finished: only the latter may be cut off.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from leadglass.gate.ledger.checkpoint import BadCheckpoint, Checkpoint, verify_checkpoint
from leadglass.gate.ledger.key import VerifierKey
from leadglass.gate.ledger.tiles import BadBundle, decode_bundle, encode_bundle
from leadglass.gate.ledger.tree import RightEdge, leaf_hash

__all__ = ["Damaged", "Frame", "Torn", "check_frame", "encode_frame", "frames", "segment_name", "segments"]

_HEAD: Final = struct.Struct(">4sIQI")
_CRC: Final = struct.Struct(">I")
HEADER: Final = _HEAD.size + _CRC.size
_MAGIC: Final = b"LGF1"
MAX_FRAME_BODY: Final = 64 * 1024 * 1024
"""Bytes of a frame's body: far above any group commit, low enough to read whole."""
_SECTOR: Final = 512


@dataclass(frozen=True, slots=True)
class Frame:
    """One group commit as read back. Nothing in it is believed before `check_frame`."""

    first: int
    entries: list[bytes]
    note: bytes
    offset: int
    has_hole: bool  # a disk sector of nothing but zeros: a write that a power cut left half done

    @property
    def end(self) -> int:
        return self.first + len(self.entries)


@dataclass(frozen=True, slots=True)
class Torn:
    """The segment ends in a write that never finished. Nothing in it was acknowledged."""

    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Damaged:
    """The segment holds something at `offset` that no unfinished write explains."""

    offset: int
    what: str


def segment_name(first: int) -> str:
    return f"{first:016}"


def segments(directory: Path) -> list[tuple[int, Path]]:
    """The segment files of a ledger, in order, each with the number of its first entry."""
    folder = directory / "pending"
    if not folder.is_dir():
        return []
    return sorted((int(path.name), path) for path in folder.iterdir() if path.name.isdecimal() and len(path.name) == 16)


def encode_frame(first: int, entries: list[bytes], note: bytes) -> bytes:
    """The bytes of a frame, ready to be appended."""
    body = encode_bundle([*entries, note])
    head = _HEAD.pack(_MAGIC, len(body), first, len(entries))
    return head + _CRC.pack(zlib.crc32(head)) + body


def frames(file: BinaryIO) -> Iterator[Frame | Torn | Damaged]:
    """Every frame of an open segment; a Torn or a Damaged, if there is one, comes last."""
    offset = 0
    while header := file.read(HEADER):
        item = _read_frame(file, header, offset)
        yield item
        if not isinstance(item, Frame):
            return
        offset = file.tell()


def _read_frame(file: BinaryIO, header: bytes, offset: int) -> Frame | Torn | Damaged:
    if len(header) < HEADER or header == bytes(HEADER):
        rest = header + file.read(MAX_FRAME_BODY)
        unfinished = not any(rest) or (len(header) < HEADER and header[:4] == _MAGIC[: len(header)])
        return Torn(offset, len(rest)) if unfinished else Damaged(offset, "these bytes are not a frame")
    magic, length, first, count = _HEAD.unpack(header[: _HEAD.size])
    if (
        header[_HEAD.size :] != _CRC.pack(zlib.crc32(header[: _HEAD.size]))
        or magic != _MAGIC
        or length > MAX_FRAME_BODY
    ):
        return Damaged(offset, "the head of a frame is damaged")
    body = file.read(length)
    hole = _has_hole(body, offset + HEADER)
    if len(body) < length:
        if hole or _is_beginning(body, first, count):
            return Torn(offset, HEADER + len(body))
        return Damaged(offset, "a frame is longer than the file, and what is there is not its beginning")
    try:
        *entries, note = decode_bundle(body)
    except (BadBundle, ValueError):
        entries, note = [], b""
    if len(entries) != count:
        if hole and not file.read(1):
            return Torn(offset, HEADER + len(body))
        return Damaged(offset, "the entries of a frame do not add up")
    return Frame(first, entries, note, offset, hole)


def _has_hole(body: bytes, at: int) -> bool:
    """True if a disk sector within the body is all zeros. Entries and notes hold no zero byte, so none was written."""
    return any(not any(body[i : i + _SECTOR]) for i in range(-at % _SECTOR, len(body), _SECTOR))


def _is_beginning(body: bytes, first: int, count: int) -> bool:
    """True if these bytes can be the start of a frame's body: whole entries with the right numbers, then a piece."""
    at = 0
    for index in range(first, first + count):
        end = at + 2 + int.from_bytes(body[at : at + 2], "big")
        if len(body) < at + 2 or end > len(body):
            return True
        if not body[at + 2 : end].endswith(b'"tree_index":%d}' % index):
            return False
        at = end
    return len(body) - at < 2 + int.from_bytes(body[at : at + 2], "big")


def check_frame(frame: Frame, edge: RightEdge, key: VerifierKey) -> Checkpoint | str:
    """Grow `edge` by the frame's entries. The frame's checkpoint if it is signed and fits, else what is wrong."""
    if frame.first != edge.size:
        return f"a frame starts at entry {frame.first} where entry {edge.size} belongs"
    for entry in frame.entries:
        edge.add(leaf_hash(entry))
    try:
        checkpoint = verify_checkpoint(frame.note, key)
    except BadCheckpoint as error:
        return f"the checkpoint after entry {frame.end - 1} does not hold: {error}"
    if (checkpoint.size, checkpoint.root) != (edge.size, edge.root):
        return f"entries {frame.first} to {frame.end - 1} are not the ones that were signed"
    return checkpoint

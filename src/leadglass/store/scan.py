"""Finding records in a volume without any key: what recovery and the check walk along.

Behind a record comes the next one, or zeros up to the next multiple of 4096 where the next batch begins. Where neither
holds, something was damaged: the scan looks for the next header that holds and tells what lay between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from leadglass.store.disk import BLOCK
from leadglass.store.reading import VolumeFile
from leadglass.store.record import ALIGNMENT, HEADER, MAGIC, TRAILER, RecordHeader, parse_header
from leadglass.terms.ceilings import MIB

__all__ = ["Gap", "ScannedRecord", "is_whole", "scan"]

_WINDOW: Final = 1 * MIB
_SECTOR: Final = 512
"""The smallest unit a disk writes as a whole."""


@dataclass(frozen=True, slots=True)
class ScannedRecord:
    """A record whose header holds. Its body has not been looked at."""

    offset: int
    header: RecordHeader

    @property
    def end(self) -> int:
        return self.offset + self.header.record_length


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that should begin a record and do not."""

    offset: int
    length: int


def scan(file: VolumeFile, start: int, end: int, *, past_zeros: bool = True) -> Iterator[ScannedRecord | Gap]:
    """Records and gaps between `start` and `end`, in order.

    With `past_zeros` a batch that begins with zeros is a gap (right for a sealed volume, and for finding what a
    crash left); without, it is the end (right for a volume that is still written to).
    """
    position = start
    while position < end:
        raw = file.read(position, HEADER)
        if position % BLOCK and not any(raw[: len(MAGIC)]):
            position += -position % BLOCK
            continue
        header = parse_header(raw)
        if header is not None and position + header.record_length <= end:
            yield ScannedRecord(position, header)
            position += header.record_length
            continue
        if not past_zeros and not any(raw[: len(MAGIC)]):
            return
        following = _next_header(file, position + ALIGNMENT, end)
        yield Gap(position, following - position)
        position = following


def _next_header(file: VolumeFile, start: int, end: int) -> int:
    """Where the next header that holds begins, at or after `start`; `end` if there is none."""
    position = start
    while position < end:
        window = file.read(position, min(_WINDOW, end - position) + len(MAGIC) - 1)
        at = window.find(MAGIC)
        while at >= 0:
            found = position + at
            if found % ALIGNMENT == 0:
                header = parse_header(file.read(found, HEADER))
                if header is not None and found + header.record_length <= end:
                    return found
            at = window.find(MAGIC, at + 1)
        position += _WINDOW
    return end


def is_whole(file: VolumeFile, record: ScannedRecord) -> bool:
    """True if the record was written to its end, as far as can be told without a key.

    Room is reserved, and reads as zeros, before a record is written; a crash leaves some sectors written and others
    not. Ciphertext never holds a whole sector of zeros, so one that does was never written. The first sector
    is vouched for by the header's digest, the last by the trailer, which is that digest again.
    """
    trailer = file.read(record.end - TRAILER, TRAILER)
    if trailer != record.header.digest:
        return False
    hole = bytes(_SECTOR)
    position = record.offset + record.header.header_length
    position += -position % _SECTOR
    while position + _SECTOR <= record.end:
        window = file.read(position, min(_WINDOW, record.end - position))
        if hole in window:
            return False
        position += _WINDOW
    return True

"""A large object on its way to a volume of its own: encrypted segment by segment while it arrives.

The file is named `….spool` until it is whole and durable, so nothing half-written can ever be seen: a crash leaves a
`.spool`, and the next start removes it. The record's header fills one block (header length 4096), which puts every
MiB of the stream on a block border; it is written last.

All methods run in the spooler's one thread, in the order they were submitted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from leadglass.store.buffers import aligned_buffer
from leadglass.store.disk import BLOCK, Disk
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.objects import (
    SEGMENT,
    STREAM_HEADER,
    ObjectOpener,
    ObjectSealer,
    segment_number,
    segment_start,
    segments_of,
)
from leadglass.store.record import HEADER, TRAILER, NewRecord, parse_header, record_length
from leadglass.store.volume import FIRST_BATCH, VolumeWriter, volume_path
from leadglass.terms.errors import StorageFault

__all__ = ["Spool", "SpoolScratch"]

_STREAM: Final = FIRST_BATCH + BLOCK
"""Where the stream begins in the file."""


class SpoolScratch:
    """The spooler thread's one output buffer: a whole segment, and a block for padding and trailer."""

    def __init__(self) -> None:
        self.buffer = aligned_buffer(SEGMENT + BLOCK)


class Spool:
    """One object being spooled. The object key lives here only, until the study's key wraps it at the end."""

    def __init__(self, disk: Disk, directory: Path, number: int, scratch: SpoolScratch) -> None:
        self._disk = disk
        self._directory = directory
        self._number = number
        self._out = scratch.buffer
        self._record = NewRecord.draw()
        self._sealer = ObjectSealer(self._record.object_key, self._record.object_id)
        self._volume: VolumeWriter | None = None
        self._segments = 0
        self._fault: StorageFault | None = None
        self.is_cancelled = False

    def write_segment(self, number: int, plaintext: memoryview) -> None:
        """Encrypt and write a full segment that is not the last. StorageFault if that fails, now or before."""
        if self._fault is not None:
            raise self._fault
        if self.is_cancelled:
            return
        try:
            self._write_segment(number, plaintext)
        except StorageFault as fault:
            self._fault = fault
            raise

    def _write_segment(self, number: int, plaintext: memoryview) -> None:
        if self._volume is None:
            name = self._directory / f"{self._number:010d}.spool"
            self._volume = VolumeWriter(self._disk, self._directory, self._number, name=name)
        self._volume.reserve(_STREAM + (number + 1) * SEGMENT)
        used = self._seal(number, is_last=False, plaintext=plaintext)
        self._volume.write(self._out[:used], _STREAM + number * SEGMENT)
        self._segments = number + 1

    def commit(self, last: memoryview, plaintext_length: int, dataset_offset: int, key: StudyKey) -> Location:
        """Write the last segment and the header, make all of it durable, then visible. Its place on return."""
        if self._fault is not None:
            raise self._fault
        assert self._volume is not None, "an object is spooled because it has more than one segment"
        header = self._record.header(
            key,
            plaintext_length=plaintext_length,
            dataset_offset=dataset_offset,
            batch_offset=FIRST_BATCH,
            header_length=BLOCK,
        )
        parsed = parse_header(header)
        assert parsed is not None, "just made"
        length = record_length(plaintext_length, BLOCK)
        end = FIRST_BATCH + length + -length % BLOCK
        self._volume.reserve(end + BLOCK)
        self._write_tail(last, plaintext_length, FIRST_BATCH + length, header[HEADER - TRAILER :])
        self._out[:BLOCK] = header.ljust(BLOCK, b"\0")
        self._volume.write(self._out[:BLOCK], FIRST_BATCH)
        self._volume.seal(end, records=1)
        self._disk.rename(self._volume.path, volume_path(self._directory, self._number))
        self._volume = None
        return parsed.location(self._number, FIRST_BATCH)

    def read_back(self) -> Iterator[memoryview]:
        """The full segments written so far, decrypted, in order; each valid until the next is asked for."""
        if self._fault is not None:
            raise self._fault
        assert self._volume is not None, "an object is spooled because it has more than one segment"
        where = f"spool {self._number}"
        opener = ObjectOpener(self._record.object_key, self._record.object_id, self._sealer.header, where)
        scratch, out = aligned_buffer(SEGMENT), aligned_buffer(SEGMENT)
        for segment in segments_of(segment_start(self._segments)):
            self._volume.read_into(scratch, _STREAM + segment.number * SEGMENT)
            begin = segment.stream_start - segment.number * SEGMENT
            piece = out[: segment.length]
            # It was sealed as one of many, so it is never the last, whatever the length here makes of it.
            opener.open(replace(segment, is_last=False), scratch[begin:], piece)
            yield piece

    def _write_tail(self, last: memoryview, plaintext_length: int, record_end: int, trailer: bytes) -> None:
        """The last segment, zeros, and the trailer where the record ends."""
        assert self._volume is not None
        number = segment_number(plaintext_length - 1)
        assert len(last) == plaintext_length - segment_start(number), "the spool was given every segment before"
        start = _STREAM + number * SEGMENT
        used = self._seal(number, is_last=True, plaintext=last)
        trailer_at = record_end - TRAILER - start
        whole = trailer_at + TRAILER + -(trailer_at + TRAILER) % BLOCK
        self._out[used:whole] = bytes(whole - used)
        self._out[trailer_at : trailer_at + TRAILER] = trailer
        self._volume.write(self._out[:whole], start)

    def _seal(self, number: int, *, is_last: bool, plaintext: memoryview) -> int:
        if number > 0:
            return self._sealer.seal(number, is_last, plaintext, self._out)
        self._out[:STREAM_HEADER] = self._sealer.header
        return STREAM_HEADER + self._sealer.seal(0, is_last, plaintext, self._out[STREAM_HEADER:])

    def discard(self) -> None:
        """Remove the file. Legal at any time, also after a fault."""
        self.is_cancelled = True
        if self._volume is not None:
            self._volume.abandon(remove=True)
            self._volume = None

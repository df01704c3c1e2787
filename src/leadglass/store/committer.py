"""The one writer thread: group commit.

Whatever is waiting when the thread comes free becomes one batch: each object is encrypted straight into one warm
buffer, the batch is written with one call and synced with one call, and one call to the event loop answers all.

Faults, and what they leave:

    no room            the batch is refused; the volume goes on as it was
    write or sync      the batch is refused and the volume is left for good, as it is: after a failed sync nobody
                       knows what the disk holds, and a second sync would say "fine". The next batch begins a new
                       volume; the next start looks at the old one again (`recovery`).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from leadglass.store.buffers import aligned_buffer
from leadglass.store.disk import BLOCK, Disk
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.objects import STREAM_HEADER, ObjectSealer, segments_of
from leadglass.store.record import HEADER, TRAILER, NewRecord, record_length
from leadglass.store.volume import FIRST_BATCH, VolumeWriter
from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import OutOfSpace, StorageFault

__all__ = ["Commission", "Committer"]

BATCH: Final = 8 * MIB
"""The largest batch: holds any object that is not spooled, and bounds how long an answer waits for others."""


@dataclass(frozen=True, slots=True, eq=False)
class Commission:
    """One object to be made durable: its Part-10 file, its study's key, and who is told."""

    plaintext: memoryview
    dataset_offset: int
    key: StudyKey
    done: asyncio.Future[Location]
    handled: Callable[[], None]  # called on the event loop when `plaintext` is needed no more

    @property
    def record_length(self) -> int:
        return record_length(len(self.plaintext))


_Answer = tuple[Commission, Location | StorageFault]


class Committer:
    """Makes commissions durable, in the order they came. `submit` from the event loop; everything else is its own."""

    def __init__(self, disk: Disk, directory: Path, next_number: Callable[[], int]) -> None:
        self.ends: dict[int, int] = {}
        """Where durable records end in the volumes of this life that have no seal: the open one, and any left."""
        self._disk = disk
        self._directory = directory
        self._next_number = next_number
        self._waiting: SimpleQueue[Commission | None] = SimpleQueue()
        self._buffer = aligned_buffer(BATCH)
        self._next: list[Commission | None] = []  # taken from the queue but not into a batch yet: one at most
        self._volume: VolumeWriter | None = None
        self._records = 0
        self._thread = threading.Thread(target=self._run, name="leadglass-committer", daemon=True)
        self._thread.start()

    def submit(self, work: Commission) -> None:
        """Queue `work`; its future is answered on the event loop it belongs to."""
        self._waiting.put(work)

    def close(self) -> None:
        """Finish what is queued, seal the open volume and end the thread. Blocking; nothing may be submitted after."""
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while batch := self._gather():
            _tell(self._commit(batch))
        self._end_volume()

    def _gather(self) -> list[Commission]:
        """Wait for work, then take all that waits and fits one batch. Empty when it is time to end."""
        batch: list[Commission] = []
        size = 0
        while True:
            if not self._next:
                try:
                    self._next.append(self._waiting.get(block=not batch))
                except Empty:
                    return batch
            work = self._next[0]
            if work is None or size + work.record_length > BATCH:
                return batch
            batch.append(work)
            size += work.record_length
            self._next.clear()

    def _commit(self, batch: list[Commission]) -> list[_Answer]:
        size = sum(work.record_length for work in batch)
        size += -size % BLOCK
        try:
            volume = self._volume_for(size)
            volume.reserve(volume.end + size + BLOCK)
        except StorageFault as fault:
            if not isinstance(fault, OutOfSpace):
                self._leave_volume()
            return [(work, fault) for work in batch]
        try:
            locations = self._encrypt(batch, volume)
            volume.append(self._buffer[:size])
        except Exception as error:  # whatever it was: nothing of this batch may be called durable
            self._leave_volume()
            why = error if isinstance(error, StorageFault) else StorageFault("the journal's writer failed")
            return [(work, why) for work in batch]
        self.ends[volume.number] = volume.end
        self._records += len(batch)
        return list(zip(batch, locations, strict=True))

    def _encrypt(self, batch: list[Commission], volume: VolumeWriter) -> list[Location]:
        """Encrypt the batch into the buffer, zeros behind it."""
        locations, used = [], 0
        for work in batch:
            location = write_record(self._buffer[used:], work, volume.number, volume.end, volume.end + used)
            locations.append(location)
            used += location.length
        self._buffer[used : used + -used % BLOCK] = bytes(-used % BLOCK)
        return locations

    def _volume_for(self, size: int) -> VolumeWriter:
        if self._volume is not None and not self._volume.has_room(size):
            self._end_volume()
        if self._volume is None:
            self._volume = VolumeWriter(self._disk, self._directory, self._next_number())
            self._records = 0
        return self._volume

    def _end_volume(self) -> None:
        """Seal the open volume. If that fails its records are durable all the same; the next start seals it."""
        volume, self._volume = self._volume, None
        if volume is None:
            return
        try:
            if volume.end == FIRST_BATCH:
                volume.abandon(remove=True)
            else:
                volume.seal(volume.end, self._records)
                self.ends.pop(volume.number, None)
        except StorageFault:
            volume.abandon(remove=False)

    def _leave_volume(self) -> None:
        """Never write to the open volume again."""
        volume, self._volume = self._volume, None
        if volume is not None:
            volume.abandon(remove=volume.end == FIRST_BATCH)


def write_record(out: memoryview, work: Commission, volume: int, batch_offset: int, offset: int) -> Location:
    """Encrypt `work` into the beginning of `out`, as the record it will be at `offset` of `volume`."""
    record = NewRecord.draw()
    size, length = len(work.plaintext), work.record_length
    header = record.header(
        work.key, plaintext_length=size, dataset_offset=work.dataset_offset, batch_offset=batch_offset
    )
    sealer = ObjectSealer(record.object_key, record.object_id)
    out[:HEADER] = header
    out[HEADER : HEADER + STREAM_HEADER] = sealer.header
    end = HEADER
    for segment in segments_of(size):
        plaintext = work.plaintext[segment.start : segment.start + segment.length]
        begin = HEADER + segment.stream_start
        end = begin + sealer.seal(segment.number, segment.is_last, plaintext, out[begin:])
    out[end : length - TRAILER] = bytes(length - TRAILER - end)
    out[length - TRAILER : length] = header[HEADER - TRAILER :]
    return Location(volume, offset, length, record.object_id, work.key.key_id, size, work.dataset_offset)


def _tell(answers: list[_Answer]) -> None:
    """One call to each event loop for all of its answers; a loop that is gone has nobody left to tell."""
    by_loop: dict[asyncio.AbstractEventLoop, list[_Answer]] = {}
    for answer in answers:
        by_loop.setdefault(answer[0].done.get_loop(), []).append(answer)
    for loop, its_own in by_loop.items():
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_answer, its_own)


def _answer(answers: list[_Answer]) -> None:
    for work, outcome in answers:
        work.handled()
        if work.done.done():
            continue
        if isinstance(outcome, StorageFault):
            work.done.set_exception(outcome)
        else:
            work.done.set_result(outcome)

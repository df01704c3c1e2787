"""The local journal: encrypted objects in volume files under one directory; implements `port.ObjectJournal`.

    event loop       Incoming objects, and the futures of whoever waits
    committer thread small objects, group commit                                     (committer.py)
    spooler thread   large objects, each in a volume of its own, while they arrive   (spool.py)
    reader threads   objects out                                                     (reading.py)

One process at a time: the directory is locked while a journal is open.
"""

from __future__ import annotations

import asyncio
import fcntl
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from leadglass.store.budget import IncomingBudget
from leadglass.store.committer import Commission, Committer
from leadglass.store.comparing import same_bytes
from leadglass.store.disk import Disk
from leadglass.store.files import make_private_directory
from leadglass.store.incoming import Incoming, Workshop
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.objects import Segment, segments_of
from leadglass.store.port import IncomingObject
from leadglass.store.reading import SEGMENTS_PER_HOP, ObjectReader, VolumeFiles, reader_pool
from leadglass.store.recovery import RecoveredVolume, batches_end, recover, volume_numbers
from leadglass.store.scan import Gap, scan
from leadglass.store.spool import Spool, SpoolScratch
from leadglass.store.volume import FIRST_BATCH, volume_path
from leadglass.terms.ceilings import MAX_INCOMING_TOTAL
from leadglass.terms.errors import IntegrityFault, LocalViolation, StorageFault, UserFault

__all__ = ["Journal"]

_READERS: Final = 4


class Journal:
    """Volumes under one directory. Make one with `Journal.open`, in the process that serves; `close` it."""

    def __init__(self, directory: Path, lock: int, recovered: tuple[RecoveredVolume, ...], disk: Disk) -> None:
        self.recovered = recovered
        """What `open` found without a seal: the volumes of a life that ended in a crash."""
        self._directory = directory
        self._lock = lock
        self._disk = disk
        numbers = itertools.count(max(volume_numbers(directory), default=0) + 1)
        self._committer = Committer(disk, directory, lambda: next(numbers))
        self._files = VolumeFiles(directory)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="leadglass-reader")
        self._spooler = ThreadPoolExecutor(1, thread_name_prefix="leadglass-spooler")
        self._buffers = reader_pool()
        self._scratch = SpoolScratch()
        self._new_spool = lambda: Spool(disk, directory, next(numbers), self._scratch)
        self._workshop: Workshop | None = None
        self._is_closed = False

    @classmethod
    def open(cls, directory: Path, *, disk: Disk | None = None) -> Journal:
        """The journal under `directory`, made if there is none. Blocking: after a crash it reads the torn volume.

        UserFault if another process has it open or it is not writable; StorageFault if the disk fails.
        """
        disk = disk or Disk()
        lock = _locked(directory)
        try:
            for spool in directory.glob("*.spool"):
                disk.unlink(spool)
            recovered = tuple(_recover_unsealed(disk, directory))
            return cls(directory, lock, recovered, disk)
        except BaseException:
            os.close(lock)
            raise

    # --- in ------------------------------------------------------------------------------------------------

    def incoming(self, prefix: bytes) -> Incoming:
        """A new object whose Part-10 file begins with `prefix`."""
        if self._workshop is None:
            budget = IncomingBudget(asyncio.get_running_loop().time, MAX_INCOMING_TOTAL)
            self._workshop = Workshop.furnish(budget, self._spooler, self._new_spool)
        return Incoming(self._workshop, prefix)

    async def append(self, incoming: IncomingObject, key: StudyKey) -> Location:
        """Make a finished object durable under `key`; see `port.ObjectJournal.append`."""
        incoming = _ours(incoming)
        if self._is_closed:
            raise LocalViolation("appended to a journal that is closed")
        incoming.hand_over()
        if incoming.spool is not None:
            return await self._append_spooled(incoming, incoming.spool, key)
        done: asyncio.Future[Location] = asyncio.get_running_loop().create_future()
        self._committer.submit(Commission(incoming.last_bytes, incoming.dataset_offset, key, done, incoming.handled))
        return await done

    async def _append_spooled(self, incoming: Incoming, spool: Spool, key: StudyKey) -> Location:
        def commit() -> Location:
            try:
                return spool.commit(incoming.last_bytes, incoming.plaintext_length, incoming.dataset_offset, key)
            except StorageFault:
                spool.discard()
                raise

        done = asyncio.get_running_loop().run_in_executor(self._spooler, commit)
        done.add_done_callback(lambda _: incoming.handled())
        return await asyncio.shield(done)

    # --- out -----------------------------------------------------------------------------------------------

    async def read_whole(self, location: Location, key: StudyKey) -> bytes:
        """The Part-10 file at `location`, in one hop to a reader thread."""

        def work() -> bytes:
            scratch = self._buffers.take()
            try:
                return ObjectReader(self._files.get(location.volume), location, key).read_all(scratch)
            finally:
                self._buffers.give(scratch)

        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    async def read(
        self, location: Location, key: StudyKey, start: int = 0, length: int | None = None
    ) -> AsyncIterator[memoryview]:
        """Bytes `start` to `start + length` of the Part-10 file; see `port.ObjectJournal.read`."""
        end = location.plaintext_length if length is None else start + length
        if not 0 <= start <= end <= location.plaintext_length:
            raise ValueError("the range is not within the object")
        if start == end:
            return
        segments = list(segments_of(location.plaintext_length, start, end))
        loop = asyncio.get_running_loop()
        reading = _Reading(self._files, location, key)
        scratch, out = self._buffers.take(), self._buffers.take()
        for first in range(0, len(segments), SEGMENTS_PER_HOP):
            group = segments[first : first + SEGMENTS_PER_HOP]
            # If this await is cancelled the thread may still fill the buffers, so they must not go back to the pool.
            pieces = await loop.run_in_executor(self._readers, reading.read, group, scratch, out)
            for segment, piece in zip(group, pieces, strict=True):
                yield piece[max(0, start - segment.start) : min(segment.length, end - segment.start)]
        self._buffers.give(scratch)
        self._buffers.give(out)

    async def same_data_set(self, incoming: IncomingObject, location: Location, key: StudyKey) -> bool:
        """True if `incoming`, finished and not yet appended, carries the data set that is stored at `location`."""
        incoming = _ours(incoming)
        if incoming.length != location.plaintext_length - location.dataset_offset:
            return False
        executor = self._readers if incoming.spool is None else self._spooler
        reader = _Reading(self._files, location, key)
        return await asyncio.get_running_loop().run_in_executor(executor, same_bytes, incoming, reader.opened)

    # --- what is there -------------------------------------------------------------------------------------

    def volumes(self) -> Sequence[int]:
        """The numbers of all volumes, ascending."""
        return volume_numbers(self._directory)

    def records_since(self, volume: int, offset: int = 0) -> Iterator[Location]:
        """The durable records of `volume` that begin at or after `offset`, in order.

        If something among them is damaged, IntegrityFault is raised after all that can be had was given.
        """
        file = self._files.get(volume)
        end = self._committer.ends.get(volume)
        if end is None:
            end = batches_end(file)
        if end is None:
            return  # just created: nothing in it is durable yet
        damaged: Gap | None = None
        for item in scan(file, max(offset, FIRST_BATCH), end):
            if isinstance(item, Gap):
                damaged = damaged or item
            else:
                yield item.header.location(volume, item.offset)
        if damaged is not None:
            raise IntegrityFault(f"volume {volume} at {damaged.offset}: {damaged.length} bytes begin no record")

    async def remove_dead(self, is_alive: Callable[[bytes], bool]) -> list[int]:
        """Remove each sealed volume none of whose records' keys is alive; returns their numbers."""
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._remove_dead, is_alive)

    def _remove_dead(self, is_alive: Callable[[bytes], bool]) -> list[int]:
        removed = []
        for number in volume_numbers(self._directory)[:-1]:  # the highest stays: numbers are never used twice
            file = self._files.get(number)
            end = batches_end(file)
            if end is None:
                continue
            items = list(scan(file, FIRST_BATCH, end))
            if any(isinstance(item, Gap) or is_alive(item.header.key_id) for item in items):
                continue
            self._files.forget(number)
            self._disk.unlink(volume_path(self._directory, number))
            removed.append(number)
        if removed:
            self._disk.sync_directory(self._directory)
        return removed

    # --- the end -------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Finish the appends under way, seal the open volume, let go of the directory. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._committer.close()
        self._spooler.shutdown()
        self._readers.shutdown()
        os.close(self._lock)


class _Reading:
    """One object being read: opened in a reader thread, at the first use."""

    def __init__(self, files: VolumeFiles, location: Location, key: StudyKey) -> None:
        self._files = files
        self._location = location
        self._key = key
        self._reader: ObjectReader | None = None

    def opened(self) -> ObjectReader:
        if self._reader is None:
            self._reader = ObjectReader(self._files.get(self._location.volume), self._location, self._key)
        return self._reader

    def read(self, segments: list[Segment], scratch: memoryview, out: memoryview) -> list[memoryview]:
        return self.opened().read_segments(segments, scratch, out)


def _ours(incoming: IncomingObject) -> Incoming:
    if not isinstance(incoming, Incoming):
        raise LocalViolation("an object of another journal")
    return incoming


def _locked(directory: Path) -> int:
    """A handle on the directory's lock file, locked."""
    try:
        make_private_directory(directory)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise UserFault(
            f"the volumes' directory {directory} cannot be written: {error.strerror}",
            "Give the account that runs leadglass write access to it, or choose another --home.",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise UserFault(
            f"another leadglass has the volumes in {directory} open",
            "Stop it first, or choose another --home.",
        ) from None
    return lock


def _recover_unsealed(disk: Disk, directory: Path) -> Iterator[RecoveredVolume]:
    files = VolumeFiles(directory)
    for number in volume_numbers(directory):
        if batches_end(files.get(number)) is None:
            files.forget(number)
            yield recover(disk, volume_path(directory, number), number)

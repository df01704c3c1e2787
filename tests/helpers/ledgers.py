"""Ledgers for tests: a clock that is told the time, entries made of a number, disks that fail on cue."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from leadglass.gate.ledger import Entry, Event, Ledger, LedgerSettings, SigningKey
from leadglass.gate.ledger.files import AppendFile, LocalFiles
from leadglass.terms.errors import LedgerFault

START = datetime(2026, 3, 1, 8, 0, 0, tzinfo=UTC)
QUICK = LedgerSettings(publish_seconds=3600, publish_entries=10**9, soon_seconds=0.02, retry_seconds=0.01)
"""Nothing is published before the ledger is closed, and the disk is tried again at once."""

ON_DEMAND = replace(QUICK, soon_seconds=3600)
"""What is given to `append_soon` is written by `flush` and by nothing else: a test says what makes one frame."""


@dataclass
class Clock:
    """The time of day as the test says, one millisecond later at each look."""

    now: datetime = START

    def __call__(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now


def entry(number: int, clock: Callable[[], datetime]) -> Entry:
    """An entry that can be told from every other."""
    return Entry(
        at=clock(),
        event=Event.QUERIED,
        principal=f"usr-{number % 3}",
        study_instance_uid=f"1.2.{number}",
        patient=f"{number % 7:032x}",
        detail={"number": number},
    )


async def written(directory: Path, key: SigningKey, count: int, settings: LedgerSettings = QUICK) -> Clock:
    """A closed ledger of at least `count` entries: its own remarks come on top."""
    clock = Clock()
    ledger = Ledger.open(directory, key, clock=clock, settings=settings)
    for number in range(count):
        ledger.append_soon(entry(number, clock))
        if number % 10_000 == 9_999:
            await ledger.flush()
    await ledger.flush()
    await ledger.close()
    return clock


async def append_when_mended(ledger: Ledger, fresh: Entry) -> int:
    """Append once the ledger has noticed that its disk works again: it does not try at every moment."""
    for _ in range(1000):
        try:
            return await ledger.append(fresh)
        except LedgerFault:
            await asyncio.sleep(0.005)
    raise AssertionError(f"the ledger did not recover: {ledger.fault}")


@dataclass
class Disk:
    """Files on a disk that a test can break: set `broken` to the verbs that fail from now on."""

    broken: set[str] = field(default_factory=set)
    code: int = errno.EIO
    appended: int = 0
    torn: int = 0  # bytes of an append that reach the file although it fails
    _local: LocalFiles = field(default_factory=LocalFiles)

    def _do(self, verb: str) -> None:
        if verb in self.broken:
            raise OSError(self.code, errno.errorcode[self.code])

    def create(self, path: Path) -> AppendFile:
        self._do("create")
        file = self._local.create(path)
        if "sync_folders" in self.broken:
            file.close()
        self._do("sync_folders")
        return _File(self, file)

    def put(self, path: Path, data: bytes) -> None:
        self._do("put")
        if path.name == "checkpoint":
            self._do("put checkpoint")
        self._local.put(path, data)

    def sync_folders(self, folders: set[Path]) -> None:
        self._do("sync_folders")
        self._local.sync_folders(folders)

    def remove(self, path: Path) -> None:
        self._do("remove")
        self._local.remove(path)

    def remove_folder(self, path: Path) -> None:
        self._do("remove_folder")
        self._local.remove_folder(path)


@dataclass
class _File:
    disk: Disk
    file: AppendFile

    def append(self, data: bytes) -> None:
        if "append" in self.disk.broken:
            if self.disk.torn:
                self.file.append(data[: self.disk.torn])
            raise OSError(self.disk.code, errno.errorcode[self.disk.code])
        self.file.append(data)
        self.disk.appended += 1

    def abandon(self, length: int) -> None:
        if "abandon" in self.disk.broken:
            self.file.close()
        else:
            self.file.abandon(length)

    def close(self) -> None:
        self.file.close()

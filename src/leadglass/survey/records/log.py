"""The evidence log, growing: entries are sealed, written and synced by a thread of their own, every second."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from threading import Condition, Thread
from typing import Final

from leadglass.survey.records.chain import START, seal
from leadglass.terms.ceilings import MAX_EVIDENCE_BUFFER, MAX_EVIDENCE_SHARD, MAX_EVIDENCE_SHARD_ENTRIES
from leadglass.terms.errors import StorageFault

__all__ = ["EvidenceLog", "sync_directory"]

_EVERY: Final = 1.0
"""Seconds after which an entry is on disk at the latest: what a crash may cost."""
_WRITE_AT: Final = MAX_EVIDENCE_BUFFER // 4


class EvidenceLog:
    """Appends to `folder/evidence`, from the line with the hash `head` on, in shard number `shard`.

    The entry `opening` is on disk when this returns.
    `rolled` is told the number of each shard that is full; `gather` returns entries that the caller holds back, once
    a second and at the end.
    """

    def __init__(
        self,
        folder: Path,
        *,
        opening: bytes,
        head: str = START,
        shard: int = 1,
        entries: int = 0,
        gather: Callable[[], list[bytes]],
        rolled: Callable[[int], None],
    ) -> None:
        self.head = head
        self.shard = shard
        self._folder = folder / "evidence"
        self._entries = entries  # in this shard
        self._gather, self._rolled = gather, rolled
        self._waiting: list[bytes] = []
        self._bytes = 0
        self._closing = False
        self._fault: OSError | None = None
        self._changed = Condition()
        self._file = self._open()
        self._write([opening])
        self._thread = Thread(target=self._work, name="evidence", daemon=True)
        self._thread.start()

    def append(self, body: bytes) -> None:
        """Take an entry. Waits while too much is waiting; StorageFault if the disk failed."""
        with self._changed:
            self._changed.wait_for(lambda: self._bytes < MAX_EVIDENCE_BUFFER or self._fault)
            self._raise_fault()
            self._waiting.append(body)
            self._bytes += len(body)
            if self._bytes >= _WRITE_AT:
                self._changed.notify_all()

    def close(self) -> None:
        """All of it is on disk when this returns."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        os.close(self._file)
        self._raise_fault()

    def _raise_fault(self) -> None:
        if self._fault is not None:
            raise StorageFault(f"the evidence cannot be written: {self._fault.strerror}") from self._fault

    def _work(self) -> None:
        closing = False
        while not closing:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or self._bytes >= _WRITE_AT, _EVERY)
                closing = self._closing
                bodies, self._waiting = self._waiting, []
                self._bytes = 0
                self._changed.notify_all()
            try:
                self._write(bodies + self._gather())
            except OSError as fault:
                with self._changed:
                    self._fault = fault
                    self._changed.notify_all()
                return

    def _write(self, bodies: list[bytes]) -> None:
        lines: list[bytes] = []
        size = os.fstat(self._file).st_size
        for body in bodies:
            self.head, line = seal(self.head, body)
            lines.append(line)
            size += len(line)
            self._entries += 1
            if size >= MAX_EVIDENCE_SHARD or self._entries >= MAX_EVIDENCE_SHARD_ENTRIES:
                self._put(lines)
                self._roll()
                lines, size = [], 0
        if lines:
            self._put(lines)

    def _put(self, lines: list[bytes]) -> None:
        rest = memoryview(b"".join(lines))
        while rest:
            rest = rest[os.write(self._file, rest) :]
        os.fsync(self._file)

    def _roll(self) -> None:
        os.close(self._file)
        full, self.shard, self._entries = self.shard, self.shard + 1, 0
        self._file = self._open()
        self._rolled(full)

    def _open(self) -> int:
        path = self._folder / f"{self.shard:05}.jsonl"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        sync_directory(self._folder)
        return handle


def sync_directory(path: Path) -> None:
    """Make new names in the directory durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

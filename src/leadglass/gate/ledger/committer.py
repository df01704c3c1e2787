"""The one thread that writes entries: whatever waits when it looks becomes one frame, one signature, one fdatasync.

When writing fails, nobody is told "durable". The frame that was on its way stays in memory, because its checkpoint is
signed and a ledger never signs two different trees of one size; it is written first when the disk works again, to a
new segment, since after a failed fsync nothing is known about the old one. Until then every append fails.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from leadglass.gate.ledger.checkpoint import Checkpoint, sign_checkpoint
from leadglass.gate.ledger.entry import number
from leadglass.gate.ledger.files import AppendFile, Files
from leadglass.gate.ledger.key import SigningKey
from leadglass.gate.ledger.pending import encode_frame, segment_name
from leadglass.gate.ledger.publisher import Sealed
from leadglass.gate.ledger.settings import LedgerSettings
from leadglass.gate.ledger.tree import RightEdge, leaf_hash
from leadglass.terms.errors import LedgerFault

__all__ = ["Committer", "Item", "Recovery"]


@dataclass(frozen=True, slots=True)
class Item:
    """An encoded entry on its way; `waiter` is resolved with its number, None if nobody waits.

    Without an entry it is a barrier: resolved when all before it is durable.
    """

    encoded: bytes
    waiter: asyncio.Future[int] | None


@dataclass(frozen=True, slots=True)
class Recovery:
    """Writing works again. `refused` entries stand in the ledger although their callers were told that it failed."""

    reason: str
    refused: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Commit:
    """A signed frame and those who wait for it."""

    batch: list[tuple[int, Item]]
    data: bytes
    checkpoint: Checkpoint

    @property
    def awaited(self) -> tuple[int, ...]:
        return tuple(place for place, item in self.batch if item.waiter is not None and item.encoded)


class _Segment:
    """The pending file that is being written."""

    def __init__(self, path: Path, first: int, file: AppendFile) -> None:
        self.path = path
        self.first = first
        self.file = file
        self.length = 0
        self.since = time.monotonic()


class Committer:
    """Thread-safe front (`submit`, `fault`, `checkpoint`, `stop`) of the writing thread."""

    def __init__(
        self,
        directory: Path,
        files: Files,
        key: SigningKey,
        edge: RightEdge,
        checkpoint: Checkpoint,
        settings: LedgerSettings,
        on_sealed: Callable[[Sealed], None],
        on_recovered: Callable[[Recovery], None],
    ) -> None:
        self._directory = directory
        self._files = files
        self._key = key
        self._edge = edge
        self._settings = settings
        self._on_sealed = on_sealed
        self._on_recovered = on_recovered
        self._checkpoint = checkpoint
        self._fault = ""
        self._broken = ""
        self._condition = threading.Condition()
        self._queue: deque[Item] = deque()
        self._soon_entries = 0
        self._soon_bytes = 0
        self._soon_since = 0.0
        self._hurry = 0  # items somebody waits for
        self._stopping = False
        self._segment: _Segment | None = None
        self._unconfirmed: _Commit | None = None
        self._retry_at = 0.0
        self._thread = threading.Thread(target=self._run, name="ledger-commit", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def checkpoint(self) -> Checkpoint:
        """The newest durable one."""
        return self._checkpoint

    @property
    def fault(self) -> str:
        """Why nothing can be written just now; empty if all is well."""
        return self._broken or self._fault

    def break_off(self, reason: str) -> None:
        """From now on nothing more is taken: the ledger on the disk is not what was written to it."""
        self._broken = reason

    def submit(self, item: Item, *, always: bool = False) -> None:
        """Queue an entry. LedgerFault if a ceiling is reached or the ledger is closed: then it was not taken.

        `always` is for the ledger's own remarks: they are taken whatever the ceilings say.
        """
        with self._condition:
            if not always and (objection := self._objection(item)):
                raise LedgerFault(objection)
            self._queue.append(item)
            if item.waiter is not None:
                self._hurry += 1
                self._condition.notify()
                return
            if not self._soon_entries:
                self._soon_since = time.monotonic()
                self._condition.notify()
            self._soon_entries += 1
            self._soon_bytes += len(item.encoded)

    def _objection(self, item: Item) -> str:
        settings = self._settings
        if self._stopping:
            return "the ledger is closed"
        if self._broken or (self._fault and item.waiter is not None and time.monotonic() < self._retry_at):
            return self.fault
        if self._soon_entries >= settings.soon_entries or self._soon_bytes >= settings.soon_bytes:
            return "too many entries wait for the disk: nothing more is recorded until it takes them"
        if len(self._queue) >= settings.waiting_entries:
            return "too many entries wait to be written"
        return ""

    def stop(self) -> bool:
        """Write what waits, seal the last segment, end the thread. False if entries had to be left behind."""
        with self._condition:
            self._stopping = True
            self._condition.notify()
        self._thread.join()
        return not self._queue and self._unconfirmed is None

    def _run(self) -> None:
        while True:
            batch, stopping = self._next_batch()
            try:
                self._write(batch)
            except Exception as error:
                self.break_off(f"writing the ledger failed for a reason that is a bug ({type(error).__name__})")
                self._refuse(batch)
                raise
            self._seal_if_due(stopping)
            if stopping and (self.fault or not self._queue):
                self._refuse([])
                return

    def _next_batch(self) -> tuple[list[Item], bool]:
        with self._condition:
            while True:
                now = time.monotonic()
                wake = self._wake_at()
                if self._hurry or self._stopping or now >= wake:
                    return self._take(), self._stopping
                self._condition.wait(None if wake == float("inf") else wake - now)

    def _wake_at(self) -> float:
        """When there is something to do although nobody waits."""
        wake = float("inf")
        if self._segment is not None:
            wake = self._segment.since + self._settings.publish_seconds
        if self._soon_entries:
            wake = min(wake, self._soon_since + self._settings.soon_seconds)
        if self._fault:
            wake = self._retry_at if self._unconfirmed or self._soon_entries else wake
        return wake

    def _take(self) -> list[Item]:
        batch: list[Item] = []
        size = 0
        while self._queue and len(batch) < self._settings.frame_entries and size < self._settings.frame_bytes:
            item = self._queue.popleft()
            batch.append(item)
            size += len(item.encoded)
            if item.waiter is not None:
                self._hurry -= 1
            else:
                self._soon_entries -= 1
                self._soon_bytes -= len(item.encoded)
        self._soon_since = time.monotonic()
        return batch

    def _write(self, batch: list[Item]) -> None:
        """Make a batch durable and tell those who wait; or refuse them."""
        if self._broken or (self._fault and time.monotonic() < self._retry_at and not self._stopping):
            self._refuse(batch)
            return
        try:
            if self._unconfirmed is not None:
                self._recover(self._unconfirmed)
            if any(item.encoded for item in batch):
                segment = self._writable()
                commit, batch = self._sign(batch), []
                self._append(segment, commit)
            else:
                _tell([(item, self._checkpoint.size) for item in batch], "")
        except OSError as error:
            self._failed(error)
            self._refuse(batch)

    def _writable(self) -> _Segment:
        """The segment to append to, made if need be. Its name says that nothing durable can stand in it yet."""
        if self._segment is None:
            first = self._checkpoint.size
            path = self._directory / "pending" / segment_name(first)
            self._files.remove(path)
            self._segment = _Segment(path, first, self._files.create(path))
        return self._segment

    def _sign(self, batch: list[Item]) -> _Commit:
        entries: list[bytes] = []
        placed: list[tuple[int, Item]] = []
        for item in batch:
            placed.append((self._edge.size, item))
            if item.encoded:
                entry = number(item.encoded, self._edge.size)
                self._edge.add(leaf_hash(entry))
                entries.append(entry)
        checkpoint = sign_checkpoint(self._key, self._edge.size, self._edge.root)
        return _Commit(placed, encode_frame(checkpoint.size - len(entries), entries, checkpoint.note), checkpoint)

    def _append(self, segment: _Segment, commit: _Commit) -> None:
        try:
            segment.file.append(commit.data)
        except OSError as error:
            self._failed(error)
            self._unconfirmed = commit
            self._segment = None
            segment.file.abandon(segment.length)
            if segment.length:
                self._on_sealed(Sealed(segment.path, self._checkpoint))
            _tell([(item, place) for place, item in commit.batch], self._fault)
            raise
        segment.length += len(commit.data)
        self._checkpoint = commit.checkpoint
        self._fault = ""
        _tell([(item, place) for place, item in commit.batch], "")

    def _failed(self, error: OSError) -> None:
        self._retry_at = time.monotonic() + self._settings.retry_seconds
        self._fault = f"the ledger cannot be written ({error.strerror or type(error).__name__})"

    def _recover(self, commit: _Commit) -> None:
        """Write the frame that failed, to a new segment. Those who waited for it have been told "no" already."""
        reason = self._fault
        self._append(self._writable(), commit)
        self._unconfirmed = None
        self._on_recovered(Recovery(reason, commit.awaited))

    def _refuse(self, batch: list[Item]) -> None:
        """Tell everybody who waits, also further back in the queue; keep the entries that nobody waits for."""
        with self._condition:
            items = [*batch, *self._queue]
            self._queue = deque(item for item in items if item.waiter is None)
            self._hurry = 0
            self._soon_entries = len(self._queue)
            self._soon_bytes = sum(len(item.encoded) for item in self._queue)
        _tell([(item, 0) for item in items], self.fault or "the ledger is closed")

    def _seal_if_due(self, stopping: bool) -> None:
        """Hand the segment over to be published when it is old or long enough, or the last one."""
        segment, settings = self._segment, self._settings
        if segment is None:
            return
        entries = self._checkpoint.size - segment.first
        old = time.monotonic() - segment.since >= settings.publish_seconds
        if old or entries >= settings.publish_entries or (stopping and not self._queue):
            segment.file.close()
            self._segment = None
            self._on_sealed(Sealed(segment.path, self._checkpoint))


def _tell(placed: list[tuple[Item, int]], fault: str) -> None:
    """Resolve all who wait, with one visit to their event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[int], int]]] = {}
    for item, place in placed:
        if item.waiter is not None:
            by_loop.setdefault(item.waiter.get_loop(), []).append((item.waiter, place))
    for loop, waiters in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_resolve, waiters, fault)


def _resolve(waiters: list[tuple[asyncio.Future[int], int]], fault: str) -> None:
    for waiter, place in waiters:
        if waiter.done():
            continue
        if fault:
            waiter.set_exception(LedgerFault(fault))
        else:
            waiter.set_result(place)

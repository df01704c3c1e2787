"""The ledger itself: `append` returns when the entry can no longer be lost."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from leadglass.gate.ledger.checkpoint import Checkpoint
from leadglass.gate.ledger.committer import Committer, Item, Recovery
from leadglass.gate.ledger.entry import Entry, Event, encode_entry
from leadglass.gate.ledger.files import Files, LocalFiles
from leadglass.gate.ledger.home import lock, published_checkpoint
from leadglass.gate.ledger.key import SigningKey
from leadglass.gate.ledger.publisher import Publisher
from leadglass.gate.ledger.publishing import PublishingThread
from leadglass.gate.ledger.replay import Replayed, replay
from leadglass.gate.ledger.settings import LedgerSettings
from leadglass.gate.ledger.tiles import TILE_WIDTH, decode_bundle, read_published
from leadglass.gate.ledger.timekeeper import Timekeeper
from leadglass.terms.errors import LedgerFault

__all__ = ["Ledger", "wall_clock"]


def wall_clock() -> datetime:
    """The time of day, in UTC."""
    return datetime.now(UTC)


class Ledger:
    """An open ledger: one process writes it. Made by `open`; `close` it to publish its last entries at once."""

    def __init__(
        self,
        descriptor: int,
        start: Replayed,
        publisher: Publisher,
        files: Files,
        directory: Path,
        key: SigningKey,
        timekeeper: Timekeeper,
        clock: Callable[[], datetime],
        settings: LedgerSettings,
    ) -> None:
        """For `open` only."""
        self._descriptor = descriptor
        self._clock = clock
        self._timekeeper = timekeeper
        self._order = threading.Lock()  # entries are queued in the order of their times
        self._publishing = PublishingThread(publisher, settings.retry_seconds, self._broken)
        self._committer = Committer(
            directory,
            files,
            key,
            start.edge,
            start.checkpoint,
            settings,
            on_sealed=self._publishing.hand,
            on_recovered=self._recovered,
        )

    @classmethod
    def open(
        cls,
        directory: Path,
        key: SigningKey,
        *,
        clock: Callable[[], datetime] = wall_clock,
        accept_clock: bool = False,
        settings: LedgerSettings | None = None,
        files: Files | None = None,
    ) -> Ledger:
        """The ledger in `directory`, made if there is none. Checks, then publishes, what a crash left pending.

        LedgerFault names what is damaged. UserFault: another process has it, another key wrote it, or the clock is far
        behind its last entry (`accept_clock` overrides that). OSError if the disk fails. The checkpoint's origin is the
        key's name.
        """
        settings, files = settings or LedgerSettings(), files or LocalFiles()
        descriptor = lock(directory)
        try:
            published = published_checkpoint(directory, files, key)
            publisher = Publisher(directory, files, published)
            start = replay(directory, key.verifier, published, publisher.edge)
            last = start.last_entry or _last_published(directory, published.size)
            timekeeper = Timekeeper(settings.clock_tolerance_seconds, last)
            if not accept_clock:
                timekeeper.check_start(clock(), settings.future_seconds)
            if start.sealed:
                publisher.publish(start.sealed)
            for leftover in start.leftovers:
                files.remove(leftover)
        except BaseException:
            os.close(descriptor)
            raise
        ledger = cls(descriptor, start, publisher, files, directory, key, timekeeper, clock, settings)
        ledger._publishing.start()
        ledger._committer.start()
        detail: dict[str, str | int | bool] = {"cut_bytes": start.cut_bytes} if start.cut_bytes else {}
        ledger.append_soon(Entry(at=clock(), event=Event.LEDGER_OPENED, detail=detail))
        return ledger

    async def append(self, entry: Entry) -> int:
        """Write one entry; returns its place once it is durable. LedgerFault: release nothing."""
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._submit(entry, waiter)
        return await waiter

    def append_soon(self, entry: Entry) -> None:
        """Write one entry within about a second, or with the next append. LedgerFault if it was not taken."""
        self._submit(entry, None)

    async def flush(self) -> None:
        """Returns when everything given to `append_soon` is durable; LedgerFault if it cannot be just now."""
        waiter: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._committer.submit(Item(b"", waiter))
        await waiter

    @property
    def checkpoint(self) -> Checkpoint:
        """The newest durable checkpoint. Kept elsewhere, it exposes any later roll-back."""
        return self._committer.checkpoint

    @property
    def fault(self) -> str:
        """Why the ledger cannot be written just now; empty if it can."""
        return self._committer.fault

    async def close(self) -> None:
        """Make everything durable and publish it. LedgerFault if entries had to be left behind.

        If only publishing fails, the entries are safe where they are and are published at the next start.
        """
        if self._descriptor < 0:
            return
        descriptor, self._descriptor = self._descriptor, -1
        try:
            complete = await asyncio.to_thread(self._stop)
        finally:
            os.close(descriptor)
        if not complete:
            raise LedgerFault("the ledger was closed while it could not be written: its last entries are lost")

    def _stop(self) -> bool:
        self._submit(Entry(at=self._clock(), event=Event.LEDGER_CLOSED), None, always=True)
        complete = self._committer.stop()
        self._publishing.stop()
        return complete

    def _submit(self, entry: Entry, waiter: asyncio.Future[int] | None, *, always: bool = False) -> None:
        with self._order:
            at, clock = self._timekeeper.hold(entry.at)
            if at is not entry.at:
                entry = replace(entry, at=at, clock=clock)
            self._committer.submit(Item(encode_entry(entry), waiter), always=always)
            self._timekeeper.latest = at

    def _recovered(self, recovery: Recovery) -> None:
        """Leave a trace of the failure, and of entries that stand here although their callers were refused."""
        detail: dict[str, str | int | bool] = {"reason": recovery.reason}
        if recovery.refused:
            detail |= {"refused_first": recovery.refused[0], "refused_last": recovery.refused[-1]}
            detail["refused"] = len(recovery.refused)
        self._submit(Entry(at=self._clock(), event=Event.LEDGER_RECOVERED, detail=detail), None, always=True)

    def _broken(self, reason: str) -> None:
        self._committer.break_off(reason)


def _last_published(directory: Path, size: int) -> bytes:
    if not size:
        return b""
    index, width = (size - 1) // TILE_WIDTH, (size - 1) % TILE_WIDTH + 1
    data = read_published(directory, None, index, width)
    if not data:
        raise LedgerFault(f"the entry bundle with entry {size - 1} is missing: run `leadglass ledger verify`")
    return decode_bundle(data)[-1]

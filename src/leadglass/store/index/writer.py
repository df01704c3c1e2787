"""The one thread that writes, and when what it wrote is committed.

A durable call is answered when its commit is on the disk; those waiting at the same time share it. Any other call is
answered as soon as its statements ran, and is committed soon: with the next durable call, before the next reading, or
after 50 ms. A commit to an encrypted database costs more than the rows of one instance, so ingest lives on this. What
is answered but not committed is remembered, and done again should the database have to roll it back.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Final

from sqlalchemy import Connection

from leadglass.store.index.call import Call
from leadglass.store.index.faults import DATABASE_ERRORS, fault_of
from leadglass.terms.errors import LocalViolation, StorageFault

__all__ = ["Writer"]

_SOON_SECONDS: Final = 0.05
_MOST_UNCOMMITTED: Final = 500
"""Calls answered but not committed: what is done again after a failure, and how far behind a crash leaves the index."""
_MOST_TOGETHER: Final = 64
"""Durable calls that share a commit: enough to hide an fsync, few enough that none waits long for the others' work."""
_RETRY_SECONDS: Final = 1.0
_GAP_SECONDS: Final = 0.001
"""Between transactions of an ingest that never pauses: others who want to write poll for their turn."""


class Writer:
    """`connection` belongs to the thread from now on."""

    def __init__(self, connection: Connection) -> None:
        self._queue: SimpleQueue[Call | None] = SimpleQueue()
        self._desk = _Desk(connection)
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="index-writer", daemon=True)
        self._thread.start()

    async def call(self, fn: Callable[..., Any], args: tuple[Any, ...], *, durable: bool) -> Any:
        """What `fn` answers, or raises; StorageFault if the database failed: then nothing of the call is kept."""
        call = self._submit(Call.of(fn, args, durable=durable))
        if not durable:
            self._desk.tentative += 1
        return await call.future

    async def settle(self) -> None:
        """Returns once everything answered so far is committed and thus seen by readers. StorageFault if it cannot be.

        Costs nothing when there is nothing to wait for.
        """
        if self._desk.settled != self._desk.tentative:
            await self._submit(Call.of(_nothing, (), durable=True)).future

    async def close(self) -> None:
        """Commits everything and ends the thread. Idempotent."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
        await asyncio.to_thread(self._thread.join)

    def _submit(self, call: Call) -> Call:
        if self._closed:
            raise LocalViolation("the database is closed")
        self._queue.put(call)
        return call

    def _work(self) -> None:
        desk = self._desk
        while (call := self._next()) is not None:
            if not call.durable:
                desk.do_soon(call)
                continue
            together = [call]
            following = self._waiting()
            while following is not None and following.durable and len(together) < _MOST_TOGETHER:
                together.append(following)
                following = self._waiting()
            desk.do_durably(together)
            if following is not None:
                (desk.do_durably([following]) if following.durable else desk.do_soon(following))
        desk.close()

    def _next(self) -> Call | None:
        while True:
            try:
                return self._queue.get(timeout=self._desk.seconds_left())
            except Empty:
                self._desk.commit()

    def _waiting(self) -> Call | None:
        """A call that waits already. The end is put back: what came before it is done first."""
        try:
            call = self._queue.get_nowait()
        except Empty:
            return None
        if call is None:
            self._queue.put(None)
        return call


def _nothing(conn: Connection) -> None:
    """What `settle` asks for: the commit around it is all it wants."""


class _Desk:
    """The writer's thread at work: one transaction at a time, and what it owes."""

    def __init__(self, connection: Connection) -> None:
        self.tentative = 0  # calls that were to be committed soon; counted by the event loop
        self.settled = 0  # how many of them are committed, or failed for good; counted by the thread
        self._connection = connection
        self._is_full: bool | None = None
        self._owed: list[Call] = []  # answered and not committed
        self._has_begun = False
        self._due = 0.0

    def seconds_left(self) -> float | None:
        """Until the owed calls are to be committed; None if there are none."""
        return max(0.0, self._due - time.monotonic()) if self._owed else None

    def do_soon(self, call: Call) -> None:
        """Runs and answers a call; its commit is owed."""
        try:
            if self._owed and not self._has_begun:
                self._redo()
            self._begin(full=False)
            value, error = self._in_savepoint(call)
        except DATABASE_ERRORS as failure:
            self._roll_back()
            self.settled += 1
            call.answer(None, fault_of(failure))
            return
        if not self._owed:
            self._due = time.monotonic() + _SOON_SECONDS
        self._owed.append(call)
        call.answer(value, error)
        if len(self._owed) >= _MOST_UNCOMMITTED or time.monotonic() >= self._due:
            self.commit()
            time.sleep(_GAP_SECONDS)

    def do_durably(self, calls: Sequence[Call]) -> None:
        """Runs calls in one transaction, commits it to the disk, and answers. If the database fails them together,
        each is tried alone, so that none suffers for another."""
        fault = self.commit()
        if fault is not None:
            for call in calls:
                call.answer(None, fault)
            return
        if len(calls) == 1 and calls[0].fn is _nothing:
            calls[0].answer(None)
            return
        try:
            self._begin(full=True)
            outcomes = [self._in_savepoint(call) for call in calls]
            self._connection.commit()
            self._has_begun = False
        except DATABASE_ERRORS as failure:
            self._roll_back()
            if len(calls) == 1:
                calls[0].answer(None, fault_of(failure))
                return
            for call in calls:
                self.do_durably([call])
            return
        for call, (value, error) in zip(calls, outcomes, strict=True):
            call.answer(value, error)

    def commit(self) -> StorageFault | None:
        """Commits what is owed. A fault if that cannot be done now: it stays owed, and is tried again."""
        if not self._owed:
            return None
        try:
            if not self._has_begun:
                self._redo()
            self._connection.commit()
            self._has_begun = False
        except DATABASE_ERRORS as failure:
            self._roll_back()
            self._due = time.monotonic() + _RETRY_SECONDS
            return fault_of(failure)
        self.settled += len(self._owed)
        self._owed.clear()
        return None

    def close(self) -> None:
        """Commits and lets go; the last connection to close folds the write-ahead log into the database."""
        self.commit()
        self._connection.close()

    def _redo(self) -> None:
        """Runs again what was answered and then rolled back; the answers stand."""
        self._begin(full=False)
        for call in self._owed:
            self._in_savepoint(call)

    def _begin(self, *, full: bool) -> None:
        """FULL fsyncs the log at each commit; NORMAL only at checkpoints. Only between transactions can it change."""
        if self._has_begun:
            return
        if full is not self._is_full:
            self._driver.execute(f"PRAGMA synchronous={'FULL' if full else 'NORMAL'}")
            self._is_full = full
        self._connection.begin()
        self._has_begun = True

    def _roll_back(self) -> None:
        """A commit that failed has ended SQLAlchemy's transaction, but not always the database's."""
        self._has_begun = False
        self._connection.rollback()
        if self._driver.in_transaction:
            self._driver.execute("ROLLBACK")

    def _in_savepoint(self, call: Call) -> tuple[Any, Exception | None]:
        """What the call answers, or the error it raised on purpose, which undoes it alone."""
        outcome: tuple[Any, Exception | None]
        self._driver.execute("SAVEPOINT call")
        try:
            outcome = call.fn(self._connection, *call.args), None
        except DATABASE_ERRORS:
            raise
        except Exception as error:  # raised on purpose, or a bug: the caller's, in either case
            self._driver.execute("ROLLBACK TO call")
            outcome = None, error
        self._driver.execute("RELEASE call")
        return outcome

    @property
    def _driver(self) -> Any:
        return self._connection.connection.driver_connection

"""A thread that owns one database connection and runs index functions on it.

Written on a bare queue, since the hop to the thread and back costs more than most statements: a call is one put, its
answer one `call_soon_threadsafe`. Writes that are waiting when the writer gets to them share one transaction, each in
a savepoint of its own, so that many callers wait for one fsync and not in line for theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Final

from leadglass.store.index.faults import DATABASE_ERRORS, fault_of
from leadglass.store.index.session import Session
from leadglass.terms.errors import LocalViolation

__all__ = ["MAX_SHARED_COMMIT", "Workers"]

MAX_SHARED_COMMIT: Final = 64
"""Calls that share a commit: enough to hide an fsync, few enough that none waits long for the others' work."""


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    """One call of an index function, and where its caller awaits the answer."""

    fn: Callable[..., Any]
    args: tuple[Any, ...]
    durable: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    def answer(self, value: object, error: Exception | None = None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(_settle, self.future, value, error)


def _settle(future: asyncio.Future[Any], value: object, error: Exception | None) -> None:
    if future.done():  # the caller was cancelled meanwhile
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)


class Workers:
    """Threads that share one queue of calls, each with a session of its own."""

    def __init__(self, name: str, sessions: Sequence[Session], *, together: int = 1) -> None:
        """Starts one thread per session; each takes up to `together` waiting calls into one transaction."""
        self._queue: SimpleQueue[_Call | None] = SimpleQueue()
        self._together = together
        self._threads = [
            threading.Thread(target=self._work, args=(session,), name=name, daemon=True) for session in sessions
        ]
        self._closed = False
        for thread in self._threads:
            thread.start()

    async def call(self, fn: Callable[..., Any], args: tuple[Any, ...], *, durable: bool) -> Any:
        """What `fn` answers in one of the threads, or raises; StorageFault if the database failed."""
        if self._closed:
            raise LocalViolation("the database is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._queue.put(_Call(fn, args, durable, loop, future))
        return await future

    async def close(self) -> None:
        """Lets the threads finish all calls made so far and ends them. Idempotent."""
        if not self._closed:
            self._closed = True
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _work(self, session: Session) -> None:
        call = self._queue.get()
        while call is not None:
            calls = [call]
            call = None
            while len(calls) < self._together:
                try:
                    call = self._queue.get_nowait()
                except Empty:
                    break
                if call is None:
                    self._queue.put(None)  # seen too early: these calls first
                    break
                calls.append(call)
            _run(session, calls)
            call = self._queue.get()
        session.close()


def _run(session: Session, calls: Sequence[_Call]) -> None:
    """Runs the calls in one transaction and answers each. If the database fails them together, each is tried alone,
    so that none suffers for another."""
    try:
        outcomes = session.run([(call.fn, call.args) for call in calls], durable=any(call.durable for call in calls))
    except DATABASE_ERRORS as failure:
        if len(calls) == 1:
            calls[0].answer(None, fault_of(failure))
            return
        for call in calls:
            _run(session, [call])
        return
    for call, (value, error) in zip(calls, outcomes, strict=True):
        call.answer(value, error)

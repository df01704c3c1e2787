"""Threads that share one queue of calls and read, each on a connection of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any

from sqlalchemy import Connection

from leadglass.store.index.call import Call
from leadglass.store.index.faults import DATABASE_ERRORS, fault_of
from leadglass.terms.errors import LocalViolation

__all__ = ["Readers"]


class Readers:
    """One thread per connection. Each call sees one consistent snapshot."""

    def __init__(self, connections: Sequence[Connection]) -> None:
        self._queue: SimpleQueue[Call | None] = SimpleQueue()
        self._closed = False
        self._threads = [
            threading.Thread(target=self._work, args=(connection,), name="index-reader", daemon=True)
            for connection in connections
        ]
        for thread in self._threads:
            thread.start()

    async def call(self, fn: Callable[..., Any], args: tuple[Any, ...]) -> Any:
        """What `fn` answers, or raises; StorageFault if the database failed."""
        if self._closed:
            raise LocalViolation("the database is closed")
        call = Call.of(fn, args, durable=False)
        self._queue.put(call)
        return await call.future

    async def close(self) -> None:
        """Finishes the calls made so far and ends the threads. Idempotent."""
        if not self._closed:
            self._closed = True
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            await asyncio.to_thread(thread.join)

    def _work(self, connection: Connection) -> None:
        while (call := self._queue.get()) is not None:
            try:
                with connection.begin():
                    answer = call.fn(connection, *call.args)
            except DATABASE_ERRORS as failure:
                call.answer(None, fault_of(failure))
            except Exception as error:  # raised on purpose, or a bug: the caller's, in either case
                call.answer(None, error)
            else:
                call.answer(answer)
        connection.close()

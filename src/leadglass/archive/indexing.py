"""Index rows of many associations, written together: one transaction for all that is waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from leadglass.store.index.database import Database
from leadglass.store.index.outcomes import AddOutcome, KeyDestroyed, NewInstance
from leadglass.store.index.readable import add_readable_instances

__all__ = ["IndexQueue"]

_BATCH = 256  # rows of one transaction: a reader waits at most for so many


class IndexQueue:
    """Adds instances to the index. The journal is the truth, so a row need not survive a power cut: recovery
    reads the journal behind the last durable position again.

    Call `add` in the order in which the journal's `append` returned, with no pause between: then a position never
    runs ahead of a record that is still to be indexed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: list[tuple[NewInstance, asyncio.Future[AddOutcome | KeyDestroyed]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, instance: NewInstance) -> AddOutcome | KeyDestroyed:
        """The outcome once the row is committed: from then on queries see it. StorageFault if it cannot be."""
        future: asyncio.Future[AddOutcome | KeyDestroyed] = asyncio.get_running_loop().create_future()
        self._waiting.append((instance, future))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await future

    @property
    def waiting(self) -> int:
        """How many instances wait to be indexed."""
        return len(self._waiting)

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
                await self._write_batch(batch)
        finally:
            self._writer = None

    async def _write_batch(
        self, batch: Sequence[tuple[NewInstance, asyncio.Future[AddOutcome | KeyDestroyed]]]
    ) -> None:
        try:
            instances = [instance for instance, _ in batch]
            outcomes = await self._database.write(
                add_readable_instances, instances, _positions_after(instances), durable=False
            )
        except BaseException as fault:
            for _, future in batch:
                if not future.done():
                    future.set_exception(fault if isinstance(fault, Exception) else asyncio.CancelledError())
            if not isinstance(fault, Exception):
                raise
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)


def _positions_after(instances: Sequence[NewInstance]) -> Mapping[int, int]:
    """For each volume, the end of the last record among `instances`."""
    positions: dict[int, int] = {}
    for instance in instances:
        volume = instance.location.volume
        positions[volume] = max(positions.get(volume, 0), instance.location.end)
    return positions

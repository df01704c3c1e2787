"""Rows of many associations in one transaction, and what each of them is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from helpers.index_world import new
from helpers.memory_index import MemoryIndex
from leadglass.archive import indexing
from leadglass.archive.indexing import IndexQueue
from leadglass.store.index.outcomes import Added, Duplicate, KeyDestroyed
from leadglass.store.index.positions import indexed_to
from leadglass.store.index.study_keys import add_study_key, delete_study_key
from leadglass.store.keys import WrappedKey
from leadglass.terms.errors import StorageFault


class SlowIndex(MemoryIndex):
    """Gives way before each write, so that others come to wait; keeps the size of each batch."""

    def __init__(self) -> None:
        super().__init__()
        self._run(add_study_key, "1.2.1", WrappedKey(new().location.key_id, "0" * 32, bytes(60)))
        self.batches: list[int] = []

    async def write(self, fn: Callable[..., Any], *args: Any, durable: bool = True) -> Any:
        assert not durable, "recovery reads the journal again: nobody waits for this disk"
        self.batches.append(len(args[0]))
        await asyncio.sleep(0)
        return self._run(fn, *args)


async def test_what_waits_is_written_together_and_each_gets_its_own_outcome() -> None:
    index = SlowIndex()
    queue = IndexQueue(index)
    rows = [new(instance=f"1.2.1.1.{number}", at=number) for number in (1, 2, 3, 2)]
    outcomes = await asyncio.gather(*map(queue.add, rows))
    assert [type(outcome) for outcome in outcomes] == [Added, Added, Added, Duplicate]
    assert index.batches == [4]
    assert await index.read(indexed_to) == {1: 4000}


async def test_batches_are_bounded_and_nobody_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "_BATCH", 4)
    index = SlowIndex()
    queue = IndexQueue(index)
    outcomes = await asyncio.gather(*(queue.add(new(instance=f"1.2.1.1.{n}", at=n)) for n in range(1, 11)))
    assert len(outcomes) == 10
    assert index.batches == [4, 4, 2]


async def test_the_position_is_the_end_of_the_last_record_of_each_volume() -> None:
    index = SlowIndex()
    queue = IndexQueue(index)
    rows = [new(instance="1.2.1.1.1", at=5), new(instance="1.2.1.1.2", at=3)]
    await asyncio.gather(*map(queue.add, rows))
    assert await index.read(indexed_to) == {1: 6000}


async def test_a_failing_index_is_told_to_all_who_wait_and_the_next_may_succeed() -> None:
    index = SlowIndex()
    queue = IndexQueue(index)
    index.broken = True
    outcomes = await asyncio.gather(
        *(queue.add(new(instance=f"1.2.1.1.{n}", at=n)) for n in (1, 2)), return_exceptions=True
    )
    assert all(isinstance(outcome, StorageFault) for outcome in outcomes)
    index.broken = False
    assert await queue.add(new(instance="1.2.1.1.1", at=1)) == Added()


async def test_a_sender_that_goes_away_harms_nobody() -> None:
    index = SlowIndex()
    queue = IndexQueue(index)
    gone = asyncio.create_task(queue.add(new(instance="1.2.1.1.1", at=1)))
    stays = asyncio.create_task(queue.add(new(instance="1.2.1.1.2", at=2)))
    await asyncio.sleep(0)
    gone.cancel()
    assert await stays == Added()
    assert await index.read(indexed_to) == {1: 3000}


async def test_what_was_encrypted_with_a_destroyed_key_gets_no_row() -> None:
    index = SlowIndex()
    index._run(delete_study_key, "1.2.1")
    assert await IndexQueue(index).add(new(instance="1.2.1.1.1", at=1)) == KeyDestroyed()

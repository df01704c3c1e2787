"""A row for every record that can be read, and for no other: storing may cross the deletion of its study."""

from __future__ import annotations

import asyncio

from helpers.index_world import new
from leadglass.store.index.database import Database
from leadglass.store.index.deletion import destroy_study
from leadglass.store.index.instances import known_instances
from leadglass.store.index.outcomes import Added, Duplicate, KeyDestroyed
from leadglass.store.index.positions import indexed_to
from leadglass.store.index.readable import add_readable_instances
from leadglass.store.index.statistics import count_everything
from leadglass.store.index.study_keys import add_study_key
from leadglass.store.keys import WrappedKey

KEY = WrappedKey(b"k" * 16, "0" * 32, b"wrapped")  # the key of helpers.index_world's records


async def test_with_a_living_key_it_is_added(database: Database) -> None:
    await database.write(add_study_key, "1.2.1", KEY)
    assert await database.write(add_readable_instances, [new()], {1: 1000}) == [Added()]
    [again] = await database.write(add_readable_instances, [new()], {1: 2000})
    assert isinstance(again, Duplicate)
    assert await database.read(indexed_to) == {1: 2000}


async def test_without_its_key_it_leaves_no_trace_but_its_position(database: Database) -> None:
    assert await database.write(add_readable_instances, [new()], {1: 1000}) == [KeyDestroyed()]
    assert (await database.read(count_everything)).studies == 0
    assert await database.read(indexed_to) == {1: 1000}


async def test_nothing_at_all(database: Database) -> None:
    assert await database.write(add_readable_instances, [], {}) == []


async def test_either_before_the_deletion_or_after_it(database: Database) -> None:
    for turn in range(10):
        await database.write(add_study_key, "1.2.1", KEY)
        outcomes, _ = await asyncio.gather(
            database.write(add_readable_instances, [new(at=n, instance=f"1.2.1.1.{n}") for n in range(5)], {1: turn}),
            destroy_study(database, "1.2.1"),
        )
        assert set(outcomes) in ({Added()}, {KeyDestroyed()})
        assert await database.read(known_instances, [f"1.2.1.1.{n}" for n in range(5)]) == {}

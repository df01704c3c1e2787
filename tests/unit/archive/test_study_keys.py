"""Study keys: durable before use, one a study, gone when the study is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from helpers.archive_world import ArchiveWorld, data_set
from leadglass.archive import study_keys
from leadglass.archive.study_keys import StudyKeys
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.retrieval import objects_of
from leadglass.store.index.study_keys import key_by_id, study_key
from leadglass.terms.errors import IntegrityFault, StorageFault
from leadglass.terms.visibility import Selector, SelectorKind, Visibility

ALL = Visibility(frozenset({Selector(SelectorKind.EVERYTHING)}))


async def test_a_key_is_in_the_index_before_it_is_given_out(world: ArchiveWorld) -> None:
    key = await world.archive.keys.for_storing("1.2.1")
    wrapped = await world.index.read(key_by_id, key.key_id)
    assert world.ring.unwrap(wrapped) == key


async def test_a_study_has_one_key_whoever_asks(world: ArchiveWorld) -> None:
    other_node = StudyKeys(world.index, world.ring)
    one, two, again = await asyncio.gather(
        world.archive.keys.for_storing("1.2.1"), other_node.for_storing("1.2.1"), other_node.for_storing("1.2.1")
    )
    assert one == two == again
    assert (await world.archive.keys.for_storing("1.2.2")).key_id != one.key_id


async def test_no_key_without_an_index(world: ArchiveWorld) -> None:
    world.index.broken = True
    with pytest.raises(StorageFault):
        await world.archive.keys.for_storing("1.2.1")


async def test_a_study_stored_again_after_deletion_has_another_key(world: ArchiveWorld) -> None:
    keys = world.archive.keys
    old = await keys.for_storing("1.2.1")
    wrapped = await world.index.read(study_key, "1.2.1")
    keys.forget("1.2.1")
    fresh = world.ring.wrap(type(old).generate())
    assert keys.opened("1.2.1", fresh).key_id == fresh.key_id
    assert keys.opened("1.2.1", wrapped) == old, "a key remembered for the study is not given for another key id"


async def test_only_so_many_keys_stay_in_memory(world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(study_keys, "_KEPT", 2)
    first = await world.archive.keys.for_storing("1.2.1")
    for number in (2, 3):
        await world.archive.keys.for_storing(f"1.2.{number}")
    reads = world.index.reads
    assert await world.archive.keys.for_storing("1.2.3")
    assert world.index.reads == reads, "the newest are remembered"
    assert await world.archive.keys.for_storing("1.2.1") == first
    assert world.index.reads == reads + 1, "the oldest was let go and is opened again"


async def test_an_object_whose_key_was_destroyed_is_gone_for_good(world: ArchiveWorld) -> None:
    await world.store(await world.device(), data_set())
    [stored] = await world.index.read(objects_of, QueryLevel.STUDY, ("1.2.1",), ALL, {})
    assert world.archive.keys.of_object(stored) == await world.archive.keys.for_storing("1.2.1")
    with pytest.raises(IntegrityFault, match="destroyed"):
        world.archive.keys.of_object(replace(stored, key=None))

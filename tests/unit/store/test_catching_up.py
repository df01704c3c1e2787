"""The index follows the journal: whatever rows it lost, the records are still there and are indexed again."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from helpers.archive_world import AT, ArchiveWorld, data_set
from leadglass.archive.archive import Caller
from leadglass.archive.deleting import delete as delete_deed
from leadglass.archive.storing import StoreOutcome
from leadglass.gate.machine import MACHINE
from leadglass.store import catching_up
from leadglass.store.catching_up import CaughtUp, catch_up
from leadglass.store.index.instances import known_instances
from leadglass.store.index.positions import indexed_to
from leadglass.store.index.sqlcipher import SqlcipherDatabase
from leadglass.store.index.tables import instances, request_attributes, series, studies, volume_positions
from leadglass.store.journal import Journal
from leadglass.store.keys import SubKey
from leadglass.store.location import Location
from leadglass.terms.errors import IntegrityFault
from leadglass.terms.evidence import Door

UIDS = [f"1.2.1.1.{number}" for number in range(1, 8)]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[ArchiveWorld]:
    world = ArchiveWorld(tmp_path)
    scanner = await world.device()
    for uid in UIDS:
        assert await world.store(scanner, data_set(instance=uid)) is StoreOutcome.STORED
    yield world
    await world.close()


def forget_rows(world: ArchiveWorld, behind: int = 0) -> None:
    """As after a power cut: all rows are lost, keys are not; positions say `behind`."""
    with world.index.engine.begin() as conn:
        for table in (request_attributes, instances, series, studies, volume_positions):
            conn.execute(delete(table))
        if behind:
            conn.execute(volume_positions.insert().values(volume=1, indexed_to=behind))


async def caught_up(world: ArchiveWorld) -> CaughtUp:
    return await catch_up(world.journal, world.index, world.ring, lambda: AT)


async def test_nothing_is_behind(world: ArchiveWorld) -> None:
    before = await world.index.read(indexed_to)
    assert await caught_up(world) == CaughtUp(0, ())
    assert await world.index.read(indexed_to) == before


@pytest.mark.parametrize("batch", [1, 3, 7, 64])
async def test_all_rows_lost_all_indexed_again(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(catching_up, "_BATCH", batch)
    before = await world.index.read(known_instances, UIDS)
    positions = await world.index.read(indexed_to)
    forget_rows(world)
    assert await caught_up(world) == CaughtUp(len(UIDS), ())
    nobody_known = {
        uid: replace(stored, stored_by="") for uid, stored in before.items()
    }  # who sent it is not in a record
    assert await world.index.read(known_instances, UIDS) == nobody_known
    assert await world.index.read(indexed_to) == positions
    assert await caught_up(world) == CaughtUp(0, ()), "and only once"


async def test_only_what_is_behind_the_position_is_read_again(world: ArchiveWorld) -> None:
    stored = await world.index.read(known_instances, UIDS)
    forget_rows(world, behind=stored[UIDS[3]].location.end)
    assert await caught_up(world) == CaughtUp(3, ())
    assert sorted(await world.index.read(known_instances, UIDS)) == UIDS[4:]


async def test_rows_that_are_there_already_stay_as_they_are(world: ArchiveWorld) -> None:
    before = await world.index.read(known_instances, UIDS)
    with world.index.engine.begin() as conn:
        conn.execute(delete(volume_positions))
    assert await caught_up(world) == CaughtUp(0, ())
    assert await world.index.read(known_instances, UIDS) == before


async def test_records_of_deleted_studies_stay_unindexed(world: ArchiveWorld) -> None:
    await delete_deed(world.archive, Caller(MACHINE, Door.MACHINE, "local"), "1.2.1")
    forget_rows(world)
    assert await caught_up(world) == CaughtUp(0, ())
    assert await world.index.read(known_instances, UIDS) == {}


async def test_a_damaged_object_is_named_and_the_others_are_indexed(world: ArchiveWorld) -> None:
    damaged = (await world.index.read(known_instances, UIDS))[UIDS[2]].location
    world.journal.damage(damaged)
    forget_rows(world)
    found = await caught_up(world)
    assert found.indexed == len(UIDS) - 1
    [problem] = found.problems
    assert f"volume {damaged.volume} at {damaged.offset}" in problem
    assert UIDS[2] not in await world.index.read(known_instances, UIDS)


async def test_whole_records_before_a_damaged_one_are_indexed(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan itself stops there: nothing behind a record that does not say its length can be found."""
    whole = world.journal.records_since

    def stops(volume: int, offset: int = 0) -> Iterator[Location]:
        for number, location in enumerate(whole(volume, offset)):
            if number == 4:
                raise IntegrityFault("volume 1 at 9999: the header fails")
            yield location

    monkeypatch.setattr(world.journal, "records_since", stops)
    forget_rows(world)
    assert await caught_up(world) == CaughtUp(4, ("volume 1 at 9999: the header fails",))


async def test_an_object_that_is_no_image_is_named_without_its_values(world: ArchiveWorld) -> None:
    key = await world.archive.keys.for_storing("1.2.1")
    await world.journal.append(world.received(b"Doe^Jane is no data set"), key)
    forget_rows(world)
    found = await caught_up(world)
    assert found.indexed == len(UIDS)
    assert len(found.problems) == 1
    assert "Doe" not in found.problems[0]


async def test_an_older_index_put_back_catches_up_on_real_files(tmp_path: Path) -> None:
    """The index as it was before the last instances came, beside the journal as it is: nothing acknowledged is lost."""
    volumes = tmp_path / "volumes"
    volumes.mkdir()
    world = ArchiveWorld(tmp_path, journal=Journal.open(volumes))
    key = world.ring.sub_key(SubKey.DATABASE)
    live, older = tmp_path / "index.db", tmp_path / "older.db"
    await world.index.close()
    world.index = await SqlcipherDatabase.open(live, key)  # type: ignore[assignment]
    world.__post_init__()
    scanner = await world.device()
    await world.store(scanner, data_set(instance=UIDS[0]))
    await world.index.close()
    shutil.copy(live, older)
    world.index = await SqlcipherDatabase.open(live, key)  # type: ignore[assignment]
    world.__post_init__()
    for uid in UIDS[1:]:
        await world.store(scanner, data_set(instance=uid))
    before = await world.index.read(known_instances, UIDS)
    await world.close()

    database = await SqlcipherDatabase.open(older, key)
    journal = Journal.open(volumes)
    assert sorted(await database.read(known_instances, UIDS)) == UIDS[:1]
    assert await catch_up(journal, database, world.ring, lambda: AT) == CaughtUp(len(UIDS) - 1, ())
    assert await database.read(known_instances, UIDS) == before
    await journal.close()
    await database.close()

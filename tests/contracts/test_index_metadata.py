"""Metadata by series: parts replace each other whole, counting finds what is missing, deletion leaves nothing."""

from __future__ import annotations

from dataclasses import replace

from helpers.index_world import new
from leadglass.store.index.database import Database
from leadglass.store.index.deletion import delete_study
from leadglass.store.index.instances import add_instances
from leadglass.store.index.series_metadata import (
    NewPart,
    SeriesName,
    SeriesRow,
    incomplete_series,
    instances_of_series,
    metadata_of,
    replace_parts,
    sealed_part,
)
from leadglass.store.index.study_keys import add_study_key
from leadglass.store.keys.study import WrappedKey

KEY = WrappedKey(b"k" * 16, "m1", b"w" * 60)


def part(version: int, instances: int = 1, sealed: bytes = b"sealed") -> NewPart:
    return NewPart(version.to_bytes(16, "big"), instances, 100, sealed)


async def _world(database: Database) -> None:
    await database.write(add_study_key, "1.2.1", KEY)
    batch = [
        new("1.2.1", "1.2.1.10", "1.2.1.10.1", at=0, series_number="10"),
        new("1.2.1", "1.2.1.2", "1.2.1.2.1", at=1, series_number="2", instance_number="7"),
        new("1.2.1", "1.2.1.2", "1.2.1.2.2", at=2, series_number="2"),
        new("1.2.2", "1.2.1.2", "1.2.2.1.1", at=3),  # the same series UID in another study
    ]
    await database.write(add_instances, batch)


async def _row(database: Database, series: str = "1.2.1.2") -> SeriesRow:
    [row] = await database.read(metadata_of, "1.2.1", series)
    return row


async def test_series_come_in_viewing_order_and_lack_all_at_first(database: Database) -> None:
    await _world(database)
    rows = await database.read(metadata_of, "1.2.1")
    assert [(row.name.series_instance_uid, row.number_of_instances) for row in rows] == [
        ("1.2.1.2", 2),
        ("1.2.1.10", 1),
    ]
    assert all(row.parts == () and not row.is_complete and row.key == KEY for row in rows)
    assert await database.read(metadata_of, "1.2.9") == []
    assert await database.read(metadata_of, "1.2.1", "1.2.9") == []


async def test_counting_finds_what_is_missing(database: Database) -> None:
    await _world(database)
    everything = [("1.2.1", "1.2.1.10"), ("1.2.1", "1.2.1.2"), ("1.2.2", "1.2.1.2")]
    assert sorted(await database.read(incomplete_series, 10), key=str) == sorted(
        [SeriesName(*one) for one in everything], key=str
    )
    assert len(await database.read(incomplete_series, 2)) == 2
    assert await database.write(replace_parts, await _row(database), 0, [part(1, 2)])
    assert SeriesName("1.2.1", "1.2.1.2") not in await database.read(incomplete_series, 10)
    assert (await _row(database)).is_complete
    await database.write(add_instances, [new("1.2.1", "1.2.1.2", "1.2.1.2.3", at=9)])
    assert SeriesName("1.2.1", "1.2.1.2") in await database.read(incomplete_series, 10)


async def test_instances_of_a_series_are_those_of_one_study(database: Database) -> None:
    await _world(database)
    found = await database.read(instances_of_series, SeriesName("1.2.1", "1.2.1.2"))
    assert {(one.sop_instance_uid, one.instance_number, one.location.offset) for one in found} == {
        ("1.2.1.2.1", "7", 1000),
        ("1.2.1.2.2", "", 2000),
    }


async def test_parts_are_kept_from_the_first_and_replaced_from_there(database: Database) -> None:
    await _world(database)
    assert await database.write(replace_parts, await _row(database), 0, [part(1, sealed=b"one"), part(2)])
    before = await _row(database)
    assert [(one.part, one.number_of_instances, one.length) for one in before.parts] == [(0, 1, 100), (1, 1, 100)]
    assert await database.read(sealed_part, before.row, before.parts[0].version) == b"one"
    assert await database.write(replace_parts, before, 1, [part(3), part(4)])
    after = await _row(database)
    assert [int.from_bytes(one.version, "big") for one in after.parts] == [1, 3, 4]
    assert await database.read(sealed_part, before.row, before.parts[1].version) is None


async def test_nothing_is_replaced_that_has_changed_meanwhile(database: Database) -> None:
    await _world(database)
    stale = await _row(database)
    assert await database.write(replace_parts, stale, 0, [part(1)])
    assert not await database.write(replace_parts, stale, 0, [part(2)])
    assert [int.from_bytes(one.version, "big") for one in (await _row(database)).parts] == [1]


async def test_nothing_is_written_for_a_study_that_was_deleted(database: Database) -> None:
    await _world(database)
    row = await _row(database)
    assert not await database.write(replace_parts, replace(row, key=None), 0, [part(1)])
    assert await database.write(replace_parts, row, 0, [part(1)])
    assert await database.write(delete_study, "1.2.1") is not None
    assert await database.read(sealed_part, row.row, part(1).version) is None
    assert not await database.write(replace_parts, row, 0, [part(2)])
    # Stored again: another key, and maybe the same row number.
    await database.write(add_study_key, "1.2.1", WrappedKey(b"n" * 16, "m1", b"w" * 60))
    await database.write(add_instances, [new("1.2.1", "1.2.1.2", "1.2.1.2.1", at=1)])
    assert not await database.write(replace_parts, row, 0, [part(2)])
    assert (await _row(database)).parts == ()

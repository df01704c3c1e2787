"""The keeper: all that is stored is rendered in the end, whenever it came and whatever happened meanwhile."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import pytest

from helpers.archive_world import ArchiveWorld, data_set
from helpers.samples import explicit
from leadglass.archive.metadata import keeper as keeper_module
from leadglass.archive.metadata.keeper import MetadataKeeper
from leadglass.archive.metadata.renderer import HeaderUnreadable, Question, Renderer
from leadglass.archive.metadata.wire import Outcome
from leadglass.store.index.instances import known_instances
from leadglass.store.index.series_metadata import SeriesName, incomplete_series, metadata_of
from leadglass.terms.errors import StorageFault

SERIES = SeriesName("1.2.1", "1.2.1.1")


async def store(world: ArchiveWorld, *numbers: int, study: str = "1.2.1", **attributes: str) -> None:
    scanner = await world.device(f"scanner{numbers[0]}{study}")
    for number in numbers:
        uid = f"{study}.1.{number}"
        await world.store(scanner, data_set(study, uid, InstanceNumber=str(number), **attributes))


async def kept(world: ArchiveWorld, keeper: MetadataKeeper, name: SeriesName = SERIES) -> list[dict[str, Any]]:
    """The metadata of a series as it is kept now."""
    [row] = await world.index.read(metadata_of, name.study_instance_uid, name.series_instance_uid)
    assert row.key is not None
    key = world.archive.keys.opened(name.study_instance_uid, row.key)
    parts = [await keeper.opened.get(row, part, key) for part in row.parts]
    return [json.loads(one.json.replace(b"\x01", b"")) for part in parts for one in part.members()]


def numbers(metadata: list[dict[str, Any]]) -> list[int]:
    return [one["00200013"]["Value"][0] for one in metadata]


async def rendered(world: ArchiveWorld) -> None:
    """Returns when nothing is missing."""
    async with asyncio.timeout(20):
        while await world.index.read(incomplete_series, 1):  # noqa: ASYNC110 - the keeper tells nobody
            await asyncio.sleep(0.01)


async def test_what_is_asked_for_is_rendered_then_and_what_comes_later_is_folded_in(world: ArchiveWorld) -> None:
    keeper = world.archive.metadata
    await store(world, 3, 5)
    await keeper.complete(SERIES)
    await store(world, 4, 1)
    await keeper.complete(SERIES)
    assert numbers(await kept(world, keeper)) == [1, 3, 4, 5]
    keeper.opened.forget()
    assert numbers(await kept(world, keeper)) == [1, 3, 4, 5], "read from the index, not remembered"


async def test_many_instances_are_written_step_by_step(world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "_AT_A_TIME", 2)
    await store(world, *range(5, 0, -1))
    await world.archive.metadata.complete(SERIES)
    assert numbers(await kept(world, world.archive.metadata)) == [1, 2, 3, 4, 5]


async def test_two_who_ask_at_once_share_the_work(world: ArchiveWorld) -> None:
    await store(world, 1, 2)
    await asyncio.gather(*(world.archive.metadata.complete(SERIES) for _ in range(3)))
    assert numbers(await kept(world, world.archive.metadata)) == [1, 2]
    assert world.reported == []


async def test_in_idle_time_it_does_what_an_earlier_life_left_and_what_arrives(world: ArchiveWorld) -> None:
    await store(world, 1)
    again = MetadataKeeper(
        world.index,
        world.journal,
        world.archive.keys,
        Renderer(),
        world.reported.append,
        quiet_seconds=0.01,
    )
    again.start()
    await rendered(world)
    await store(world, 2)
    again.arrived("1.2.1", "1.2.1.1")
    await rendered(world)
    assert numbers(await kept(world, again)) == [1, 2]
    await again.close()
    assert again.renderer.pid is None


async def test_more_than_it_can_remember_is_found_again(world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper_module, "MAX_SERIES_AWAITING_METADATA", 1)
    keeper = MetadataKeeper(
        world.index, world.journal, world.archive.keys, Renderer(), world.reported.append, quiet_seconds=0.01
    )
    for study in ("1.2.1", "1.2.2", "1.2.3"):
        await store(world, 1, study=study)
        keeper.arrived(study, f"{study}.1")
    keeper.start()
    await rendered(world)
    await keeper.close()


async def test_it_waits_while_things_arrive(world: ArchiveWorld) -> None:
    keeper = MetadataKeeper(
        world.index, world.journal, world.archive.keys, Renderer(), world.reported.append, quiet_seconds=1.0
    )
    await store(world, 1)
    keeper.start()
    for _ in range(60):
        keeper.arrived("1.2.1", "1.2.1.1")
        await asyncio.sleep(0.02)
    assert await world.index.read(incomplete_series, 1) == [SERIES]
    await rendered(world)
    await keeper.close()


async def test_an_object_that_cannot_be_made_sense_of_has_what_the_index_knows(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask(*_: object) -> None:
        raise HeaderUnreadable("on cue")

    monkeypatch.setattr(world.archive.metadata.renderer, "ask", ask)
    await store(world, 1)
    await world.archive.metadata.complete(SERIES)
    [one] = await kept(world, world.archive.metadata)
    assert one.keys() == {"00080016", "00080018", "0020000D", "0020000E", "00200013"}
    assert one["00080018"]["Value"] == ["1.2.1.1.1"]


async def test_an_object_during_which_the_process_ended_is_tried_again(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    renderer = world.archive.metadata.renderer
    real, asked = renderer.ask, list[int]()

    async def ask(question: Question) -> tuple[Outcome, bytes]:
        asked.append(1)
        if len(asked) == 1:
            raise HeaderUnreadable("on cue")
        return await real(question)

    monkeypatch.setattr(renderer, "ask", ask)
    await store(world, 1)
    await world.archive.metadata.complete(SERIES)
    [one] = await kept(world, world.archive.metadata)
    assert one["00100020"]["Value"] == ["P1"]


async def test_nothing_poorer_is_kept_because_the_process_does_not_start(
    world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(world, 1)
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nowhere")
        with pytest.raises(StorageFault, match="does not start"):
            await world.archive.metadata.complete(SERIES)
    await world.archive.metadata.complete(SERIES)
    [one] = await kept(world, world.archive.metadata)
    assert one["00100020"]["Value"] == ["P1"]


async def test_a_damaged_object_is_reported_and_left_out(world: ArchiveWorld) -> None:
    await store(world, 1, 2, 3)
    stored = await world.index.read(known_instances, ["1.2.1.1.2"])
    world.journal.damage(stored["1.2.1.1.2"].location)
    await world.archive.metadata.complete(SERIES)
    assert numbers(await kept(world, world.archive.metadata)) == [1, 3]
    assert [type(fault).__name__ for fault in world.reported] == ["IntegrityFault"]


async def test_a_long_header_is_read_as_far_as_it_goes(world: ArchiveWorld) -> None:
    long = explicit(0x00091010, "UN", bytes(300_000)) + explicit(0x00091011, "UN", bytes(2_000_000))
    scanner = await world.device()
    content = data_set(InstanceNumber="1")
    position = content.index(b"\x10\x00\x10\x00PN")  # private elements stand before it
    await world.store(scanner, content[:position] + long + content[position:])
    await world.archive.metadata.complete(SERIES)
    [one] = await kept(world, world.archive.metadata)
    assert one["00091011"]["BulkDataURI"].endswith("/bulkdata/00091011")
    assert one["00100020"]["Value"] == ["P1"]

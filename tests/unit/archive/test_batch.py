"""The files of one request: stored at the same time, answered in order, and none takes another one with it."""

from __future__ import annotations

import asyncio

import pytest

from helpers.archive_world import CT, ArchiveWorld, data_set
from helpers.samples import part10
from leadglass.archive import open_studies
from leadglass.archive.batch import NotTaken, StoringBatch, Taken
from leadglass.gate.ledger import Event
from leadglass.store.index.instances import known_instances
from leadglass.terms.ceilings import MAX_STORES_AT_ONCE
from leadglass.terms.errors import OutOfSpace


def uid(number: int, study: str = "1.2.1") -> str:
    return f"{study}.1.{number}"


def file(number: int, study: str = "1.2.1", **attributes: str) -> bytes:
    return part10(data_set(study, uid(number, study), b"pixels..", **attributes))


def taken(number: int, study: str = "1.2.1") -> Taken:
    return Taken(CT, uid(number, study), study, f"{study}.1")


async def put(batch: StoringBatch, content: bytes) -> None:
    batch.begin()
    await batch.write(memoryview(content))
    await batch.end()


async def test_files_are_stored_and_answered_in_order(world: ArchiveWorld) -> None:
    batch = StoringBatch(world.archive, await world.device())
    for number in range(3 * MAX_STORES_AT_ONCE):
        await put(batch, file(number))
    assert await batch.close() == [taken(number) for number in range(3 * MAX_STORES_AT_ONCE)]
    await world.archive.gate.close()
    [closed] = world.ledger.of(Event.EPISODE_CLOSED)
    assert closed.counts["instances"] == 3 * MAX_STORES_AT_ONCE


async def test_several_are_made_durable_at_once_and_no_more_than_the_ceiling(world: ArchiveWorld) -> None:
    begun, go_on, append = 0, asyncio.Event(), world.journal.append

    async def waits(*arguments: object) -> object:
        nonlocal begun
        begun += 1
        await go_on.wait()
        return await append(*arguments)

    world.journal.append = waits
    batch = StoringBatch(world.archive, await world.device())
    for number in range(MAX_STORES_AT_ONCE):
        await put(batch, file(number))
    one_more = asyncio.create_task(put(batch, file(99)))
    while begun < MAX_STORES_AT_ONCE:  # noqa: ASYNC110 - it counts what the archive does by itself
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    assert not one_more.done()
    assert begun == MAX_STORES_AT_ONCE
    go_on.set()
    await one_more
    assert [type(one) for one in await batch.close()] == [Taken] * (MAX_STORES_AT_ONCE + 1)


async def test_a_file_that_fails_takes_no_other_with_it(world: ArchiveWorld) -> None:
    batch = StoringBatch(world.archive, await world.device())
    for content in (
        file(1),
        b"no file",
        file(2, PatientID="somebody else"),
        file(1, PatientName="Changed"),
        part10(data_set()[:60]),
        file(1),
        file(3),
    ):
        await put(batch, content)
    outcomes = await batch.close()
    assert [outcome for outcome in outcomes if isinstance(outcome, Taken)] == [taken(1), taken(1), taken(3)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, NotTaken)]
    assert [(one.sop_instance_uid, one.reason) for one in failures] == [
        ("", 0xC000),
        (uid(2), 0xA900),
        (uid(1), 0x0111),
        (failures[3].sop_instance_uid, 0xC000),
    ]
    assert all(one.words for one in failures)


async def test_the_same_instance_twice_in_one_request_is_stored_once(world: ArchiveWorld) -> None:
    batch = StoringBatch(world.archive, await world.device())
    for _ in range(MAX_STORES_AT_ONCE):
        await put(batch, file(1))
    assert await batch.close() == [taken(1)] * MAX_STORES_AT_ONCE
    assert len(await world.index.read(known_instances, [uid(1)])) == 1


async def test_two_patients_in_a_new_study_are_never_both_taken(world: ArchiveWorld) -> None:
    batch = StoringBatch(world.archive, await world.device())
    await put(batch, file(1))
    await put(batch, file(2, PatientID="somebody else"))
    first, second = await batch.close()
    assert first == taken(1)
    assert isinstance(second, NotTaken)
    assert second.reason == 0xA900
    assert len(world.ledger.of(Event.EPISODE_OPENED)) == 1


async def test_files_of_another_study_than_the_one_asked_for(world: ArchiveWorld) -> None:
    batch = StoringBatch(world.archive, await world.device(), "1.2.1")
    await put(batch, file(1))
    await put(batch, file(1, "1.2.9"))
    first, second = await batch.close()
    assert first == taken(1)
    assert isinstance(second, NotTaken)
    assert (second.reason, "Study Instance UID" in second.words) == (0xA900, True)


async def test_who_may_not_add_to_a_study_is_told_so(world: ArchiveWorld) -> None:
    batch = StoringBatch(world.archive, await world.reader())
    await put(batch, file(1))
    [outcome] = await batch.close()
    assert isinstance(outcome, NotTaken)
    assert outcome.reason == 0x0124
    assert len(world.ledger.of(Event.REFUSED)) == 1


async def test_a_full_disk_is_told_without_a_secret_and_reported(world: ArchiveWorld) -> None:
    batch = StoringBatch(world.archive, await world.device())
    world.journal.fault = OutOfSpace("no room on /srv/archive")
    await put(batch, file(1))
    [outcome] = await batch.close()
    assert isinstance(outcome, NotTaken)
    assert (outcome.reason, isinstance(outcome.fault, OutOfSpace)) == (0xA700, True)
    assert "/srv" not in outcome.words
    assert [type(fault) for fault in world.reported] == [OutOfSpace]


async def test_a_file_that_did_not_end_leaves_nothing(world: ArchiveWorld) -> None:
    batch = StoringBatch(world.archive, await world.device())
    await put(batch, file(1))
    batch.begin()
    await batch.write(memoryview(file(2)))
    assert await batch.close() == [taken(1)]
    assert set(await world.index.read(known_instances, [uid(1), uid(2)])) == {uid(1)}


async def test_more_studies_than_stay_open(world: ArchiveWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_studies, "_MOST", 2)
    batch = StoringBatch(world.archive, await world.device())
    for number in range(10):
        await put(batch, file(1, f"1.2.{number}"))
        await put(batch, file(2, f"1.2.{number}"))
    assert [type(one) for one in await batch.close()] == [Taken] * 20
    await world.archive.gate.close()
    closed = world.ledger.of(Event.EPISODE_CLOSED)
    assert sum(entry.counts["instances"] for entry in closed) == 20


async def test_a_fault_of_our_own_making_is_not_taken_for_an_answer(world: ArchiveWorld) -> None:
    async def fails(*_: object) -> None:
        raise ZeroDivisionError

    world.journal.append = fails
    batch = StoringBatch(world.archive, await world.device())
    await put(batch, file(1))
    with pytest.raises(ZeroDivisionError):
        await batch.close()
    await world.archive.gate.close()
    assert len(world.ledger.of(Event.EPISODE_CLOSED)) == 1


async def test_a_batch_that_is_cancelled_leaves_nothing_at_work(world: ArchiveWorld) -> None:
    async def waits(*_: object) -> None:
        await asyncio.Event().wait()

    world.journal.append = waits
    batch = StoringBatch(world.archive, await world.device())
    await put(batch, file(1))
    closing = asyncio.create_task(batch.close())
    await asyncio.sleep(0.01)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await world.archive.gate.close()
    assert len(world.ledger.of(Event.EPISODE_CLOSED)) == 1
    assert all(task is asyncio.current_task() or task.done() for task in batch._tasks)

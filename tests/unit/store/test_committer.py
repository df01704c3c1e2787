"""The writer thread: order, grouping, and one answer for each commission whatever happens."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.faulty_disk import FaultyDisk
from helpers.journal_oracle import read_volume
from helpers.objects_in import content
from leadglass.store.committer import Commission, Committer
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.recovery import volume_numbers
from leadglass.terms.errors import StorageFault

KEY = StudyKey.generate()


class HeldDisk(FaultyDisk):
    """A disk whose syncs wait until they are let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()
        self.let.set()

    def sync(self, handle: int) -> None:
        assert self.let.wait(10)
        super().sync(handle)


@pytest.fixture
def disk() -> Iterator[HeldDisk]:
    disk = HeldDisk()
    yield disk
    disk.let.set()


def commission(data: bytes, handled: list[bytes]) -> Commission:
    done: asyncio.Future[Location] = asyncio.get_running_loop().create_future()
    return Commission(memoryview(data), 0, KEY, done, lambda: handled.append(data))


async def test_what_comes_during_a_sync_goes_into_the_next_batch(disk: HeldDisk, tmp_path: Path) -> None:
    committer = Committer(disk, tmp_path, itertools.count(1).__next__)
    handled: list[bytes] = []
    first = commission(b"first", handled)
    committer.submit(first)
    await first.done
    disk.let.clear()
    works = [commission(content(1000, n), handled) for n in range(20)]
    for work in works:
        committer.submit(work)
    disk.let.set()
    placed = await asyncio.gather(*(work.done for work in works))
    assert [p.offset for p in placed] == sorted(p.offset for p in placed)
    assert disk.calls.count("write") <= 3, "the first alone, then one or two batches"
    assert handled == [b"first"] + [content(1000, n) for n in range(20)]
    await asyncio.to_thread(committer.close)
    records = read_volume(tmp_path / "0000000001.volume", {KEY.key_id: KEY.secret})
    assert [r.plaintext for r in records] == handled


async def test_a_fault_answers_everyone_and_lets_go_of_their_bytes(disk: HeldDisk, tmp_path: Path) -> None:
    committer = Committer(disk, tmp_path, itertools.count(1).__next__)
    handled: list[bytes] = []
    disk.fail["write"] = StorageFault("Input/output error")
    works = [commission(content(10, n), handled) for n in range(5)]
    for work in works:
        committer.submit(work)
    answers = await asyncio.gather(*(work.done for work in works), return_exceptions=True)
    assert [type(answer) for answer in answers] == [StorageFault] * 5
    assert len(handled) == 5
    disk.fail.clear()
    await asyncio.to_thread(committer.close)


async def test_closing_finishes_what_is_queued(disk: HeldDisk, tmp_path: Path) -> None:
    committer = Committer(disk, tmp_path, itertools.count(1).__next__)
    works = [commission(content(3_000_000, n), []) for n in range(4)]
    for work in works:
        committer.submit(work)
    await asyncio.to_thread(committer.close)
    assert len({(await work.done).object_id for work in works}) == 4
    assert committer.ends == {}


async def test_the_ends_of_durable_records_are_known_before_the_answer(disk: HeldDisk, tmp_path: Path) -> None:
    committer = Committer(disk, tmp_path, itertools.count(1).__next__)
    work = commission(content(9000), [])
    committer.submit(work)
    location = await work.done
    assert committer.ends[1] >= location.end
    disk.fail["sync"] = StorageFault("no")
    lost = commission(content(9000), [])
    committer.submit(lost)
    with pytest.raises(StorageFault):
        await lost.done
    assert committer.ends[1] < location.end + 4096
    disk.fail.clear()
    await asyncio.to_thread(committer.close)


async def test_a_volume_that_cannot_be_sealed_stays_for_the_next_start(disk: HeldDisk, tmp_path: Path) -> None:
    committer = Committer(disk, tmp_path, itertools.count(1).__next__)
    work = commission(content(9000), [])
    committer.submit(work)
    await work.done
    disk.fail["truncate"] = StorageFault("no")
    await asyncio.to_thread(committer.close)
    assert volume_numbers(tmp_path) == [1]


async def test_a_loop_that_is_gone_takes_nobody_along(disk: HeldDisk, tmp_path: Path) -> None:
    committer = Committer(disk, tmp_path, itertools.count(1).__next__)
    disk.let.clear()
    committer.submit(first := commission(b"first", []))  # its sync holds the next two back, into one batch

    def elsewhere() -> None:
        async def submit() -> None:
            committer.submit(commission(b"orphan", []))

        asyncio.run(submit())

    await asyncio.to_thread(elsewhere)
    committer.submit(last := commission(b"last", []))
    disk.let.set()
    async with asyncio.timeout(30):
        await asyncio.gather(first.done, last.done)
    await asyncio.to_thread(committer.close)


async def test_a_loop_that_is_gone_stops_nothing(disk: HeldDisk, tmp_path: Path) -> None:
    committer = Committer(disk, tmp_path, itertools.count(1).__next__)

    def elsewhere() -> None:
        async def submit() -> None:
            committer.submit(commission(b"orphan", []))

        disk.let.clear()
        asyncio.run(submit())
        disk.let.set()

    await asyncio.to_thread(elsewhere)
    work = commission(b"next", [])
    committer.submit(work)
    await work.done
    await asyncio.to_thread(committer.close)

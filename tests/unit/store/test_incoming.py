"""An object while it arrives: where its bytes go, when it pauses, and that it lets go of everything it held."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from helpers.faulty_disk import FaultyDisk
from helpers.objects_in import PREFIX, content
from leadglass.store import incoming as incoming_module
from leadglass.store.budget import ALWAYS_MOVING, STALL_SECONDS, IncomingBudget
from leadglass.store.incoming import Incoming, Workshop
from leadglass.store.spool import Spool, SpoolScratch
from leadglass.terms.ceilings import MAX_INCOMING_IN_MEMORY, MIB
from leadglass.terms.errors import CeilingReached, LocalViolation, StorageFault


class HeldExecutor(Executor):
    """A thread that does nothing until it is let."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Future[None], Callable[[], None]]] = []

    def submit(self, fn: Callable[..., None], /, *args: object, **kwargs: object) -> Future[None]:  # type: ignore[override]
        future: Future[None] = Future()
        self.waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    async def work(self, count: int) -> None:
        for _ in range(count):
            future, call = self.waiting.pop(0)
            try:
                future.set_result(call())
            except Exception as error:
                future.set_exception(error)
        await asyncio.sleep(0)


class World:
    def __init__(self, directory: Path, total: int) -> None:
        self.now = 0.0
        self.disk = FaultyDisk()
        self.directory = directory
        self.budget = IncomingBudget(lambda: self.now, total)
        self.spooler = HeldExecutor()
        scratch = SpoolScratch()
        self.workshop = Workshop.furnish(self.budget, self.spooler, lambda: Spool(self.disk, directory, 1, scratch))

    def incoming(self) -> Incoming:
        return Incoming(self.workshop, PREFIX)


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return World(tmp_path, 256 * MIB)


def names(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir()]


def feed(incoming: Incoming, data: bytes, piece: int = 200_000) -> None:
    for start in range(0, len(data), piece):
        incoming.write(memoryview(data)[start : start + piece])


async def test_a_small_object_stays_in_memory(world: World) -> None:
    incoming = world.incoming()
    feed(incoming, content(525_000))
    assert bytes(incoming.head) == content(525_000)
    assert bytes(incoming.last_bytes) == PREFIX + content(525_000)
    assert incoming.head_is_whole
    assert (incoming.length, incoming.plaintext_length) == (525_000, len(PREFIX) + 525_000)
    assert world.budget.held == incoming.plaintext_length
    assert not incoming.congested
    assert world.spooler.waiting == []


async def test_spooling_begins_with_the_first_byte_too_many(world: World) -> None:
    incoming = world.incoming()
    capacity = MAX_INCOMING_IN_MEMORY - 104 - len(PREFIX)
    feed(incoming, content(capacity))
    assert incoming.spool is None
    feed(incoming, b"!")
    assert incoming.spool is not None
    assert not incoming.head_is_whole
    assert bytes(incoming.last_bytes) == b"!"
    assert bytes(incoming.head) == content(capacity)
    assert len(world.spooler.waiting) == 4


async def test_it_pauses_for_its_spool_and_goes_on(world: World) -> None:
    incoming = world.incoming()
    feed(incoming, content(5 * MIB - 1000))
    assert incoming.congested
    waiter = asyncio.create_task(incoming.wait_relieved())
    await asyncio.sleep(0)
    await world.spooler.work(1)
    assert incoming.congested
    assert incoming.is_waiting
    await world.spooler.work(1)
    await waiter
    assert not incoming.congested
    assert not incoming.is_waiting
    await world.spooler.work(len(world.spooler.waiting))
    incoming.discard()
    await world.spooler.work(1)
    assert world.budget.held == 0


async def test_what_is_written_to_the_spool_is_released(world: World) -> None:
    incoming = world.incoming()
    feed(incoming, content(8 * MIB))
    await world.spooler.work(len(world.spooler.waiting))
    left = len(incoming.last_bytes)
    assert world.budget.held == MAX_INCOMING_IN_MEMORY - 104 + left
    incoming.discard()
    await world.spooler.work(1)
    assert world.budget.held == 0
    assert names(world.directory) == []


@pytest.mark.parametrize("size", [0, 100, 5 * MIB, 9 * MIB])
async def test_handing_over_keeps_the_bytes_until_they_are_handled(size: int, world: World) -> None:
    incoming = world.incoming()
    feed(incoming, content(size))
    incoming.finish()
    incoming.hand_over()
    incoming.discard()
    assert world.budget.held > 0
    incoming.handled()
    await world.spooler.work(len(world.spooler.waiting))
    assert world.budget.held == 0
    incoming.discard()


async def test_buffers_are_used_again(world: World) -> None:
    first = world.incoming()
    feed(first, content(100))
    held = first.head.obj
    first.discard()
    second = world.incoming()
    assert second.head.obj is held
    second.discard()


async def test_an_object_over_the_largest_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming_module, "MAX_OBJECT", len(PREFIX) + 1000)
    incoming = world.incoming()
    feed(incoming, content(1000))
    with pytest.raises(CeilingReached, match="MAX_OBJECT") as caught:
        incoming.write(memoryview(b"!"))
    assert caught.value.answer.status == 0xA700
    incoming.discard()
    assert world.budget.held == 0


async def test_all_objects_together_pause_and_go_on(tmp_path: Path) -> None:
    world = World(tmp_path, 8 * MIB)
    senders = [world.incoming() for _ in range(ALWAYS_MOVING + 2)]
    for sender in senders:
        feed(sender, content(MIB + MIB // 10))
    assert [sender.congested for sender in senders] == [False] * ALWAYS_MOVING + [True] * 2
    waiter = asyncio.create_task(senders[-1].wait_relieved())
    await asyncio.sleep(0)
    assert not waiter.done()
    senders[0].discard()
    await waiter
    for sender in senders:
        sender.discard()
    assert world.budget.held == 0


async def test_a_sender_that_stands_still_loses_its_object(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming_module, "_LOOK_AGAIN_SECONDS", 0.001)
    world = World(tmp_path, 8 * MIB)
    still = [world.incoming() for _ in range(ALWAYS_MOVING)]
    for sender in still:
        feed(sender, content(MIB + MIB // 2))
    world.now = STALL_SECONDS + 1
    other = world.incoming()
    feed(other, content(MIB))
    await other.wait_relieved()
    assert not other.congested
    for sender in still:
        with pytest.raises(CeilingReached, match="MAX_INCOMING_TOTAL"):
            sender.write(memoryview(b"late"))
        with pytest.raises(CeilingReached):
            sender.finish()
        with pytest.raises(CeilingReached):
            sender.hand_over()
    other.discard()
    assert world.budget.held == 0


async def test_a_spool_fault_reaches_the_writer_and_frees_the_memory(world: World) -> None:
    incoming = world.incoming()
    feed(incoming, content(5 * MIB))
    world.disk.fail["write"] = StorageFault("Input/output error")
    await world.spooler.work(4)
    with pytest.raises(StorageFault, match="Input/output"):
        incoming.write(memoryview(b"more"))
    assert not incoming.congested
    await incoming.wait_relieved()
    await world.spooler.work(len(world.spooler.waiting))
    assert world.budget.held == 0
    assert names(world.directory) == []


async def test_after_the_spooler_is_gone_a_discard_still_removes_the_file(tmp_path: Path) -> None:
    world = World(tmp_path, 256 * MIB)
    executor = ThreadPoolExecutor(1)
    scratch = SpoolScratch()
    workshop = Workshop.furnish(world.budget, executor, lambda: Spool(world.disk, tmp_path, 1, scratch))
    incoming = Incoming(workshop, PREFIX)
    feed(incoming, content(5 * MIB))
    while incoming.congested:
        await incoming.wait_relieved()
    executor.shutdown()
    with pytest.raises(StorageFault, match="closed"):
        feed(incoming, content(3 * MIB))
    assert names(tmp_path) == ["0000000001.spool"]
    incoming.discard()
    assert names(tmp_path) == []


async def test_misuse(world: World) -> None:
    incoming = world.incoming()
    with pytest.raises(LocalViolation):
        incoming.hand_over()
    incoming.finish()
    with pytest.raises(LocalViolation):
        incoming.write(memoryview(b"x"))
    incoming.discard()
    with pytest.raises(LocalViolation):
        incoming.hand_over()

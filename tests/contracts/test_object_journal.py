"""The suite that every implementation of `store.port.ObjectJournal` must pass."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from helpers.memory_journal import MemoryJournal
from helpers.objects_in import PREFIX, content, get, put, receive
from leadglass.store.journal import Journal
from leadglass.store.keys import StudyKey
from leadglass.store.port import ObjectJournal
from leadglass.terms.ceilings import MAX_INCOMING_IN_MEMORY, MIB
from leadglass.terms.errors import LocalViolation

SIZES = [0, 1, 8_192, 525_000, MIB, MAX_INCOMING_IN_MEMORY - 200, MAX_INCOMING_IN_MEMORY, 5 * MIB + 3]
Reopen = Callable[[ObjectJournal], Awaitable[ObjectJournal]]


@pytest.fixture(params=["local", "memory"])
async def journal_and_reopen(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[tuple[ObjectJournal, Reopen]]:
    journals: list[ObjectJournal] = []

    async def reopen_local(journal: ObjectJournal) -> ObjectJournal:
        await journal.close()
        journals.append(Journal.open(tmp_path))
        return journals[-1]

    async def reopen_memory(journal: ObjectJournal) -> ObjectJournal:
        assert isinstance(journal, MemoryJournal)
        await journal.close()
        journals.append(journal.reopened())
        return journals[-1]

    local = request.param == "local"
    journals.append(Journal.open(tmp_path) if local else MemoryJournal())
    yield journals[0], reopen_local if local else reopen_memory
    for journal in journals:
        await journal.close()


@pytest.fixture
def journal(journal_and_reopen: tuple[ObjectJournal, Reopen]) -> ObjectJournal:
    return journal_and_reopen[0]


@pytest.mark.parametrize("size", SIZES)
async def test_what_goes_in_comes_out(size: int, journal_and_reopen: tuple[ObjectJournal, Reopen]) -> None:
    journal, reopen = journal_and_reopen
    key, data = StudyKey.generate(), content(size)
    location = await put(journal, data, key)
    assert location.dataset_offset == len(PREFIX)
    assert location.plaintext_length == len(PREFIX) + size
    assert location.key_id == key.key_id
    assert await get(journal, location, key) == PREFIX + data
    journal = await reopen(journal)
    assert await get(journal, location, key) == PREFIX + data
    assert await journal.read_whole(location, key) == PREFIX + data


@pytest.mark.parametrize(
    ("start", "length"), [(0, 0), (0, 1), (151, 1), (MIB - 57, 3), (MIB - 56, MIB), (3 * MIB, 2 * MIB), (0, 5 * MIB)]
)
async def test_ranges(start: int, length: int, journal: ObjectJournal) -> None:
    key, data = StudyKey.generate(), content(6 * MIB)
    location = await put(journal, data, key)
    assert await get(journal, location, key, start, length) == (PREFIX + data)[start : start + length]
    assert await get(journal, location, key, start) == (PREFIX + data)[start:]


@pytest.mark.parametrize(("start", "length"), [(-1, 1), (0, 200), (200, None), (100, -1)])
async def test_ranges_outside_the_object(start: int, length: int | None, journal: ObjectJournal) -> None:
    key = StudyKey.generate()
    location = await put(journal, b"short", key)
    with pytest.raises(ValueError, match="not within"):
        await get(journal, location, key, start, length)


async def test_head_and_length_while_it_arrives(journal: ObjectJournal) -> None:
    data = content(6 * MIB)
    incoming = await receive(journal, data)
    assert incoming.length == len(data)
    assert incoming.dataset_offset == len(PREFIX)
    assert not incoming.head_is_whole
    assert bytes(incoming.head) == data[: len(incoming.head)]
    assert len(incoming.head) > MAX_INCOMING_IN_MEMORY - MIB
    incoming.discard()
    small = await receive(journal, b"small")
    assert small.head_is_whole
    assert bytes(small.head) == b"small"
    small.discard()


async def test_recovery_finds_every_record_in_order(journal_and_reopen: tuple[ObjectJournal, Reopen]) -> None:
    journal, reopen = journal_and_reopen
    key = StudyKey.generate()
    placed = [await put(journal, content(size, size), key) for size in (10, 5 * MIB, 20_000, 30)]
    by_volume = {v: [p for p in placed if p.volume == v] for v in {p.volume for p in placed}}
    for current in (journal, await reopen(journal)):
        assert set(current.volumes()) == set(by_volume)
        for volume, expected in by_volume.items():
            assert list(current.records_since(volume)) == expected
            for at, location in enumerate(expected):
                assert list(current.records_since(volume, location.offset)) == expected[at:]
                assert list(current.records_since(volume, location.end)) == expected[at + 1 :]


async def test_volume_numbers_are_never_used_twice(journal_and_reopen: tuple[ObjectJournal, Reopen]) -> None:
    journal, reopen = journal_and_reopen
    first = await put(journal, b"a", StudyKey.generate())
    journal = await reopen(journal)
    second = await put(journal, b"b", StudyKey.generate())
    assert second.volume > first.volume


@pytest.mark.parametrize("size", [100, 6 * MIB])
async def test_what_is_discarded_leaves_nothing(size: int, journal: ObjectJournal) -> None:
    incoming = await receive(journal, content(size))
    incoming.discard()
    incoming.discard()
    await journal.close()
    assert list(journal.volumes()) == []


async def test_misuse_is_our_own_mistake(journal: ObjectJournal) -> None:
    key = StudyKey.generate()
    unfinished = journal.incoming(PREFIX)
    with pytest.raises(LocalViolation):
        await journal.append(unfinished, key)
    unfinished.finish()
    with pytest.raises(LocalViolation):
        unfinished.write(memoryview(b"late"))
    with pytest.raises(LocalViolation):
        unfinished.finish()
    await journal.append(unfinished, key)
    with pytest.raises(LocalViolation):
        await journal.append(unfinished, key)
    unfinished.discard()  # always legal
    late = await receive(journal, b"late")
    await journal.close()
    await journal.close()
    with pytest.raises(LocalViolation):
        await journal.append(late, key)
    late.discard()


async def test_another_studys_key_opens_nothing(journal: ObjectJournal) -> None:
    location = await put(journal, b"data", StudyKey.generate())
    with pytest.raises(LocalViolation):
        await get(journal, location, StudyKey.generate())
    with pytest.raises(LocalViolation):
        await journal.read_whole(location, StudyKey.generate())


@pytest.mark.parametrize("size", [0, 10, 5 * MIB, 6 * MIB + 17])
async def test_the_same_data_set_again(size: int, journal: ObjectJournal) -> None:
    key, data = StudyKey.generate(), content(size)
    location = await put(journal, data, key)
    again = await receive(journal, data)
    assert await journal.same_data_set(again, location, key)
    again.discard()
    longer = await receive(journal, data + b"\0")
    assert not await journal.same_data_set(longer, location, key)
    longer.discard()
    for at in (0, size // 2, size - 1) if size else ():
        changed = bytearray(data)
        changed[at] ^= 1
        other = await receive(journal, bytes(changed))
        assert not await journal.same_data_set(other, location, key)
        other.discard()


async def test_dead_volumes_go_and_living_ones_stay(journal_and_reopen: tuple[ObjectJournal, Reopen]) -> None:
    journal, reopen = journal_and_reopen
    alive, dead = StudyKey.generate(), StudyKey.generate()
    gone = await put(journal, content(5 * MIB), dead)
    kept_large = await put(journal, content(5 * MIB), alive)
    mixed = [await put(journal, b"x", dead), await put(journal, b"y", alive)]
    journal = await reopen(journal)
    still_open = await put(journal, b"z", dead)
    removed = await journal.remove_dead(lambda key_id: key_id == alive.key_id)
    assert removed == [gone.volume]
    assert set(journal.volumes()) == {kept_large.volume, mixed[0].volume, still_open.volume}
    assert await get(journal, mixed[1], alive) == PREFIX + b"y"
    assert await get(journal, still_open, dead) == PREFIX + b"z"
    assert await journal.remove_dead(lambda key_id: True) == []

"""The local journal: its files as an outsider reads them, its faults, and what it leaves on the disk."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from helpers.faulty_disk import FaultyDisk
from helpers.journal_oracle import read_volume
from helpers.objects_in import PREFIX, content, get, put, receive
from leadglass.store import volume
from leadglass.store.journal import Journal
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.terms.ceilings import MAX_INCOMING_IN_MEMORY, MIB
from leadglass.terms.errors import IntegrityFault, LocalViolation, OutOfSpace, StorageFault, UserFault

KEY = StudyKey.generate()
HEAD = MAX_INCOMING_IN_MEMORY - 104 - len(PREFIX)
"""The largest data set that is not spooled."""


@pytest.fixture
def disk() -> FaultyDisk:
    return FaultyDisk()


@pytest.fixture
async def journal(tmp_path: Path, disk: FaultyDisk) -> AsyncIterator[Journal]:
    journal = Journal.open(tmp_path / "volumes", disk=disk)
    yield journal
    await journal.close()


def files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if path.name != "lock")


async def test_an_outsider_with_tink_reads_every_volume(journal: Journal, tmp_path: Path) -> None:
    other = StudyKey.generate()
    sizes = [0, 1, 15, 16, 4096, 525_000, MIB - 56 - len(PREFIX), MIB, HEAD - 1, HEAD, HEAD + 1, 5 * MIB, 7 * MIB - 200]
    wanted: dict[bytes, bytes] = {}
    for size in sizes:
        location = await put(journal, content(size, size), other if size % 2 else KEY)
        wanted[location.object_id] = PREFIX + content(size, size)
    await journal.close()
    secrets = {key.key_id: key.secret for key in (KEY, other)}
    seen = {}
    for name in files(tmp_path / "volumes"):
        for record in read_volume(tmp_path / "volumes" / name, secrets):
            seen[record.object_id] = record.plaintext
            assert record.dataset_offset == len(PREFIX)
            assert record.batch_offset == record.offset, "appended one by one, each is a batch of its own"
    assert seen == wanted


async def test_what_waits_together_is_synced_together(journal: Journal, disk: FaultyDisk, tmp_path: Path) -> None:
    await put(journal, b"first", KEY)
    objects = [await receive(journal, content(9000, at)) for at in range(50)]
    disk.calls.clear()
    placed = await asyncio.gather(*(journal.append(incoming, KEY) for incoming in objects))
    assert disk.calls.count("sync") == disk.calls.count("write") < 10
    assert {p.offset % 16 for p in placed} == {0}
    await journal.close()
    records = read_volume(tmp_path / "volumes" / "0000000001.volume", {KEY.key_id: KEY.secret})
    assert [(r.offset, r.plaintext) for r in records[1:]] == [
        (p.offset, PREFIX + content(9000, at)) for at, p in enumerate(placed)
    ]
    batches = {r.batch_offset for r in records}
    assert len(batches) < 12
    assert all(batch % 4096 == 0 for batch in batches)


async def test_a_batch_is_bounded(journal: Journal) -> None:
    objects = [await receive(journal, content(3 * MIB, at)) for at in range(5)]
    placed = await asyncio.gather(*(journal.append(incoming, KEY) for incoming in objects))
    for at, location in enumerate(placed):
        assert await journal.read_whole(location, KEY) == PREFIX + content(3 * MIB, at)


async def test_volumes_roll_and_are_sealed(journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume, "VOLUME_ROLL", MIB)
    placed = [await put(journal, content(400_000, at), KEY) for at in range(5)]
    assert [p.volume for p in placed] == [1, 1, 2, 2, 3]
    sealed = read_volume(tmp_path / "volumes" / "0000000001.volume", {KEY.key_id: KEY.secret})
    assert len(sealed) == 2
    assert await get(journal, placed[0], KEY) == PREFIX + content(400_000, 0)


async def test_two_processes_cannot_have_it_open(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="another leadglass"):
        Journal.open(tmp_path / "volumes")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserFault, match="cannot be written"):
        Journal.open(tmp_path / "file" / "volumes")


async def test_a_spool_of_a_crash_is_removed(tmp_path: Path) -> None:
    (tmp_path / "0000000003.spool").write_bytes(b"half")
    journal = Journal.open(tmp_path)
    assert files(tmp_path) == []
    await journal.close()


async def test_nothing_stored_leaves_nothing(journal: Journal, tmp_path: Path) -> None:
    await journal.close()
    assert files(tmp_path / "volumes") == []


# --- faults -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["write", "sync"])
async def test_a_volume_whose_write_or_sync_failed_is_never_written_again(
    call: str, journal: Journal, disk: FaultyDisk, tmp_path: Path
) -> None:
    safe = await put(journal, b"safe", KEY)
    disk.fail[call] = StorageFault("Input/output error")
    with pytest.raises(StorageFault, match="Input/output"):
        await put(journal, b"lost", KEY)
    disk.fail.clear()
    left = (tmp_path / "volumes" / "0000000001.volume").stat().st_mtime_ns
    after = await put(journal, b"after", KEY)
    assert (safe.volume, after.volume) == (1, 2)
    assert list(journal.records_since(1)) == [safe]
    await journal.close()
    assert (tmp_path / "volumes" / "0000000001.volume").stat().st_mtime_ns == left
    again = Journal.open(tmp_path / "volumes")
    assert [r.volume for r in again.recovered] == [1]
    assert await get(again, safe, KEY) == PREFIX + b"safe"
    assert await get(again, after, KEY) == PREFIX + b"after"
    await again.close()


async def test_a_first_sync_that_fails_leaves_no_file(journal: Journal, disk: FaultyDisk, tmp_path: Path) -> None:
    disk.fail["sync"] = StorageFault("Input/output error")
    with pytest.raises(StorageFault):
        await put(journal, b"lost", KEY)
    assert files(tmp_path / "volumes") == []


async def test_no_room_refuses_the_batch_and_the_volume_goes_on(
    journal: Journal, disk: FaultyDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volume, "RESERVE_STEP", 0)
    first = await put(journal, b"first", KEY)
    disk.fail["reserve"] = OutOfSpace("No space left on device")
    with pytest.raises(OutOfSpace):
        await put(journal, content(100_000), KEY)
    del disk.fail["reserve"]
    second = await put(journal, b"second", KEY)
    assert second.volume == first.volume
    assert list(journal.records_since(first.volume)) == [first, second]


async def test_an_unforeseen_failure_of_the_writer_is_a_storage_fault(
    journal: Journal, disk: FaultyDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def surprising(handle: int, data: memoryview, offset: int) -> None:
        raise RuntimeError("surprise")

    with monkeypatch.context() as patch:
        patch.setattr(disk, "write", surprising)
        with pytest.raises(StorageFault, match="writer failed"):
            await put(journal, b"lost", KEY)
    assert await get(journal, await put(journal, b"after", KEY), KEY) == PREFIX + b"after"


@pytest.mark.parametrize("call", ["create", "reserve", "write"])
async def test_a_spool_that_fails_while_it_arrives_tells_the_writer(
    call: str, journal: Journal, disk: FaultyDisk, tmp_path: Path
) -> None:
    disk.fail[call] = OutOfSpace("No space left on device")
    incoming = journal.incoming(PREFIX)

    async def feed() -> None:
        for _ in range(40):
            incoming.write(memoryview(bytes(MIB // 2)))
            await incoming.wait_relieved()

    with pytest.raises(OutOfSpace):
        await feed()
    with pytest.raises(OutOfSpace):
        incoming.finish()
    with pytest.raises(OutOfSpace):
        await journal.append(incoming, KEY)
    incoming.discard()
    disk.fail.clear()
    await journal.close()
    assert files(tmp_path / "volumes") == []


@pytest.mark.parametrize("call", ["truncate", "sync", "rename"])
async def test_a_spool_that_fails_at_its_end_is_not_acknowledged_and_leaves_nothing(
    call: str, journal: Journal, disk: FaultyDisk, tmp_path: Path
) -> None:
    incoming = await receive(journal, content(6 * MIB))
    disk.fail[call] = StorageFault("Input/output error")
    with pytest.raises(StorageFault):
        await journal.append(incoming, KEY)
    disk.fail.clear()
    assert await get(journal, await put(journal, content(5 * MIB), KEY), KEY) == PREFIX + content(5 * MIB)
    assert len(files(tmp_path / "volumes")) == 1


async def test_a_cancelled_caller_does_not_hurt_the_others(journal: Journal) -> None:
    doomed = asyncio.create_task(put(journal, content(500_000, 1), KEY))
    fine = asyncio.create_task(put(journal, content(500_000, 2), KEY))
    await asyncio.sleep(0)
    doomed.cancel()
    location = await fine
    assert await get(journal, location, KEY) == PREFIX + content(500_000, 2)
    with pytest.raises(asyncio.CancelledError):
        await doomed


async def test_an_object_of_another_journal_is_refused(journal: Journal) -> None:
    from helpers.memory_journal import MemoryJournal

    with pytest.raises(LocalViolation):
        await journal.append(await receive(MemoryJournal(), b"x"), KEY)


# --- bits that flip ---------------------------------------------------------------------------------------------


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)
        file.seek(offset)
        file.write(bytes([byte[0] ^ 0x10]))


async def test_a_flipped_bit_is_found_named_and_never_served(journal: Journal, tmp_path: Path) -> None:
    location = await put(journal, content(3 * MIB), KEY)
    path = tmp_path / "volumes" / "0000000001.volume"
    flip(path, location.offset + 160 + 2 * MIB + 5)
    named = f"volume 1 at {location.offset}: segment 2 fails"
    with pytest.raises(IntegrityFault, match=named):
        await journal.read_whole(location, KEY)
    with pytest.raises(IntegrityFault, match=named):
        await get(journal, location, KEY)
    assert await get(journal, location, KEY, 0, 2 * MIB - 100) == (PREFIX + content(3 * MIB))[: 2 * MIB - 100]
    with pytest.raises(IntegrityFault):
        await journal.same_data_set(await receive(journal, content(3 * MIB)), location, KEY)


@pytest.mark.parametrize("at", [0, 20, 100, 150, 160, 170])
async def test_a_flipped_bit_in_any_header_is_found(at: int, journal: Journal, tmp_path: Path) -> None:
    location = await put(journal, b"data", KEY)
    flip(tmp_path / "volumes" / "0000000001.volume", location.offset + at)
    with pytest.raises(IntegrityFault, match=f"volume 1 at {location.offset}"):
        await get(journal, location, KEY)


async def test_a_record_that_is_not_the_one_meant_is_refused(journal: Journal) -> None:
    a, b = await put(journal, b"a", KEY), await put(journal, b"b", KEY)
    crossed = Location(a.volume, a.offset, a.length, b.object_id, a.key_id, a.plaintext_length, a.dataset_offset)
    with pytest.raises(IntegrityFault, match="not the one the index means"):
        await get(journal, crossed, KEY)


async def test_a_missing_volume_is_named(journal: Journal) -> None:
    location = await put(journal, b"a", KEY)
    gone = Location(9, location.offset, location.length, location.object_id, KEY.key_id, 1, 0)
    with pytest.raises(IntegrityFault, match="volume 9 is missing"):
        await journal.read_whole(gone, KEY)


async def test_damage_among_the_records_is_told_after_what_can_be_had(journal: Journal, tmp_path: Path) -> None:
    placed = [await put(journal, content(5000, at), KEY) for at in range(3)]
    await journal.close()
    flip(tmp_path / "volumes" / "0000000001.volume", placed[1].offset + 3)
    again = Journal.open(tmp_path / "volumes")
    records = again.records_since(1)
    assert [next(records), next(records)] == [placed[0], placed[2]]
    with pytest.raises(IntegrityFault, match=f"volume 1 at {placed[1].offset}"):
        next(records)
    assert await again.remove_dead(lambda key_id: False) == [], "a damaged volume is not thrown away"
    await again.close()


# --- memory and space -------------------------------------------------------------------------------------------

_FOUR_LARGE = """
import asyncio, resource, sys
from pathlib import Path
from leadglass.store.journal import Journal
from leadglass.store.keys import StudyKey

async def one(journal, key):
    incoming = journal.incoming(bytes(400))
    piece = memoryview(bytes(256 * 1024))
    for _ in range(400):
        incoming.write(piece)
        while incoming.congested:
            await incoming.wait_relieved()
        await asyncio.sleep(0)
    incoming.finish()
    return await journal.append(incoming, key)

async def main():
    journal = Journal.open(Path(sys.argv[1]))
    key = StudyKey.generate()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await asyncio.gather(*(one(journal, key) for _ in range(4)))
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
    await journal.close()

asyncio.run(main())
"""


def test_four_objects_of_100_mb_at_once_stay_small(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", _FOUR_LARGE, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(run.stdout) < 64, "MiB more than before"
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) > 4 * 400 * 256 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 48 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small file system needs root")
@pytest.mark.parametrize("size", [525_000, 5 * MIB])
async def test_a_full_disk_refuses_keeps_what_is_there_and_recovers(size: int, small_disk: Path) -> None:
    journal = Journal.open(small_disk / "volumes")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(8 * MIB))
    stored: list[Location] = []

    async def fill() -> None:
        while True:
            stored.append(await put(journal, content(size, len(stored)), KEY))

    with pytest.raises(OutOfSpace):
        await fill()
    assert stored
    with pytest.raises(OutOfSpace):
        await put(journal, content(size), KEY)
    ballast.unlink()
    after = await put(journal, content(size, 77), KEY)
    for at, location in enumerate(stored):
        assert await get(journal, location, KEY) == PREFIX + content(size, at)
    await journal.close()
    again = Journal.open(small_disk / "volumes")
    assert again.recovered == ()
    listed = {location for number in again.volumes() for location in again.records_since(number)}
    assert listed == {*stored, after}
    await again.close()

"""A large object's own volume: what is on the disk at each moment, and that the outside reader reads it."""

from pathlib import Path

import pytest

from helpers.faulty_disk import FaultyDisk
from helpers.journal_oracle import read_volume
from helpers.objects_in import content
from leadglass.store.disk import BLOCK
from leadglass.store.keys import StudyKey
from leadglass.store.objects import FIRST_SEGMENT, NEXT_SEGMENT
from leadglass.store.spool import Spool, SpoolScratch
from leadglass.terms.errors import IntegrityFault, OutOfSpace, StorageFault

KEY = StudyKey.generate()


def begun(directory: Path, disk: FaultyDisk, size: int) -> tuple[Spool, bytes, memoryview]:
    """A spool that was given all but the last segment, the whole plaintext, and the last segment."""
    spool, plaintext = Spool(disk, directory, 1, SpoolScratch()), content(size)
    start, number = 0, 0
    length = FIRST_SEGMENT
    while start + length < size:
        spool.write_segment(number, memoryview(plaintext)[start : start + length])
        start, number, length = start + length, number + 1, NEXT_SEGMENT
    return spool, plaintext, memoryview(plaintext)[start:]


@pytest.mark.parametrize(
    "size", [FIRST_SEGMENT + extra for extra in (1, 4000, 4080, NEXT_SEGMENT - 30, NEXT_SEGMENT, NEXT_SEGMENT + 1)]
)
def test_the_outside_reader_reads_it(size: int, tmp_path: Path) -> None:
    spool, plaintext, last = begun(tmp_path, FaultyDisk(), size)
    assert [path.name for path in tmp_path.iterdir()] == ["0000000001.spool"]
    location = spool.commit(last, size, 100, KEY)
    (record,) = read_volume(tmp_path / "0000000001.volume", {KEY.key_id: KEY.secret})
    assert record.plaintext == plaintext
    assert (location.offset, location.length) == (record.offset, record.length)
    assert (location.object_id, location.dataset_offset) == (record.object_id, 100)


def test_the_header_is_written_last_and_the_name_comes_after_the_sync(tmp_path: Path) -> None:
    disk = FaultyDisk()
    spool, _, last = begun(tmp_path, disk, 3 * 1024 * 1024)
    raw = (tmp_path / "0000000001.spool").read_bytes()
    assert raw[BLOCK : 2 * BLOCK] == bytes(BLOCK)
    disk.calls.clear()
    spool.commit(last, 3 * 1024 * 1024, 100, KEY)
    assert disk.calls[-2:] == ["sync", "rename"]
    assert "sync" not in disk.calls[: disk.calls.index("truncate")]


def test_read_back_while_it_is_a_spool(tmp_path: Path) -> None:
    spool, plaintext, last = begun(tmp_path, FaultyDisk(), 3 * 1024 * 1024)
    assert b"".join(bytes(piece) for piece in spool.read_back()) + bytes(last) == plaintext
    with (tmp_path / "0000000001.spool").open("r+b") as file:
        file.seek(2 * BLOCK + 5000)
        file.write(b"damage")
    with pytest.raises(IntegrityFault):
        list(spool.read_back())
    spool.discard()


def test_a_fault_is_remembered(tmp_path: Path) -> None:
    disk = FaultyDisk()
    spool, _, last = begun(tmp_path, disk, 3 * 1024 * 1024)
    disk.fail["write"] = OutOfSpace("full")
    with pytest.raises(OutOfSpace):
        spool.write_segment(9, last)
    disk.fail.clear()
    for call in (
        lambda: spool.write_segment(9, last),
        lambda: spool.commit(last, 3 * 1024 * 1024, 100, KEY),
        lambda: next(spool.read_back()),
    ):
        with pytest.raises(OutOfSpace):
            call()
    spool.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_spool_writes_nothing_more(tmp_path: Path) -> None:
    disk = FaultyDisk()
    spool = Spool(disk, tmp_path, 1, SpoolScratch())
    spool.is_cancelled = True
    spool.write_segment(0, memoryview(content(FIRST_SEGMENT)))
    spool.discard()
    assert disk.calls == []


def test_discard_after_commit_leaves_the_volume(tmp_path: Path) -> None:
    spool, _, last = begun(tmp_path, FaultyDisk(), 3 * 1024 * 1024)
    spool.commit(last, 3 * 1024 * 1024, 100, KEY)
    spool.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["0000000001.volume"]


def test_a_name_that_cannot_be_made_durable_is_a_fault(tmp_path: Path) -> None:
    disk = FaultyDisk()
    spool, _, last = begun(tmp_path, disk, 3 * 1024 * 1024)
    disk.fail["rename"] = StorageFault("no")
    with pytest.raises(StorageFault):
        spool.commit(last, 3 * 1024 * 1024, 100, KEY)
    spool.discard()
    assert list(tmp_path.iterdir()) == []

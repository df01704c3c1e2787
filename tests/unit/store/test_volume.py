"""One volume file: how it begins, grows, is sealed or left."""

from pathlib import Path

import pytest

from helpers.faulty_disk import FaultyDisk
from leadglass.store import volume
from leadglass.store.buffers import aligned_buffer
from leadglass.store.disk import BLOCK
from leadglass.store.volume import (
    FIRST_BATCH,
    RESERVE_STEP,
    VolumeWriter,
    number_of,
    parse_seal,
    seal_block,
    volume_path,
)
from leadglass.terms.errors import OutOfSpace, StorageFault


def blocks(count: int) -> memoryview:
    buffer = aligned_buffer(count * BLOCK)
    buffer[:] = b"r" * len(buffer)
    return buffer


def test_names_and_numbers() -> None:
    path = volume_path(Path("/somewhere"), 12)
    assert path.name == "0000000012.volume"
    assert number_of(path) == 12
    assert number_of(Path("lock")) is None
    assert number_of(Path("0000000012.spool")) is None


def test_a_new_volume_is_durable_before_it_is_used(tmp_path: Path) -> None:
    disk = FaultyDisk()
    VolumeWriter(disk, tmp_path, 1).close()
    assert disk.calls == ["create", "sync", "sync_directory"]


@pytest.mark.parametrize("call", ["create", "sync", "sync_directory"])
def test_a_volume_that_cannot_be_made_leaves_no_file(call: str, tmp_path: Path) -> None:
    disk = FaultyDisk()
    disk.fail[call] = StorageFault("no")
    with pytest.raises(StorageFault):
        VolumeWriter(disk, tmp_path, 1)
    assert list(tmp_path.iterdir()) == []


def test_append_reserves_writes_and_syncs_in_that_order(tmp_path: Path) -> None:
    disk = FaultyDisk()
    writer = VolumeWriter(disk, tmp_path, 1)
    disk.calls.clear()
    writer.append(blocks(2))
    writer.append(blocks(1))
    assert disk.calls == ["reserve", "write", "sync", "write", "sync"]
    assert writer.end == FIRST_BATCH + 3 * BLOCK
    assert writer.path.stat().st_size == FIRST_BATCH + RESERVE_STEP
    writer.close()


def test_a_seal_ends_the_file_and_says_where(tmp_path: Path) -> None:
    writer = VolumeWriter(FaultyDisk(), tmp_path, 5)
    writer.append(blocks(1))
    writer.seal(writer.end, records=3)
    raw = writer.path.read_bytes()
    assert raw[-BLOCK:] == seal_block(5, 2 * BLOCK, 3)
    assert parse_seal(raw[-BLOCK:], 5, len(raw)) == 2 * BLOCK


def test_only_its_own_seal_seals() -> None:
    seal = seal_block(5, 2 * BLOCK, 3)
    assert parse_seal(seal, 6, 3 * BLOCK) is None
    assert parse_seal(seal, 5, 4 * BLOCK) is None
    assert parse_seal(seal[:-1], 5, 3 * BLOCK) is None
    assert parse_seal(bytes(BLOCK), 5, 3 * BLOCK) is None
    for at in range(48):
        broken = bytearray(seal)
        broken[at] ^= 1
        assert parse_seal(bytes(broken), 5, 3 * BLOCK) is None


def test_no_room_for_a_step_but_for_the_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FaultyDisk()
    writer = VolumeWriter(disk, tmp_path, 1)
    real = disk.reserve

    def nearly_full(handle: int, start: int, length: int) -> None:
        if start + length > 4 * BLOCK:
            raise OutOfSpace("full")
        real(handle, start, length)

    monkeypatch.setattr(disk, "reserve", nearly_full)
    writer.append(blocks(2))  # and the seal's block
    with pytest.raises(OutOfSpace):
        writer.append(blocks(1))
    assert writer.end == FIRST_BATCH + 2 * BLOCK
    writer.seal(writer.end, records=1)
    assert writer.path.stat().st_size == 4 * BLOCK


def test_room_until_it_rolls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volume, "VOLUME_ROLL", 4 * BLOCK)
    writer = VolumeWriter(FaultyDisk(), tmp_path, 1)
    assert writer.has_room(100 * BLOCK), "a batch larger than a volume still needs one"
    writer.append(blocks(2))
    assert writer.has_room(BLOCK)
    assert not writer.has_room(2 * BLOCK)
    writer.close()


def test_abandoned(tmp_path: Path) -> None:
    kept, removed = VolumeWriter(FaultyDisk(), tmp_path, 1), VolumeWriter(FaultyDisk(), tmp_path, 2)
    kept.abandon(remove=False)
    removed.abandon(remove=True)
    assert [path.name for path in tmp_path.iterdir()] == ["0000000001.volume"]


def test_read_into(tmp_path: Path) -> None:
    writer = VolumeWriter(FaultyDisk(), tmp_path, 1)
    writer.append(blocks(1))
    back = aligned_buffer(BLOCK)
    writer.read_into(back, BLOCK)
    assert back == blocks(1)
    with pytest.raises(StorageFault, match="shorter"):
        writer.read_into(back, 2 * RESERVE_STEP)
    writer.close()

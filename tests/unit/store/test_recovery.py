"""Recovery over every way a crash can tear the last batch, judged by the outside reader."""

import random
from pathlib import Path

import pytest

from helpers.faulty_disk import FaultyDisk
from helpers.journal_oracle import read_volume
from helpers.objects_in import PREFIX, content
from helpers.torn import crashed_volume, erase
from leadglass.store.disk import Disk
from leadglass.store.keys import StudyKey
from leadglass.store.reading import VolumeFile
from leadglass.store.recovery import RecoveredVolume, batches_end, recover, volume_numbers
from leadglass.terms.errors import IntegrityFault, StorageFault

KEY = StudyKey.generate()


def survivors(path: Path) -> list[bytes]:
    return [record.plaintext for record in read_volume(path, {KEY.key_id: KEY.secret})]


def whole(count: int, sizes: list[int]) -> list[bytes]:
    return [PREFIX + content(size, seed) for seed, size in enumerate(sizes[:count])]


def test_a_whole_volume_is_only_sealed(tmp_path: Path) -> None:
    path, _ = crashed_volume(tmp_path, KEY, [9000, 100], [70_000])
    assert recover(Disk(), path, 1) == RecoveredVolume(1, 3, 0)
    assert survivors(path) == whole(3, [9000, 100, 70_000])
    file = VolumeFile(path, 1)
    assert batches_end(file) == file.length - 4096


def test_any_missing_sector_of_the_last_batch_cuts_there(tmp_path: Path) -> None:
    sizes = [9000, 2000, 700, 3000]
    for at in range(40):
        place = tmp_path / str(at)
        place.mkdir()
        path, (_, last) = crashed_volume(place, KEY, sizes[:1], sizes[1:])
        start = last[0].offset + 512 * at
        if start >= last[-1].end:
            break
        erase(path, start, 512)
        torn = next(n for n, location in enumerate(last) if location.end > start)
        result = recover(Disk(), path, 1)
        assert survivors(path) == whole(1 + torn, sizes)
        assert result.records == 1 + torn
        assert result.cut_off > 0
    assert at > 10


@pytest.mark.parametrize("seed", range(30))
def test_any_set_of_missing_sectors_leaves_only_whole_records(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)
    sizes = [chance.choice([0, 10, 400, 5000, 20_000]) for _ in range(6)]
    path, (_, last) = crashed_volume(tmp_path, KEY, sizes[:2], sizes[2:])
    gone = [s for s in range(last[0].offset, last[-1].end, 512) if chance.random() < 0.2]
    for start in gone:
        erase(path, start, 512)
    intact = 0
    for location in last:
        if any(start < location.end and location.offset < start + 512 for start in gone):
            break
        intact += 1
    assert recover(Disk(), path, 1).records == 2 + intact
    assert survivors(path) == whole(2 + intact, sizes)


def test_a_batch_that_never_came_is_no_trace(tmp_path: Path) -> None:
    path, (_, last) = crashed_volume(tmp_path, KEY, [9000], [5000, 5000])
    erase(path, last[0].offset, last[-1].end - last[0].offset)
    assert recover(Disk(), path, 1) == RecoveredVolume(1, 1, 0)


def test_what_follows_a_torn_record_is_never_seen_again(tmp_path: Path) -> None:
    path, (_, last) = crashed_volume(tmp_path, KEY, [9000], [5000, 6000])
    erase(path, last[0].offset, 4096)
    recover(Disk(), path, 1)
    assert last[1].object_id not in path.read_bytes()


def test_damage_before_the_last_batch_costs_nothing_behind_it(tmp_path: Path) -> None:
    path, (first, _, _) = crashed_volume(tmp_path, KEY, [9000, 5000], [100], [200])
    erase(path, first[0].offset, 4096)
    assert recover(Disk(), path, 1).records == 3
    kept = path.read_bytes()
    assert first[1].object_id in kept


def test_a_volume_without_records_is_removed(tmp_path: Path) -> None:
    path, _ = crashed_volume(tmp_path, KEY)
    assert recover(Disk(), path, 1) == RecoveredVolume(1, 0, 0)
    assert volume_numbers(tmp_path) == []


@pytest.mark.parametrize("size", [0, 100, 4096, 5000])
def test_a_volume_that_was_just_being_made_is_removed(size: int, tmp_path: Path) -> None:
    path = tmp_path / "0000000001.volume"
    path.write_bytes(bytes(size))
    recover(Disk(), path, 1)
    assert not path.exists()


def test_a_recovery_that_fails_can_be_done_again(tmp_path: Path) -> None:
    path, _ = crashed_volume(tmp_path, KEY, [9000], [100])
    for call in ("truncate", "write", "sync"):
        disk = FaultyDisk()
        disk.fail[call] = StorageFault("no")
        with pytest.raises(StorageFault):
            recover(disk, path, 1)
        if call != "sync":  # before the sync a seal may be there already, and then it is true
            assert batches_end(VolumeFile(path, 1)) is None
    recover(Disk(), path, 1)
    assert survivors(path) == whole(2, [9000, 100])


def test_a_volume_under_anothers_name_is_left_alone(tmp_path: Path) -> None:
    path, _ = crashed_volume(tmp_path, KEY, [9000])
    path.rename(tmp_path / "0000000002.volume")
    before = (tmp_path / "0000000002.volume").read_bytes()
    with pytest.raises(IntegrityFault, match="volume 2: its first block"):
        recover(Disk(), tmp_path / "0000000002.volume", 2)
    assert (tmp_path / "0000000002.volume").read_bytes() == before


def test_numbers_are_read_from_names_alone(tmp_path: Path) -> None:
    for name in ("0000000010.volume", "0000000002.volume", "0000000003.spool", "lock", "notes.txt"):
        (tmp_path / name).touch()
    assert volume_numbers(tmp_path) == [2, 10]

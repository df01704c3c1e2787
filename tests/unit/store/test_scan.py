"""Walking along records, across batches, padding and damage."""

from pathlib import Path

from helpers.torn import crashed_volume, erase
from leadglass.store.keys import StudyKey
from leadglass.store.reading import VolumeFile
from leadglass.store.scan import Gap, ScannedRecord, is_whole, scan

KEY = StudyKey.generate()


def items(path: Path, end: int, *, past_zeros: bool = True) -> list[tuple[str, int]]:
    found = scan(VolumeFile(path, 1), 4096, end, past_zeros=past_zeros)
    return [("gap" if isinstance(item, Gap) else "record", item.offset) for item in found]


def test_records_in_order(tmp_path: Path) -> None:
    path, placed = crashed_volume(tmp_path, KEY, [100, 9000], [5], [70_000, 0])
    end = placed[-1][-1].end
    assert items(path, end) == [("record", p.offset) for batch in placed for p in batch]
    found = list(scan(VolumeFile(path, 1), 4096, end))
    assert [f.header.location(1, f.offset) for f in found if isinstance(f, ScannedRecord)] == [
        p for batch in placed for p in batch
    ]


def test_zeros_end_a_volume_that_is_still_written(tmp_path: Path) -> None:
    path, placed = crashed_volume(tmp_path, KEY, [100], [200])
    length = path.stat().st_size
    assert items(path, length, past_zeros=False) == [("record", placed[0][0].offset), ("record", placed[1][0].offset)]
    assert items(path, length)[2:] == [("gap", 4096 * 3)]


def test_a_damaged_header_is_a_gap_up_to_the_next_record(tmp_path: Path) -> None:
    path, ((a, b, c),) = crashed_volume(tmp_path, KEY, [3000, 3000, 3000])
    with path.open("r+b") as file:
        file.seek(b.offset + 50)
        file.write(b"damage")
    gaps = [item for item in scan(VolumeFile(path, 1), 4096, c.end) if isinstance(item, Gap)]
    assert gaps == [Gap(b.offset, b.length)]
    assert items(path, c.end) == [("record", a.offset), ("gap", b.offset), ("record", c.offset)]


def test_the_magic_within_a_gap_misleads_nobody(tmp_path: Path) -> None:
    path, ((a, b),) = crashed_volume(tmp_path, KEY, [50_000, 10])
    with path.open("r+b") as file:
        file.seek(a.offset)
        file.write(b"LGOB" * 10_000)
    assert items(path, b.end) == [("gap", a.offset), ("record", b.offset)]


def test_a_record_that_says_it_is_longer_than_the_volume_is_a_gap(tmp_path: Path) -> None:
    path, ((a, b),) = crashed_volume(tmp_path, KEY, [100, 5000])
    assert items(path, b.end - 16) == [("record", a.offset), ("gap", b.offset)]


def test_a_gap_over_many_windows(tmp_path: Path) -> None:
    path, ((a,), (b,)) = crashed_volume(tmp_path, KEY, [3_000_000], [10])
    erase(path, a.offset, 1000)
    assert items(path, b.end) == [("gap", a.offset), ("record", b.offset)]


def test_whole_is_judged_without_a_key(tmp_path: Path) -> None:
    path, ((_, b),) = crashed_volume(tmp_path, KEY, [2_500_000, 10])
    file = VolumeFile(path, 1)
    first, second = (item for item in scan(file, 4096, b.end) if isinstance(item, ScannedRecord))
    assert is_whole(file, first)
    assert is_whole(file, second)
    erase(path, 2_000_000 // 512 * 512, 512)
    assert not is_whole(file, first)
    erase(path, b.end - 16, 16)
    assert not is_whole(file, second)

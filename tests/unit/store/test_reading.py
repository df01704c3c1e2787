"""Reading volumes: files stay open while somebody reads, and a short file is no surprise."""

import os
from pathlib import Path

import pytest

from helpers.objects_in import PREFIX, content
from helpers.torn import crashed_volume
from leadglass.store import reading
from leadglass.store.buffers import aligned_buffer
from leadglass.store.keys import StudyKey
from leadglass.store.objects import SEGMENT, segments_of
from leadglass.store.reading import ObjectReader, VolumeFile, VolumeFiles
from leadglass.terms.errors import IntegrityFault, StorageFault

KEY = StudyKey.generate()


def numbered(directory: Path, count: int) -> None:
    for number in range(count):
        (directory / f"{number:010d}.volume").write_bytes(f"content {number}".encode())


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_only_so_many_files_stay_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_FILES_OPEN", 3)
    numbered(tmp_path, 10)
    before = open_files()
    files = VolumeFiles(tmp_path)
    for number in range(10):
        assert files.get(number).read(8, 10) == str(number).encode()
    assert open_files() == before + 3
    assert files.get(9) is files.get(9)


def test_a_file_in_use_survives_being_forgotten(tmp_path: Path) -> None:
    numbered(tmp_path, 1)
    files = VolumeFiles(tmp_path)
    held = files.get(0)
    files.forget(0)
    files.forget(0)
    (tmp_path / "0000000000.volume").unlink()
    assert held.read(0, 7) == b"content"
    with pytest.raises(IntegrityFault, match="volume 0 is missing"):
        files.get(0)


def test_reading_into_a_buffer_stops_at_the_end(tmp_path: Path) -> None:
    numbered(tmp_path, 1)
    buffer = memoryview(bytearray(20))
    assert VolumeFile(tmp_path / "0000000000.volume", 0).read_into(buffer, 2) == 7
    assert bytes(buffer[:7]) == b"ntent 0"


def test_a_disk_that_cannot_be_read_is_a_storage_fault(tmp_path: Path) -> None:
    (tmp_path / "0000000000.volume").mkdir()
    file = VolumeFile(tmp_path / "0000000000.volume", 0)
    with pytest.raises(StorageFault, match="reading volume 0 at 5"):
        file.read(5, 1)
    with pytest.raises(StorageFault, match="reading volume 0 at 5"):
        file.read_into(memoryview(bytearray(1)), 5)


def test_a_volume_that_cannot_be_opened_is_a_storage_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path, flags: int) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refused)
    with pytest.raises(StorageFault, match="Permission denied"):
        VolumeFile(tmp_path / "x", 0)


@pytest.mark.parametrize("size", [0, 9000, 3_500_000])
def test_whole_and_by_segments_are_the_same(size: int, tmp_path: Path) -> None:
    path, ((location,),) = crashed_volume(tmp_path, KEY, [size])
    reader = ObjectReader(VolumeFile(path, 1), location, KEY)
    scratch, out = aligned_buffer(4 * SEGMENT), aligned_buffer(4 * SEGMENT)
    assert reader.read_all(scratch) == PREFIX + content(size)
    pieces = reader.read_segments(list(segments_of(location.plaintext_length)), scratch, out)
    assert b"".join(bytes(piece) for piece in pieces) == PREFIX + content(size)
    assert (reader.plaintext_length, reader.dataset_offset) == (len(PREFIX) + size, len(PREFIX))


def test_a_volume_cut_within_an_object_is_found(tmp_path: Path) -> None:
    path, ((location,),) = crashed_volume(tmp_path, KEY, [9000])
    with path.open("r+b") as file:
        file.truncate(location.offset + 5000)
    reader = ObjectReader(VolumeFile(path, 1), location, KEY)
    with pytest.raises(IntegrityFault, match="ends within"):
        reader.read_all(aligned_buffer(SEGMENT))

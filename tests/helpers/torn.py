"""Volumes as a crash leaves them: unsealed, with room reserved; tests then take sectors out of the last batch."""

from __future__ import annotations

from pathlib import Path

from helpers.objects_in import PREFIX, content
from leadglass.store.buffers import aligned_buffer
from leadglass.store.committer import Commission, write_record
from leadglass.store.disk import BLOCK, Disk
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.volume import VolumeWriter, volume_path

__all__ = ["RESERVED", "crashed_volume", "erase"]

RESERVED = 1024 * 1024


def crashed_volume(directory: Path, key: StudyKey, *batches: list[int]) -> tuple[Path, list[list[Location]]]:
    """Volume 1, unsealed, whose batches hold objects of these sizes (content seeds count from 0), all whole."""
    writer = VolumeWriter(Disk(), directory, 1)
    placed: list[list[Location]] = []
    seed = 0
    for sizes in batches:
        buffer, used, locations = aligned_buffer(8 * 1024 * 1024), 0, []
        for size in sizes:
            work = Commission(memoryview(PREFIX + content(size, seed)), len(PREFIX), key, None, lambda: None)  # type: ignore[arg-type]
            locations.append(write_record(buffer[used:], work, 1, writer.end, writer.end + used))
            used += locations[-1].length
            seed += 1
        placed.append(locations)
        writer.append(buffer[: used + -used % BLOCK])
    end = writer.end
    writer.close()
    path = volume_path(directory, 1)
    with path.open("r+b") as file:
        file.truncate(end)
        file.truncate(end + RESERVED)
    return path, placed


def erase(path: Path, start: int, length: int) -> None:
    """Make bytes read as zeros, as room does that was reserved and never written."""
    with path.open("r+b") as file:
        file.seek(start)
        file.write(bytes(length))

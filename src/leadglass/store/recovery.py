"""What happens to a volume that a crash left without a seal: the torn tail is cut off, and it is sealed.

Each record names the offset its batch began at. A batch is only begun when the one before is durable, so whatever
lies before the last batch is to be kept, damaged or not; only the last batch can be torn. It is followed from its
beginning to the first record that is not whole, and cut off there. What is cut off was never acknowledged.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from leadglass.store.disk import BLOCK, Disk, storage_fault
from leadglass.store.reading import VolumeFile
from leadglass.store.scan import ScannedRecord, is_whole, scan
from leadglass.store.volume import FIRST_BATCH, first_block, number_of, parse_seal, seal_block
from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import IntegrityFault

__all__ = ["RecoveredVolume", "batches_end", "recover", "volume_numbers"]


@dataclass(frozen=True, slots=True)
class RecoveredVolume:
    """What recovery did to one volume: how many records it kept and how many bytes of torn tail it cut off."""

    volume: int
    records: int
    cut_off: int


def volume_numbers(directory: Path) -> list[int]:
    """The numbers of the volumes in `directory`, ascending."""
    numbers = (number_of(path) for path in directory.iterdir())
    return sorted(number for number in numbers if number is not None)


def batches_end(file: VolumeFile) -> int | None:
    """Where the batches of a sealed volume end, or None if it has no seal."""
    block = file.read(max(0, file.length - BLOCK), BLOCK)
    return parse_seal(block, file.number, file.length)


def recover(disk: Disk, path: Path, number: int) -> RecoveredVolume:
    """Cut the torn tail off an unsealed volume and seal it; a volume without any record is removed.

    IntegrityFault if the file is not the volume that its name says: then it is left as it is.
    """
    file = VolumeFile(path, number)
    block = file.read(0, BLOCK)
    if any(block) and block != first_block(number):
        raise IntegrityFault(f"volume {number}: its first block is damaged, or is that of another volume")
    found = [item for item in scan(file, FIRST_BATCH, file.length) if isinstance(item, ScannedRecord)]
    end, records = _kept(file, found)
    cut_off = _written_beyond(file, end)
    if not records:
        disk.unlink(path)
        disk.sync_directory(path.parent)
        return RecoveredVolume(number, 0, cut_off)
    _seal(disk, path, number, end, records)
    return RecoveredVolume(number, records, cut_off)


def _kept(file: VolumeFile, found: list[ScannedRecord]) -> tuple[int, int]:
    """Where what is to be kept ends, and how many records that is."""
    last_batch = max((record.header.batch_offset for record in found), default=FIRST_BATCH)
    kept = sum(1 for record in found if record.offset < last_batch)
    end = last_batch
    for record in (record for record in found if record.offset >= last_batch):
        if record.offset != end or not is_whole(file, record):
            break
        end = record.end
        kept += 1
    return end, kept


def _written_beyond(file: VolumeFile, end: int) -> int:
    """How many bytes from `end` on hold anything but the zeros of reserved room."""
    written = 0
    for position in range(end, file.length, MIB):
        window = file.read(position, MIB).rstrip(b"\0")
        if window:
            written = position + len(window) - end
    return written


def _seal(disk: Disk, path: Path, number: int, end: int, records: int) -> None:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise storage_fault(error, f"opening volume {number}") from error
    try:
        disk.truncate(handle, end)
        sealed_at = end + -end % BLOCK
        disk.truncate(handle, sealed_at + BLOCK)  # zeros, where the rest of a torn record stood
        disk.write(handle, memoryview(seal_block(number, sealed_at, records)), sealed_at)
        disk.sync(handle)
    finally:
        os.close(handle)

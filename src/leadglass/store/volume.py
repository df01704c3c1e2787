"""One volume file: its first block, its seal, and the only code that writes to it.

    first block   "LGVOLUME", version (2), zero (6), volume number (8), BLAKE2b-128 of those; zeros up to 4096
    batches       each at a multiple of 4096: records back to back, zeros up to the next multiple
    seal          the file's last 4096 bytes, once nothing will change any more: "LGSEALED", volume number (8),
                  where the seal begins (8), number of records (8), BLAKE2b-128 of those; zeros

A volume is written by one process, in one life. Whatever a crash leaves unsealed is sealed at the next start
(`recovery`), so a file with a seal never changes again.
"""

from __future__ import annotations

import os
import re
import struct
from hashlib import blake2b
from pathlib import Path
from typing import Final

from leadglass.store.buffers import aligned_buffer
from leadglass.store.disk import BLOCK, Disk, storage_fault
from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import OutOfSpace, StorageFault

__all__ = [
    "FIRST_BATCH",
    "VOLUME_ROLL",
    "VolumeWriter",
    "first_block",
    "number_of",
    "parse_seal",
    "seal_block",
    "volume_path",
]

VOLUME_ROLL: Final = 1024 * MIB
"""A volume that would grow beyond this is sealed and the next one begun."""
RESERVE_STEP: Final = 32 * MIB
"""Room is reserved in such steps, so that a sync seldom has to change the file's size."""
FIRST_BATCH: Final = BLOCK

_VERSION: Final = 1
_FIRST = struct.Struct(">8sH6xQ")
_SEAL = struct.Struct(">8sQQQ")
_NAME = re.compile(r"([0-9]{10})\.volume\Z")


def _digest(fields: bytes) -> bytes:
    return blake2b(fields, digest_size=16, person=b"leadglass volume").digest()


def volume_path(directory: Path, number: int) -> Path:
    """The file of volume `number`."""
    return directory / f"{number:010d}.volume"


def number_of(path: Path) -> int | None:
    """The number of the volume at `path`, or None if it is not named as one."""
    found = _NAME.match(path.name)
    return None if found is None else int(found[1])


def first_block(number: int) -> bytes:
    """The block that volume `number` begins with."""
    fields = _FIRST.pack(b"LGVOLUME", _VERSION, number)
    return (fields + _digest(fields)).ljust(BLOCK, b"\0")


def seal_block(number: int, end: int, records: int) -> bytes:
    """The block that seals volume `number`, whose batches end at `end`."""
    fields = _SEAL.pack(b"LGSEALED", number, end, records)
    return (fields + _digest(fields)).ljust(BLOCK, b"\0")


def parse_seal(block: bytes, number: int, file_length: int) -> int | None:
    """Where the batches of volume `number` end, if `block`, the last of the file, is its seal; else None."""
    fields, digest = block[: _SEAL.size], block[_SEAL.size : _SEAL.size + 16]
    if len(block) != BLOCK or _digest(fields) != digest:
        return None
    magic, sealed_number, end, _ = _SEAL.unpack(fields)
    holds = magic == b"LGSEALED" and sealed_number == number and end == file_length - BLOCK
    return int(end) if holds else None


class VolumeWriter:
    """The open volume. Used by one thread. After a fault other than OutOfSpace, only `abandon` may follow."""

    def __init__(self, disk: Disk, directory: Path, number: int, *, name: Path | None = None) -> None:
        """Create the volume (as file `name` while it must not be seen); its entry is durable on return."""
        self.number = number
        self.path = name or volume_path(directory, number)
        self.end = FIRST_BATCH  # of what is durable
        self._disk = disk
        self._reserved = FIRST_BATCH
        self._block = aligned_buffer(BLOCK)
        self._block[:] = first_block(number)
        self._handle = disk.create(self.path, self._block)
        try:
            disk.sync(self._handle)
            disk.sync_directory(directory)
        except StorageFault:
            self.abandon(remove=True)
            raise

    def has_room(self, length: int) -> bool:
        """True if a batch of `length` should still go into this volume."""
        return self.end + length <= VOLUME_ROLL or self.end == FIRST_BATCH

    def reserve(self, end: int) -> None:
        """Have room up to `end`, and generously beyond; OutOfSpace leaves the volume as it was."""
        if end <= self._reserved:
            return
        try:
            self._reserve_to(max(end, self._reserved + RESERVE_STEP))
        except OutOfSpace:
            self._disk.truncate(self._handle, self._reserved)
            try:
                self._reserve_to(end)
            except OutOfSpace:
                self._disk.truncate(self._handle, self._reserved)
                raise

    def _reserve_to(self, end: int) -> None:
        self._disk.reserve(self._handle, self._reserved, end - self._reserved)
        self._reserved = end

    def append(self, batch: memoryview) -> None:
        """Make `batch`, whole blocks in an aligned buffer, durable behind what is there."""
        self.reserve(self.end + len(batch) + BLOCK)  # and for the seal: a full disk must not keep us from ending well
        self._disk.write(self._handle, batch, self.end)
        self._disk.sync(self._handle)
        self.end += len(batch)

    def write(self, data: memoryview, offset: int) -> None:
        """Write whole blocks anywhere into reserved room; not durable before `seal`."""
        self._disk.write(self._handle, data, offset)

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill `buffer`, whole blocks, with what was written at `offset`."""
        try:
            got = os.preadv(self._handle, [buffer], offset)
        except OSError as error:
            raise storage_fault(error, f"reading volume {self.number}") from error
        if got < len(buffer):
            raise StorageFault(f"volume {self.number} is shorter than was written")

    def seal(self, end: int, records: int) -> None:
        """End the volume at `end`, durably and for good, and let go of it."""
        self.reserve(end + BLOCK)
        self._disk.truncate(self._handle, end + BLOCK)
        self._block[:] = seal_block(self.number, end, records)
        self._disk.write(self._handle, self._block, end)
        self._disk.sync(self._handle)
        self.end = end
        self.close()

    def abandon(self, *, remove: bool) -> None:
        """Let go of the volume without another write to it; with `remove`, its file goes too."""
        self.close()
        if remove:
            self._disk.unlink(self.path)

    def close(self) -> None:
        """Let go of the file. Idempotent."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

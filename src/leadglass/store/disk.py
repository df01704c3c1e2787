"""The few system calls that durability rests on, behind one small object so that tests can make each of them fail.

Every failure leaves here as OutOfSpace (no room: may pass) or StorageFault (anything else).

Writes bypass the page cache (O_DIRECT) where the file system can: a 525 KB append then costs a fifth of the CPU time
and a quarter of the wall time. So buffers, offsets and lengths of `write` are multiples of BLOCK, and buffers lie
on page borders. Where direct writes are refused, the same calls go through the page cache.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Final

from leadglass.store.files import sync_directory
from leadglass.terms.errors import OutOfSpace, StorageFault

__all__ = ["BLOCK", "Disk", "storage_fault"]

BLOCK: Final = 4096
"""Alignment of all writes: the largest logical sector in use, and a memory page."""

_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def storage_fault(error: OSError, what: str) -> StorageFault:
    """`error` in the words of our error tree; `what` was being done, to which file."""
    kind = OutOfSpace if error.errno in _NO_ROOM else StorageFault
    return kind(f"{what}: {error.strerror or error}")


class Disk:
    """The real disk."""

    def create(self, path: Path, first_block: memoryview) -> int:
        """A handle on the new file `path`, mode 0600, whose first block is written (not yet durable)."""
        direct = getattr(os, "O_DIRECT", 0)
        try:
            try:
                return _create(path, first_block, direct)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                path.unlink(missing_ok=True)
                return _create(path, first_block, 0)
        except OSError as error:
            raise storage_fault(error, f"creating {path.name}") from error

    def reserve(self, handle: int, start: int, length: int) -> None:
        """Have room for `length` bytes at `start`: a full disk is found here, before anything is promised."""
        try:
            os.posix_fallocate(handle, start, length)
        except OSError as error:
            raise storage_fault(error, "reserving room in a volume") from error

    def write(self, handle: int, data: memoryview, offset: int) -> None:
        """Write all of `data` at `offset`. Not durable before `sync`."""
        try:
            done = os.pwrite(handle, data, offset)
            while done < len(data):
                more = os.pwrite(handle, data[done:], offset + done)
                if more == 0:
                    raise OSError(errno.EIO, "the device takes no more bytes")
                done += more
        except OSError as error:
            raise storage_fault(error, "writing to a volume") from error

    def sync(self, handle: int) -> None:
        """Make all that was written durable. If this fails once, the file must not be trusted with more."""
        try:
            os.fdatasync(handle)
        except OSError as error:
            raise storage_fault(error, "syncing a volume") from error

    def truncate(self, handle: int, length: int) -> None:
        """Cut the file off at `length`."""
        try:
            os.ftruncate(handle, length)
        except OSError as error:
            raise storage_fault(error, "truncating a volume") from error

    def rename(self, source: Path, target: Path) -> None:
        """Rename within one directory, durable on return."""
        try:
            source.rename(target)
            sync_directory(target.parent)
        except OSError as error:
            raise storage_fault(error, f"renaming {source.name}") from error

    def sync_directory(self, path: Path) -> None:
        """Make the entries of `path` durable."""
        try:
            sync_directory(path)
        except OSError as error:
            raise storage_fault(error, "syncing the volumes' directory") from error

    def unlink(self, path: Path) -> None:
        """Remove the file; it may be gone already."""
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise storage_fault(error, f"removing {path.name}") from error


def _create(path: Path, first_block: memoryview, flags: int) -> int:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | flags, 0o600)
    try:
        os.pwrite(handle, first_block, 0)
    except OSError:
        os.close(handle)
        path.unlink()
        raise
    return handle

"""The disk, as the ledger needs it: a port of five verbs, so that tests can let it fail on cue.

Every method raises OSError when the disk does not do as told, and promises durability only where it says so.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Protocol

__all__ = ["AppendFile", "Files", "LocalFiles"]


class AppendFile(Protocol):
    """A file that only grows."""

    def append(self, data: bytes) -> None:
        """Write at the end and make it durable. After an OSError nothing is known about what stands there."""
        ...

    def abandon(self, length: int) -> None:
        """Give the file up, cut back to its first `length` bytes where that is still possible. Raises nothing."""
        ...

    def close(self) -> None:
        """Raises nothing."""
        ...


class Files(Protocol):
    """Where the ledger lives."""

    def create(self, path: Path) -> AppendFile:
        """A new file, its name durable in its folder. FileExistsError if there is one already."""
        ...

    def put(self, path: Path, data: bytes) -> None:
        """The whole content of a file, old or new, never a mixture; durable after `sync_folders` of its folder."""
        ...

    def sync_folders(self, folders: set[Path]) -> None:
        """Make the names in these folders durable."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file that may already be gone."""
        ...

    def remove_folder(self, path: Path) -> None:
        """Remove a folder of files that may already be gone."""
        ...


class _LocalAppendFile:
    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def append(self, data: bytes) -> None:
        _write_all(self._descriptor, data)
        os.fdatasync(self._descriptor)

    def abandon(self, length: int) -> None:
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, length)
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


class LocalFiles:
    """Files on a local file system."""

    def create(self, path: Path) -> AppendFile:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        file = _LocalAppendFile(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600))
        try:
            self.sync_folders({path.parent})
        except OSError:
            file.close()
            raise
        return file

    def put(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write_all(descriptor, data)
            os.fsync(descriptor)
            draft.rename(path)
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink()  # on a full disk, room is what is missing
            raise
        finally:
            os.close(descriptor)

    def sync_folders(self, folders: set[Path]) -> None:
        for folder in sorted(folders):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def remove_folder(self, path: Path) -> None:
        if path.is_dir():
            for file in path.iterdir():
                file.unlink(missing_ok=True)
            path.rmdir()


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]

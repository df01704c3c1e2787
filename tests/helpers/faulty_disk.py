"""A disk that fails on cue."""

from __future__ import annotations

from pathlib import Path

from leadglass.store.disk import Disk
from leadglass.terms.errors import StorageFault


class FaultyDisk(Disk):
    """The real disk, except that the next calls of what is named in `fail` raise; `calls` tells what was asked."""

    def __init__(self) -> None:
        self.fail: dict[str, StorageFault] = {}
        self.calls: list[str] = []

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.fail:
            raise self.fail[name]

    def create(self, path: Path, first_block: memoryview) -> int:
        self._called("create")
        return super().create(path, first_block)

    def reserve(self, handle: int, start: int, length: int) -> None:
        self._called("reserve")
        super().reserve(handle, start, length)

    def write(self, handle: int, data: memoryview, offset: int) -> None:
        self._called("write")
        super().write(handle, data, offset)

    def sync(self, handle: int) -> None:
        self._called("sync")
        super().sync(handle)

    def truncate(self, handle: int, length: int) -> None:
        self._called("truncate")
        super().truncate(handle, length)

    def rename(self, source: Path, target: Path) -> None:
        self._called("rename")
        super().rename(source, target)

    def sync_directory(self, path: Path) -> None:
        self._called("sync_directory")
        super().sync_directory(path)

    def unlink(self, path: Path) -> None:
        self._called("unlink")
        super().unlink(path)

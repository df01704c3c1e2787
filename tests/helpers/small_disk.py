"""Disks that are too small: mounted for one test, by root."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

__all__ = ["SmallDisk", "small_disk"]


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A file system of its own at `path`."""

    path: Path

    @property
    def _filler(self) -> Path:
        return self.path / "filler"

    def fill(self, but: int = 0) -> None:
        """Let somebody else's file take all the room that is left, except `but` bytes."""
        handle = os.open(self._filler, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            for _ in range(1000):
                if (size := self._room - but) <= 0:
                    return
                with contextlib.suppress(OSError):  # somebody was faster, and there is less room than a moment ago
                    os.posix_fallocate(handle, os.fstat(handle).st_size, size)
        finally:
            os.close(handle)

    @property
    def _room(self) -> int:
        facts = os.statvfs(self.path)
        return facts.f_bavail * facts.f_frsize

    def free(self) -> None:
        """That file is gone."""
        self._filler.unlink()

    def make_read_only(self) -> None:
        """From now on nothing can be written. No file of it may be open for writing at this moment."""
        _mount("-o", "remount,ro", str(self.path))


@contextlib.contextmanager
def small_disk(path: Path, size: str) -> Iterator[SmallDisk]:
    """A tmpfs of `size` at `path` until the block ends. Skips the test where we may not mount."""
    if os.geteuid() != 0:
        pytest.skip("NOT ROOT: a test with a disk of its own needs to mount a tmpfs")
    path.mkdir(parents=True)
    try:
        _mount("-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", str(path))
    except subprocess.CalledProcessError as fault:
        pytest.skip(f"NO MOUNT: a test with a disk of its own cannot mount a tmpfs here: {fault.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", str(path)], check=True, capture_output=True, text=True)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True, capture_output=True, text=True)

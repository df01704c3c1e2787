"""Small private files, written in one piece and durable on return."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["make_private_directory", "replace_file", "sync_directory", "write_private"]


def make_private_directory(path: Path) -> None:
    """See that the directory `path` exists, mode 0700 if it is made here; its entry is durable on return."""
    if path.is_dir():
        return
    path.mkdir(mode=0o700, parents=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the entries of directory `path` durable: a new name is only safe after this."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace_file(source: Path, target: Path) -> None:
    """Rename `source` over `target` in one step, durable on return."""
    source.replace(target)
    sync_directory(target.parent)


def write_private(path: Path, content: bytes) -> None:
    """Put `content` at `path`, mode 0600, whole or not at all, durable on return."""
    draft = path.with_name(path.name + ".draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.fchmod(handle, 0o600)  # an old draft keeps its mode, so say it again
        written = 0
        while written < len(content):
            written += os.write(handle, content[written:])
        os.fsync(handle)
    finally:
        os.close(handle)
    replace_file(draft, path)

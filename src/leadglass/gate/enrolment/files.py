"""Small secret files: written whole or not at all, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from leadglass.terms.errors import UserFault

__all__ = ["private_folder", "read_private", "write_new", "write_private"]


def private_folder(path: Path) -> Path:
    """`path`, made with mode 0700 if it is not there; UserFault if it cannot be made."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as fault:
        raise UserFault(f"the folder {path} cannot be made: {fault.strerror}", "choose another place") from fault
    return path


def write_private(path: Path, data: bytes) -> None:
    """Puts `data` at `path` in place of whatever was there, durable on return, mode 0600."""
    draft = _draft(path, data)
    try:
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_new(path: Path, data: bytes) -> bool:
    """Puts `data` at `path`, durable on return, mode 0600; False and no change if something is there already."""
    draft = _draft(path, data)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(path.parent)
    return True


def read_private(path: Path) -> bytes:
    """The bytes of a secret file. FileNotFoundError if there is none; UserFault if others can read it too."""
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_mode & 0o077:
            raise UserFault(
                f"{path} can be read by others", f"chmod 600 {path}; if anybody did read it, make a new one"
            )
        return file.read()


def _draft(path: Path, data: bytes) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

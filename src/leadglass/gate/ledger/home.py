"""The ledger's folder: making it, locking it, finding out what it says of itself."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from leadglass.gate.ledger.checkpoint import BadCheckpoint, Checkpoint, sign_checkpoint, verify_checkpoint
from leadglass.gate.ledger.files import Files
from leadglass.gate.ledger.key import SigningKey
from leadglass.gate.ledger.tree import EMPTY_ROOT
from leadglass.terms.errors import LedgerFault, UserFault

__all__ = ["lock", "published_checkpoint"]

_RESTORE = "Keep the folder as it is, run `leadglass ledger verify`, and restore it from a backup"


def lock(directory: Path) -> int:
    """A descriptor that keeps other processes out until it is closed or we end. UserFault if one is in."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UserFault(
            f"another process is writing the ledger in {directory}", "stop the other server first"
        ) from None
    return descriptor


def published_checkpoint(directory: Path, files: Files, key: SigningKey) -> Checkpoint:
    """What the folder says is published; an empty folder becomes an empty ledger.

    LedgerFault if the checkpoint is missing or does not hold, UserFault if the ledger belongs to another key.
    """
    verifier = directory / "verifier"
    try:
        note = (directory / "checkpoint").read_bytes()
    except FileNotFoundError:
        if any((directory / name).exists() for name in ("verifier", "tile", "pending")):
            raise LedgerFault(f"{directory / 'checkpoint'} is missing from a ledger in use. {_RESTORE}") from None
        note = sign_checkpoint(key, 0, EMPTY_ROOT).note
        files.put(directory / "checkpoint", note)
        files.sync_folders({directory, directory.parent})
    if verifier.exists() and verifier.read_text().strip() != str(key.verifier):
        raise UserFault(
            f"the ledger in {directory} was written with another key", "put back the keys/ledger.key that belongs to it"
        )
    try:
        checkpoint = verify_checkpoint(note, key.verifier)
    except BadCheckpoint as error:
        raise LedgerFault(f"{directory / 'checkpoint'} does not hold: {error}. {_RESTORE}") from error
    (directory / "pending").mkdir(mode=0o700, exist_ok=True)
    if not verifier.exists():
        files.put(verifier, f"{key.verifier}\n".encode())
        files.sync_folders({directory})
    return checkpoint

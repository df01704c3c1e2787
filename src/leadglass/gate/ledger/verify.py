"""Check a copy of a ledger, offline, against nothing but its public key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from leadglass.gate.ledger.key import VerifierKey
from leadglass.gate.ledger.report import Report

__all__ = ["verify"]


def verify(
    directory: Path,
    key: VerifierKey,
    since_checkpoint: Path | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Every entry, hash, tile and signature, recomputed. `since_checkpoint` is a remembered checkpoint, or a folder."""
    raise NotImplementedError

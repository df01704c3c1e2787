"""The numbers that govern a ledger: how long things may wait, and how much may wait (law 5)."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LedgerSettings"]


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Defaults suit a busy hospital; tests shrink them."""

    frame_entries: int = 4096
    """Entries of one group commit: more would only make the first of them wait longer."""
    frame_bytes: int = 4 * 1024 * 1024
    """Bytes of one group commit, for the same reason."""
    waiting_entries: int = 65_536
    """Entries handed in and not yet durable, in all; above it `append` fails."""
    soon_entries: int = 20_000
    """Of these, entries nobody waits for; above it nothing more is released until the disk takes them."""
    soon_bytes: int = 16 * 1024 * 1024
    """Bytes of such entries."""
    soon_seconds: float = 1.0
    """How long an entry nobody waits for may stay in memory."""
    publish_entries: int = 16_384
    """Entries in a pending segment before it is published: bounds the work of the next start."""
    publish_seconds: float = 5.0
    """Age of a pending segment before it is published."""
    retry_seconds: float = 0.25
    """Pause between attempts on a disk that failed; appends in between fail at once."""
    clock_tolerance_seconds: float = 5.0
    """A wall clock this far behind the last entry is clock discipline; further, it has stepped back."""
    future_seconds: float = 300.0
    """A last entry further than this in the future at start: somebody must look at the clock."""

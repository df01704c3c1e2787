"""The ledger itself: `append` returns when the entry can no longer be lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from leadglass.gate.ledger.checkpoint import Checkpoint
from leadglass.gate.ledger.entry import Entry
from leadglass.gate.ledger.key import SigningKey

__all__ = ["Ledger"]


class Ledger:
    """An open ledger: one process writes it, from one event loop."""

    @classmethod
    def open(
        cls, directory: Path, key: SigningKey, *, clock: Callable[[], datetime], accept_clock: bool = False
    ) -> Ledger:
        """The ledger in `directory`, made if there is none. Replays what a crash left unpublished."""
        raise NotImplementedError

    async def append(self, entry: Entry) -> int:
        """Write one entry; returns its place once it is durable. LedgerFault: release nothing."""
        raise NotImplementedError

    def append_soon(self, entry: Entry) -> None:
        """Write one entry within about a second, or with the next append. LedgerFault if too many wait already."""
        raise NotImplementedError

    async def flush(self) -> None:
        """Returns when everything given to `append_soon` is durable; LedgerFault if it cannot be."""
        raise NotImplementedError

    @property
    def checkpoint(self) -> Checkpoint:
        """The newest durable checkpoint. Kept elsewhere, it exposes any later roll-back."""
        raise NotImplementedError

    @property
    def fault(self) -> str:
        """Why the ledger cannot be written just now; empty if it can."""
        raise NotImplementedError

    async def close(self) -> None:
        """Make everything durable and publish it. LedgerFault if something had to be left behind."""
        raise NotImplementedError

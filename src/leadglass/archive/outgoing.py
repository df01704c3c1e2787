"""The memory of all answers on their way out: the more of them there are, the smaller the pieces each is read in.

A reader that is slow holds what was read for it as long as it likes. So nobody is given more than a share, and a piece
is read only when the one before it was (mostly) taken.
"""

from __future__ import annotations

import asyncio
from typing import Final

from leadglass.terms.ceilings import KIB, MAX_OUTGOING_TOTAL, MIB

__all__ = ["Outgoing"]

_LARGEST: Final = 1 * MIB
"""What the journal decrypts at one go: larger pieces save nothing."""
_SMALLEST: Final = 64 * KIB
_HELD: Final = 2
"""Pieces an answer holds: the one that leaves, and the one behind it."""
_READ_AT_ONCE: Final = 4  # as many as the journal has threads
_TURNED_AT_ONCE: Final = 4


class Outgoing:
    """Counts the answers under way: `with outgoing:` around each. Used from the event loop only."""

    def __init__(self, total: int = MAX_OUTGOING_TOTAL) -> None:
        self._total = total
        self._under_way = 0
        self.reading = asyncio.Semaphore(_READ_AT_ONCE)
        """Held while a piece is read: what the journal decrypts is larger than the piece that is taken from it."""
        self.turning = asyncio.Semaphore(_TURNED_AT_ONCE)
        """Held by whoever has a whole object in memory to have it turned into another transfer syntax."""

    @property
    def piece(self) -> int:
        """Bytes that an answer may read at one go, now."""
        share = self._total // (_HELD * max(1, self._under_way))
        return max(_SMALLEST, min(_LARGEST, share))

    def __enter__(self) -> Outgoing:
        self._under_way += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1

"""What was looked up in the index, kept in memory until somebody changes who may do what.

A change moves the revision (see `revision`), so what was kept before is never used after it. Bounded; keys are
hashes or ids, never a secret.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

from leadglass.gate.revision import Revision

__all__ = ["KEPT_SECONDS", "MAX_KEPT", "Kept"]

KEPT_SECONDS: Final = 1.0
"""How long something may be used again if the revision did not move (a crash between two writes of a change)."""
MAX_KEPT: Final = 1_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Without a `revision` nothing is kept: right for several machines over one database."""

    def __init__(
        self, revision: Revision | None, monotonic: Callable[[], float] = time.monotonic, most: int = MAX_KEPT
    ) -> None:
        self._revision = revision
        self._monotonic = monotonic
        self._most = most
        self._found: OrderedDict[K, tuple[V, int, float]] = OrderedDict()

    async def get(self, key: K, look: Callable[[], Awaitable[V | None]]) -> V | None:
        """What `look` finds, or found a moment ago. None is never kept: strangers cannot push anybody out.

        StorageFault as `look` raises it, or if the revision cannot be told.
        """
        if self._revision is None:
            return await look()
        revision, now = self._revision.current(), self._monotonic()
        kept = self._found.get(key)
        if kept is not None and kept[1] == revision and now - kept[2] < KEPT_SECONDS:
            return kept[0]
        found = await look()
        if found is None:
            self._found.pop(key, None)
            return None
        self._found[key] = (found, revision, now)  # told before the index was asked: a change between makes it old
        self._found.move_to_end(key)
        while len(self._found) > self._most:
            self._found.popitem(last=False)
        return found

    def __len__(self) -> int:
        return len(self._found)

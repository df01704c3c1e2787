"""Figures of the moment for the metrics page: how much there is and how much waits, of nobody in particular."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from leadglass.app.house import House
from leadglass.net.limits import Connections
from leadglass.store.index.statistics import Counts, count_everything

__all__ = ["Measuring"]

COUNTED_EVERY_SECONDS: Final = 60.0
"""Counting looks at every row of the index."""


class Measuring:
    """The gauges of one house. Call it."""

    def __init__(self, house: House, connections: Connections) -> None:
        self._house = house
        self._connections = connections
        self._counts: Counts | None = None
        self._counted_at = 0.0

    async def __call__(self) -> Mapping[str, float]:
        """By name, without the prefix. StorageFault if the index cannot be asked."""
        house, counts = self._house, await self._counted()
        return {
            "open_connections": self._connections.total,
            "stored_instances": counts.instances,
            "stored_series": counts.series,
            "stored_studies": counts.studies,
            "stored_bytes": counts.stored_bytes,
            "index_queue": house.archive.index.waiting,
            "ledger_entries": house.ledger.checkpoint.size,
            "ledger_broken": bool(house.ledger.fault),
            "journal_volumes": len(house.journal.volumes()),
        }

    async def _counted(self) -> Counts:
        now = time.monotonic()
        if self._counts is None or now - self._counted_at >= COUNTED_EVERY_SECONDS:
            self._counts, self._counted_at = await self._house.database.read(count_everything), now
        return self._counts

"""Parts opened lately. What is in here was read from the index; whether it may leave is asked anew each time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from leadglass.archive.metadata.parts import Part
from leadglass.store.index.database import Database
from leadglass.store.index.series_metadata import PartRow, SeriesRow, sealed_part
from leadglass.store.keys import StudyKey
from leadglass.store.keys.sealing import unseal
from leadglass.terms.ceilings import MAX_METADATA_KEPT_OPEN
from leadglass.terms.errors import StorageFault

__all__ = ["OpenedParts", "bound_to"]


def bound_to(row: SeriesRow, version: bytes) -> bytes:
    """What a sealed part is bound to: it cannot be put in another's place unnoticed."""
    name = row.name
    return f"metadata {name.study_instance_uid} {name.series_instance_uid} ".encode() + version


class OpenedParts:
    """By version, which is random: a part written anew is another one. The one not asked for the longest goes first."""

    def __init__(self, database: Database, most_bytes: int = MAX_METADATA_KEPT_OPEN) -> None:
        self._database = database
        self._most = most_bytes
        self._parts: OrderedDict[bytes, Part] = OrderedDict()
        self.bytes_held = 0

    async def get(self, row: SeriesRow, part: PartRow, key: StudyKey) -> Part:
        """The part, opened. StorageFault if it is not there any more: written anew, or its study was deleted."""
        found = self._parts.get(part.version)
        if found is not None:
            self._parts.move_to_end(part.version)
            return found
        sealed = await self._database.read(sealed_part, row.row, part.version)
        if sealed is None:
            raise StorageFault("the metadata changed while it was read")

        def open_it() -> Part:
            return Part.unpacked(unseal(key, sealed, bound_to(row, part.version)), part.length)

        found = await asyncio.to_thread(open_it)
        self.put(part.version, found)
        return found

    def put(self, version: bytes, part: Part) -> None:
        """Keeps a part, if it is not larger than a quarter of all there is room for."""
        if version in self._parts or 4 * len(part.run) > self._most:
            return
        self._parts[version] = part
        self.bytes_held += len(part.run)
        while self.bytes_held > self._most:
            _, oldest = self._parts.popitem(last=False)
            self.bytes_held -= len(oldest.run)

    def forget(self) -> None:
        """Something was deleted: everything goes, for what was deleted cannot be told from the rest."""
        self._parts.clear()
        self.bytes_held = 0

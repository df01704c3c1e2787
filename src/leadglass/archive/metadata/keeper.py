"""Who renders metadata, and when: in idle time, or when somebody asks for what is not rendered yet.

Storing only notes that a series has something new. When nothing has arrived for a while, the keeper goes through what
was noted, one series after another. What was forgotten (by a restart, or because too much was noted) is found again by
counting: an instance that no part knows of is missing.
"""

from __future__ import annotations

import asyncio
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from leadglass.archive.metadata.opened import OpenedParts, bound_to
from leadglass.archive.metadata.parts import Member, Part, fold
from leadglass.archive.metadata.reading import render_instance
from leadglass.archive.metadata.renderer import Renderer
from leadglass.archive.study_keys import StudyKeys
from leadglass.store.index.database import Database
from leadglass.store.index.series_metadata import (
    NewPart,
    SeriesName,
    SeriesRow,
    StoredInstance,
    incomplete_series,
    instances_of_series,
    metadata_of,
    number_of,
    replace_parts,
)
from leadglass.store.keys import StudyKey
from leadglass.store.keys.sealing import seal
from leadglass.store.port import ObjectJournal
from leadglass.terms.ceilings import MAX_SERIES_AWAITING_METADATA, MIB
from leadglass.terms.errors import IntegrityFault, LeadglassError

__all__ = ["MetadataKeeper"]

_QUIET_SECONDS: Final = 2.0
"""Nothing may have arrived for so long before idle time begins."""
_PATIENCE_SECONDS: Final = 60.0
"""On an archive that is never quiet, a series waits so long."""
_AT_A_TIME: Final = 256
_BYTES_AT_A_TIME: Final = 8 * MIB
"""What is rendered before it is written: what a crash undoes, and what is held in memory."""
_FOUND_AT_A_TIME: Final = 200
_VERSION: Final = 16
_TRIES: Final = 5


class MetadataKeeper:
    """Keeps the metadata of all series complete. Works in the background from `start` to `close`; without `start` it
    renders only what is asked for."""

    def __init__(
        self,
        database: Database,
        journal: ObjectJournal,
        keys: StudyKeys,
        renderer: Renderer,
        report: Callable[[LeadglassError], None],
        *,
        quiet_seconds: float = _QUIET_SECONDS,
    ) -> None:
        self.renderer = renderer
        self.opened = OpenedParts(database)
        self._database = database
        self._journal = journal
        self._keys = keys
        self._report = report
        self._quiet = quiet_seconds
        self._noted: OrderedDict[SeriesName, float] = OrderedDict()  # when first noted
        self._may_have_forgotten = True  # what an earlier life left
        self._last_arrival = float("-inf")
        self._something_new = asyncio.Event()
        self._at_work: dict[SeriesName, asyncio.Task[None]] = {}
        self._hopeless: set[SeriesName] = set()
        self._background: asyncio.Task[None] | None = None

    # --- what is new -----------------------------------------------------------------------------------------

    def arrived(self, study_instance_uid: str, series_instance_uid: str) -> None:
        """Notes that a series has a new instance. All that storing pays for metadata."""
        now = self._last_arrival = asyncio.get_running_loop().time()
        name = SeriesName(study_instance_uid, series_instance_uid)
        if name in self._noted:
            return
        if len(self._noted) < MAX_SERIES_AWAITING_METADATA:
            self._noted[name] = now
        else:
            self._may_have_forgotten = True
        self._something_new.set()

    def start(self) -> None:
        """Begins to work in idle time, first on what an earlier life left."""
        self._background = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Stops. What is not written yet is found again at the next start."""
        tasks = [*self._at_work.values(), *([self._background] if self._background else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.renderer.close()

    # --- when ------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            if not self._noted and not self._may_have_forgotten:
                self._something_new.clear()
                await self._something_new.wait()
            await self._idle_time()
            try:
                await self._next()
            except LeadglassError as fault:
                self._report(fault)

    async def _idle_time(self) -> None:
        """Returns when nothing has arrived for a while, or when somebody has waited long enough."""
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            first = next(iter(self._noted.values()), now)
            wait = min(self._last_arrival + self._quiet, first + _PATIENCE_SECONDS) - now
            if wait <= 0:
                return
            await asyncio.sleep(wait)

    async def _next(self) -> None:
        if not self._noted:
            self._may_have_forgotten = False
            limit = _FOUND_AT_A_TIME + len(self._hopeless)
            found = await self._database.read(incomplete_series, limit)
            fresh = [name for name in found if name not in self._hopeless]
            self._may_have_forgotten = len(found) == limit
            self._noted.update(dict.fromkeys(fresh, asyncio.get_running_loop().time()))
            return
        name, _ = self._noted.popitem(last=False)
        try:
            await self.complete(name)
        except LeadglassError:
            self._hopeless.add(name)  # until the next start, or until somebody asks for it
            raise

    # --- what ------------------------------------------------------------------------------------------------

    async def complete(self, name: SeriesName) -> None:
        """Renders and writes what is missing of a series. Those who ask for the same series at once wait for one work.

        StorageFault if it cannot be written. What cannot be read is left out, and reported.
        """
        task = self._at_work.get(name)
        if task is None:
            task = self._at_work[name] = asyncio.create_task(self._complete(name))
            task.add_done_callback(lambda done: self._finished(name, done))
        await asyncio.shield(task)

    def _finished(self, name: SeriesName, done: asyncio.Task[None]) -> None:
        del self._at_work[name]
        if not done.cancelled():
            done.exception()  # told to those who wait, if there are any

    async def _complete(self, name: SeriesName) -> None:
        failed: set[str] = set()
        tries = 0
        while tries < _TRIES:
            rows = await self._database.read(metadata_of, name.study_instance_uid, name.series_instance_uid)
            if not rows or rows[0].is_complete:
                return
            if rows[0].key is None:
                break
            row, key = rows[0], self._keys.opened(name.study_instance_uid, rows[0].key)
            parts = [await self.opened.get(row, part, key) for part in row.parts]
            missing = await self._missing(name, parts, failed)
            if not missing:
                break
            members = await self._render(name, key, missing, failed)
            tries = 0 if await self._write(row, key, parts, members) else tries + 1
        self._hopeless.add(name)

    async def _missing(self, name: SeriesName, parts: Sequence[Part], failed: set[str]) -> list[StoredInstance]:
        """The instances that no part knows of, in viewing order."""
        known = {uid for part in parts for uid, _, _ in part.names} | failed
        stored = await self._database.read(instances_of_series, name)
        missing = [one for one in stored if one.sop_instance_uid not in known]
        return sorted(missing, key=lambda one: (number_of(one.instance_number), one.sop_instance_uid))

    async def _render(
        self, name: SeriesName, key: StudyKey, missing: Sequence[StoredInstance], failed: set[str]
    ) -> list[Member]:
        members: list[Member] = []
        size = 0
        for instance in missing[:_AT_A_TIME]:
            try:
                member = await render_instance(self._journal, self.renderer, key, name, instance)
            except IntegrityFault as fault:
                self._report(fault)
                failed.add(instance.sop_instance_uid)
                continue
            members.append(member)
            size += len(member.json)
            if size > _BYTES_AT_A_TIME:
                break
        return members

    async def _write(self, row: SeriesRow, key: StudyKey, parts: Sequence[Part], members: Sequence[Member]) -> bool:
        """False if the series has changed, and it must be looked at anew."""
        if not members:
            return True
        kept, following = fold(parts, members)
        sealed = await asyncio.to_thread(lambda: [_sealed(row, key, part) for part in following])
        written = await self._database.write(replace_parts, row, kept, sealed, durable=False)
        if written:
            for new, part in zip(sealed, following, strict=True):
                self.opened.put(new.version, part)
        return written


def _sealed(row: SeriesRow, key: StudyKey, part: Part) -> NewPart:
    version = os.urandom(_VERSION)
    packed, length = part.packed()
    return NewPart(version, len(part.names), length, seal(key, packed, bound_to(row, version)))

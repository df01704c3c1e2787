"""Bringing the index up to the journal at start: what is durable but not yet indexed is read again.

The journal is the truth. Index rows are written without waiting for the disk, so after a crash or a power cut the
last of them may be missing; the position kept for each volume says from where to read on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from leadglass.dicom.header import NeedMore, read_header
from leadglass.dicom.instance_header import index_attributes
from leadglass.dicom.part10 import split
from leadglass.store.index.database import Database
from leadglass.store.index.instances import add_instances
from leadglass.store.index.outcomes import Added, NewInstance
from leadglass.store.index.positions import indexed_to, set_indexed_to
from leadglass.store.index.study_keys import key_by_id
from leadglass.store.keys import KeyRing, WrappedKey
from leadglass.store.location import Location
from leadglass.store.port import ObjectJournal
from leadglass.terms.ceilings import MAX_INCOMING_IN_MEMORY
from leadglass.terms.errors import IntegrityFault, PeerViolation

__all__ = ["CaughtUp", "catch_up"]

_BATCH: Final = 64


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What was read again: how many instances were indexed, and what could not be (in words, without patient data)."""

    indexed: int
    problems: tuple[str, ...]


async def catch_up(
    journal: ObjectJournal, database: Database, ring: KeyRing, wall_clock: Callable[[], datetime]
) -> CaughtUp:
    """Indexes every record behind the positions the index remembers. Run before anything is served."""
    known = await database.read(indexed_to)
    indexed, problems = 0, list[str]()
    for volume in journal.volumes():
        records = journal.records_since(volume, known.get(volume, 0))
        fault: IntegrityFault | None = None
        while fault is None:
            batch, fault = await asyncio.to_thread(_next_batch, records)
            if fault is not None:
                problems.append(str(fault))
            if not batch:
                break
            found = [await _read_again(journal, database, ring, wall_clock, location) for location in batch]
            problems += [problem for problem in found if isinstance(problem, str)]
            indexed += await _index(database, [new for new in found if isinstance(new, NewInstance)], batch)
    return CaughtUp(indexed, tuple(problems))


def _next_batch(records: Iterator[Location]) -> tuple[Sequence[Location], IntegrityFault | None]:
    """The next records, and what is wrong with the one behind them: whole records before a damaged one count."""
    batch: list[Location] = []
    try:
        for location in records:
            batch.append(location)
            if len(batch) == _BATCH:
                break
    except IntegrityFault as fault:
        return batch, fault
    return batch, None


async def _index(database: Database, instances: Sequence[NewInstance], batch: Sequence[Location]) -> int:
    """How many of the instances were not in the index."""
    positions = {batch[-1].volume: batch[-1].end}
    if not instances:
        await database.write(set_indexed_to, positions)
        return 0
    outcomes = await database.write(add_instances, instances, positions)
    return sum(isinstance(outcome, Added) for outcome in outcomes)


async def _read_again(
    journal: ObjectJournal,
    database: Database,
    ring: KeyRing,
    wall_clock: Callable[[], datetime],
    location: Location,
) -> NewInstance | str | None:
    """The instance in a record; None if its study was deleted; what is wrong with it, in words."""
    wrapped: WrappedKey | None = await database.read(key_by_id, location.key_id)
    if wrapped is None:
        return None
    where = f"volume {location.volume} at {location.offset}"
    length = min(location.plaintext_length, MAX_INCOMING_IN_MEMORY)
    try:
        pieces = journal.read(location, ring.unwrap(wrapped), 0, length)
        start = b"".join([bytes(piece) async for piece in pieces])
        meta, offset = split(start)
        whole = length == location.plaintext_length
        header = read_header(memoryview(start)[offset:], meta.transfer_syntax_uid, complete=whole)
        if isinstance(header, NeedMore):
            return f"{where}: its header does not end within {length} bytes"
        attributes = index_attributes(header, meta.transfer_syntax_uid)
    except (IntegrityFault, PeerViolation) as fault:
        return f"{where}: {fault}"
    return NewInstance(attributes, location, "", wall_clock())

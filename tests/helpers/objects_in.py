"""Feeding objects to a journal the way a door does."""

from __future__ import annotations

import random

from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.port import IncomingObject, ObjectJournal

PREFIX = bytes(128) + b"DICM" + b"file meta stands here"


def content(size: int, seed: int = 0) -> bytes:
    """`size` bytes that no other seed gives."""
    return random.Random(seed).randbytes(size)


async def receive(journal: ObjectJournal, data: bytes, piece: int = 256 * 1024) -> IncomingObject:
    """A finished object of `data`, fed in pieces, pausing when asked to."""
    incoming = journal.incoming(PREFIX)
    view = memoryview(data)
    for start in range(0, len(data), piece):
        incoming.write(view[start : start + piece])
        if incoming.congested:
            await incoming.wait_relieved()
    incoming.finish()
    return incoming


async def put(journal: ObjectJournal, data: bytes, key: StudyKey) -> Location:
    """`data` appended."""
    return await journal.append(await receive(journal, data), key)


async def get(
    journal: ObjectJournal, location: Location, key: StudyKey, start: int = 0, length: int | None = None
) -> bytes:
    """A range read back."""
    return b"".join([bytes(piece) async for piece in journal.read(location, key, start, length)])

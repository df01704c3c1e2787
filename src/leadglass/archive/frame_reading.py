"""Reading frames out of stored objects, by ranges: one frame of a large multi-frame costs its own segments only."""

from __future__ import annotations

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable
from typing import Final, Protocol, TypeVar

from leadglass.archive.outgoing import Outgoing
from leadglass.archive.pixels import PixelWorkers, TranscodingFault
from leadglass.dicom.frames import Layout, can_be_found, find_frames
from leadglass.dicom.part10 import file_meta
from leadglass.dicom.ranges import Range, Walking
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.store.index.retrieval import StoredObject
from leadglass.store.keys import StudyKey
from leadglass.store.objects import segment_number, segment_start
from leadglass.store.port import ObjectJournal
from leadglass.terms.ceilings import KIB, MAX_FRAME, MAX_INCOMING_IN_MEMORY, MAX_LAYOUTS, MIB
from leadglass.terms.errors import PeerViolation

__all__ = ["FrameReader", "Layouts", "open_frames"]

Found = TypeVar("Found")

_WINDOW: Final = 1 * MIB
"""Bytes read if few are wanted: an object is decrypted by whole segments anyway."""
_STEPS_AT_ONCE: Final = 1024
"""Fragments looked at before others get their turn: what lies in memory is never waited for."""
_SMALL: Final = 64 * KIB
"""More than so much is a frame, and nobody asks for the bytes behind it."""


class Layouts:
    """Where the frames of objects lie, the most recently used ones. An object id never means another object."""

    def __init__(self) -> None:
        self._kept: OrderedDict[bytes, Layout | None] = OrderedDict()
        self._weight = 0

    def __contains__(self, object_id: bytes) -> bool:
        return object_id in self._kept

    def get(self, object_id: bytes) -> Layout | None:
        """A layout that is in here."""
        self._kept.move_to_end(object_id)
        return self._kept[object_id]

    def keep(self, object_id: bytes, layout: Layout | None) -> None:
        """Keeps a layout (None: there are no pixels) for as long as there is room."""
        if object_id in self._kept:
            return
        self._kept[object_id] = layout
        self._weight += _weight(layout)
        while self._weight > MAX_LAYOUTS:
            self._weight -= _weight(self._kept.popitem(last=False)[1])


def _weight(layout: Layout | None) -> int:
    return layout.weight if layout is not None else 100


class Source(Protocol):
    """The data set of one object, in the transfer syntax it says."""

    @property
    def transfer_syntax(self) -> str: ...

    @property
    def size(self) -> int: ...

    async def read(self, wanted: Range) -> bytes | memoryview:
        """The bytes; fewer where the data set ends."""

    def border(self, position: int) -> int:
        """The end of what is decrypted together with the byte at `position`."""


class _InMemory:
    def __init__(self, data_set: memoryview, transfer_syntax: str) -> None:
        self._data_set = data_set
        self.transfer_syntax = transfer_syntax
        self.size = len(data_set)

    async def read(self, wanted: Range) -> memoryview:
        return self._data_set[wanted.start : wanted.start + wanted.length]

    def border(self, position: int) -> int:
        del position
        return self.size


class _InJournal:
    """Read by ranges. What was read last is kept: the heads of neighbouring fragments lie close together."""

    def __init__(self, journal: ObjectJournal, stored: StoredObject, key: StudyKey) -> None:
        self._journal = journal
        self._stored = stored
        self._key = key
        self._offset = stored.location.dataset_offset
        self._begin, self._window = 0, b""
        self.transfer_syntax = stored.transfer_syntax_uid
        self.size = stored.location.plaintext_length - self._offset

    async def read(self, wanted: Range) -> bytes:
        begin, end = wanted.start, min(wanted.start + wanted.length, self.size)
        if begin >= end:
            return b""
        if not self._begin <= begin <= end <= self._begin + len(self._window):
            if end - begin > _SMALL:
                return await self._bytes(begin, end)
            self._window = await self._bytes(begin, min(begin + _WINDOW, self.size))
            self._begin = begin
        return self._window[begin - self._begin : end - self._begin]

    def border(self, position: int) -> int:
        return segment_start(segment_number(self._offset + position) + 1) - self._offset

    async def _bytes(self, begin: int, end: int) -> bytes:
        pieces = self._journal.read(self._stored.location, self._key, self._offset + begin, end - begin)
        copied = [bytes(piece) async for piece in pieces]
        return copied[0] if len(copied) == 1 else b"".join(copied)


class FrameReader:
    """The frames of one opened object."""

    def __init__(self, source: Source, layout: Layout, stored: StoredObject) -> None:
        self._source = source
        self.layout = layout
        self.stored = stored

    @property
    def number(self) -> int:
        """How many frames there are."""
        return self.layout.frames.number

    @property
    def transfer_syntax(self) -> str:
        """Of the frames as they are read: the stored one, except where that one has no frames of its own."""
        return self._source.transfer_syntax

    async def ranges(self, number: int) -> tuple[Range, ...]:
        """Where one frame lies, numbered from 0. IndexError if there is none, TranscodingFault if it cannot be told."""
        try:
            return await _walked(self._source, self.layout.frames.pieces(number))
        except PeerViolation as fault:
            raise TranscodingFault(f"the frame cannot be found: {fault}") from fault

    async def streamed(self, ranges: Iterable[Range], outgoing: Outgoing) -> AsyncIterator[bytes]:
        """The bytes of a large frame, in pieces that leave room for everybody else's."""
        with outgoing:
            for start, length in ranges:
                position, end = start, start + length
                while position < end:
                    size = min(outgoing.piece, self._source.border(position) - position, end - position)
                    async with outgoing.reading:
                        piece = [bytes(await self._source.read(Range(position, size)))]
                    position += size
                    yield piece.pop()

    async def frame(self, number: int) -> bytes:
        """One frame as it is stored. TranscodingFault also if it is larger than MAX_FRAME; else as for `ranges`."""
        pieces = await self.ranges(number)
        if sum(piece.length for piece in pieces) > MAX_FRAME:
            raise TranscodingFault(f"a frame of more than {MAX_FRAME // MIB} MiB is not decoded")
        parts = [await self._source.read(piece) for piece in pieces]
        return self.layout.cut(number, bytes(parts[0]) if len(parts) == 1 else b"".join(parts))

    async def file_of(self, number: int) -> bytes:
        """A Part-10 file that holds one frame, with all that the object says of its pixels: for a worker."""
        frame = await self.frame(number)
        header = await self._source.read(Range(0, self.layout.header_length))
        meta = file_meta(self.stored.sop_class_uid, self.stored.sop_instance_uid, self.transfer_syntax)
        return b"".join((meta, header, self.layout.pixel_data(frame)))


async def open_frames(
    journal: ObjectJournal, pixels: PixelWorkers, layouts: Layouts, stored: StoredObject, key: StudyKey
) -> FrameReader | None:
    """The frames of a stored object; None if it has no pixels.

    TranscodingFault if they do not lie as the standard says, IntegrityFault if the object was damaged.
    """
    location = stored.location
    source: Source = _InJournal(journal, stored, key)
    if not can_be_found(stored.transfer_syntax_uid):
        if location.plaintext_length > MAX_FRAME:
            raise TranscodingFault("an object of this size and transfer syntax is given out as a whole only")
        whole = await journal.read_whole(location, key)
        turned = await pixels.transcode(whole, EXPLICIT_VR_LITTLE_ENDIAN)
        source = _InMemory(memoryview(turned), EXPLICIT_VR_LITTLE_ENDIAN)
    elif location.object_id in layouts:
        known = layouts.get(location.object_id)
        return FrameReader(source, known, stored) if known is not None else None
    elif location.plaintext_length <= MAX_INCOMING_IN_MEMORY:
        whole = await journal.read_whole(location, key)
        source = _InMemory(memoryview(whole)[location.dataset_offset :], stored.transfer_syntax_uid)
    try:
        layout = await _walked(source, find_frames(source.transfer_syntax, source.size))
    except PeerViolation as fault:
        raise TranscodingFault(f"the frames cannot be found: {fault}") from fault
    if source.transfer_syntax == stored.transfer_syntax_uid:
        layouts.keep(location.object_id, layout)
    return FrameReader(source, layout, stored) if layout is not None else None


async def _walked(source: Source, walking: Walking[Found]) -> Found:
    try:
        wanted = next(walking)
        for step in itertools.count(1):
            wanted = walking.send(await source.read(wanted))
            if step % _STEPS_AT_ONCE == 0:
                await asyncio.sleep(0)
    except StopIteration as done:
        found: Found = done.value
        return found
    raise AssertionError("unreachable: counting does not end")

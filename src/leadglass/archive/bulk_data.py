"""The deed of giving out bulk data: one value of one instance, as its bytes (PS3.18 §10.4.1.1.5).

Only where the value lies is found out by reading the header, in the process that reads headers; the value itself is
given as files are: read by range, in pieces that a slow reader may hold. Words are given out little endian, whatever
the data set was in.
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from array import array
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.giving import Giving
from leadglass.archive.metadata.reading import ask_about
from leadglass.archive.metadata.renderer import HeaderUnreadable
from leadglass.archive.metadata.wire import Verb
from leadglass.archive.retrieving import Releasing, RetrieveRequest, plan
from leadglass.dicom.elements.json_values import BULK_VRS
from leadglass.dicom.uids import transfer_syntax_of
from leadglass.store.index.retrieval import StoredObject
from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import StorageFault
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

__all__ = ["BulkValue", "bulk_value"]

_PATH: Final = re.compile(r"[0-9A-F]{8}(?:/[0-9]{1,9}/[0-9A-F]{8}){0,64}")
_PIXEL_DATA: Final = "7FE00010"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value lies within the data set, opened if it was deflated."""

    vr: str
    offset: int
    length: int
    is_encapsulated: bool
    is_little_endian: bool


class BulkValue:
    """One value on its way out; its study's access is durable in the ledger. `async with value:`."""

    def __init__(
        self,
        stored: StoredObject,
        path: str,
        place: _Place,
        giving: Giving,
        stack: AsyncExitStack,
    ) -> None:
        self._stored = stored
        self._path = path
        self._place = place
        self._giving = giving
        self._stack = stack

    async def __aenter__(self) -> BulkValue:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Nothing (more) of it leaves."""
        await self._stack.aclose()

    @property
    def tag(self) -> str:
        """Names these very bytes: for entity tags."""
        return hashlib.sha256(self._stored.location.object_id + self._path.encode()).hexdigest()[:32]

    @property
    def length(self) -> int:
        """Bytes of the value."""
        return self._place.length

    @property
    def is_compressed_image(self) -> bool:
        """True for pixel data in fragments, which is given out frame by frame."""
        return self._place.is_encapsulated and self._path == _PIXEL_DATA

    async def pieces(self, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes `start` to `end` of the value. StorageFault or IntegrityFault ends them early."""
        word = 1 if self._place.is_little_endian or self._place.is_encapsulated else BULK_VRS[self._place.vr]
        word = word if self.length % word == 0 else 1
        first, last = start - start % word, end + -end % word
        skipped, left = start - first, end - start
        async for piece in _in_words(self._bytes(first, last), word):
            given = piece[skipped : skipped + left]
            skipped, left = max(0, skipped - len(piece)), left - len(given)
            if given:
                yield given

    async def _bytes(self, start: int, end: int) -> AsyncIterator[bytes]:
        location, offset = self._stored.location, self._place.offset
        if not transfer_syntax_of(self._stored.transfer_syntax_uid).is_deflated:
            begin = location.dataset_offset + offset
            file = await self._giving.as_stored(self._stored, begin + start, begin + end)
            async for piece in file.pieces:
                yield piece
            return
        deflated = await self._giving.as_stored(self._stored, location.dataset_offset)
        async for opened in _opened(deflated.pieces, offset + start, offset + end):
            yield opened


async def bulk_value(
    archive: Archive, caller: Caller, request: RetrieveRequest, path: str
) -> BulkValue | Refused | None:
    """The value at `path` (a tag, or tag / item number / tag …, as in a BulkDataURI) of the one instance of `request`.

    None if there is none that the caller may see. LedgerFault: nothing leaves.
    """
    objects = await plan(archive, caller, Action.VIEW, request)
    if isinstance(objects, Refused):
        return objects
    if not objects or not _PATH.fullmatch(path):
        return None
    stored = objects[0]
    async with AsyncExitStack() as stack:
        releasing = await stack.enter_async_context(Releasing(archive, caller, Action.VIEW))
        if not await releasing.admit(stored.study_instance_uid):
            return None
        place = await _place_of(archive, stored, path)
        if place is not None:
            giving = await stack.enter_async_context(Giving(archive, caller, Action.VIEW))
            return BulkValue(stored, path, place, giving, stack.pop_all())
    return None


async def _place_of(archive: Archive, stored: StoredObject, path: str) -> _Place | None:
    key = archive.keys.of_object(stored)
    renderer, location, syntax = archive.metadata.renderer, stored.location, stored.transfer_syntax_uid
    try:
        told = json.loads(await ask_about(archive.journal, renderer, key, Verb.LOCATE, location, syntax, path))
    except HeaderUnreadable:
        return None
    if told is None:
        return None
    place = _Place(**told)
    whole = location.plaintext_length - location.dataset_offset
    if transfer_syntax_of(syntax).is_deflated or place.offset + place.length <= whole:
        return place
    return _Place(place.vr, place.offset, whole - place.offset, place.is_encapsulated, place.is_little_endian)


async def _in_words(pieces: AsyncIterator[bytes], word: int) -> AsyncIterator[bytes]:
    """The same bytes with each word turned round; as they are if a word is one byte."""
    rest = b""
    async for piece in pieces:
        if word == 1:
            yield piece
            continue
        together = rest + piece
        whole = len(together) - len(together) % word
        words = array({2: "H", 4: "I", 8: "Q"}[word], together[:whole])
        words.byteswap()
        rest = together[whole:]
        yield words.tobytes()


async def _opened(deflated: AsyncIterator[bytes], start: int, end: int) -> AsyncIterator[bytes]:
    """Bytes `start` to `end` of what a deflate stream opens to, never more than 1 MiB of it in memory."""
    stream, position = zlib.decompressobj(-zlib.MAX_WBITS), 0
    async for piece in deflated:
        rest = piece
        while rest and position < end:
            try:
                opened = stream.decompress(rest, MIB)
            except zlib.error:
                raise StorageFault("a deflated data set cannot be opened") from None
            rest = stream.unconsumed_tail
            given = opened[max(0, start - position) : max(0, end - position)]
            position += len(opened)
            if given:
                yield given
            if not opened:
                break
        if position >= end:
            return

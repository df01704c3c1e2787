"""The deed of giving files: Part-10 files on their way out in pieces, judged and written down first, in bounded memory.

As they are stored, or turned into another transfer syntax. Whoever gives to a slow reader may do so for hours: the
permission is asked for again before each object, once some time has passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.pixels import TranscodingFault
from leadglass.archive.retrieving import Releasing
from leadglass.dicom.part10 import file_meta
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.store.index.retrieval import StoredObject
from leadglass.store.objects import segment_number, segment_start
from leadglass.terms.ceilings import MAX_TURNED, MIB
from leadglass.terms.errors import LeadglassError
from leadglass.terms.principal import Action

__all__ = ["DEFAULT", "File", "Giving", "NoLongerGiven", "syntax_to_give"]

DEFAULT: Final = ""
"""No transfer syntax was named: Explicit VR Little Endian is meant (PS3.18 §8.7.3), see docs/decisions/0024."""
_ANY: Final = "*"
_JUDGED_FOR: Final = 10.0  # seconds


class NoLongerGiven(LeadglassError):
    """The study was deleted, or the permission withdrawn, since the answer was planned."""


@dataclass(frozen=True, slots=True)
class File:
    """A Part-10 file on its way out. `pieces` can be asked for once."""

    transfer_syntax: str
    length: int
    pieces: AsyncIterator[bytes]


def syntax_to_give(stored: str, wanted: Sequence[Sequence[str]], can_turn: Callable[[str, str], bool]) -> str | None:
    """The transfer syntax in which an object stored in `stored` is given; None if none that is wanted can be had.

    `wanted` are groups of transfer syntaxes, the best group first; within a group what is stored goes before what
    must be made. Nobody who named none is refused for an encoding that cannot be undone (video): it leaves as stored.
    """
    for group in wanted:
        targets = [EXPLICIT_VR_LITTLE_ENDIAN if syntax == DEFAULT else syntax for syntax in group]
        if _ANY in targets or stored in targets:
            return stored
        for target in targets:
            if can_turn(stored, target):
                return target
        if DEFAULT in group:
            return stored
    return None


class Giving:
    """Gives files to one caller: `async with Giving(...) as giving:`."""

    def __init__(self, archive: Archive, caller: Caller, action: Action) -> None:
        self._archive = archive
        self._caller = caller
        self._action = action
        self._releasing = Releasing(archive, caller, action)
        self._clock = asyncio.get_running_loop().time
        self._judged = float("-inf")

    async def __aenter__(self) -> Giving:
        self._archive.outgoing.__enter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._archive.outgoing.__exit__()
        await self._releasing.__aexit__()

    async def as_stored(self, stored: StoredObject, start: int = 0, end: int | None = None) -> File:
        """The file, or its bytes `start` to `end`. NoLongerGiven; LedgerFault: nothing more may leave.

        Its pieces are authenticated one by one: IntegrityFault ends them.
        """
        await self._admit(stored)
        end = stored.location.plaintext_length if end is None else end
        return File(stored.transfer_syntax_uid, end - start, self._pieces(stored, start, end))

    async def turned(self, stored: StoredObject, transfer_syntax: str) -> File:
        """The file in another transfer syntax. TranscodingFault if that cannot be; else as `as_stored`."""
        if transfer_syntax == stored.transfer_syntax_uid:
            return await self.as_stored(stored)
        if not self._archive.pixels.can_turn(stored.transfer_syntax_uid, transfer_syntax):
            raise TranscodingFault("an object of this transfer syntax cannot be turned into the one asked for")
        await self._admit(stored)
        if stored.location.plaintext_length > MAX_TURNED:
            raise TranscodingFault(f"an object of more than {MAX_TURNED // MIB} MiB is given as it is stored only")
        async with self._archive.outgoing.turning:
            part10 = await self._archive.journal.read_whole(stored.location, self._archive.keys.of_object(stored))
            data_set = await self._archive.pixels.transcode(part10, transfer_syntax)
        head = file_meta(stored.sop_class_uid, stored.sop_instance_uid, transfer_syntax)
        return File(transfer_syntax, len(head) + len(data_set), self._whole(stored, head, data_set))

    async def _admit(self, stored: StoredObject) -> None:
        uid = stored.study_instance_uid
        if self._clock() - self._judged > _JUDGED_FOR or not await self._releasing.admit(uid):
            if not await self._releasing.admit_anew(uid):
                raise NoLongerGiven("permission was withdrawn, or the study deleted, while it was given")
            self._judged = self._clock()

    async def _pieces(self, stored: StoredObject, start: int, end: int) -> AsyncIterator[bytes]:
        """Each piece lies within what the journal decrypts at one go. Nothing is held while a piece is away."""
        self._releasing.count(stored.study_instance_uid, 1, end - start)
        position = start
        while position < end:
            border = segment_start(segment_number(position) + 1)
            length = min(self._archive.outgoing.piece, border - position, end - position)
            position += length
            async with self._archive.outgoing.reading:
                piece = [await self._read(stored, position - length, length)]
            yield piece.pop()

    async def _read(self, stored: StoredObject, start: int, length: int) -> bytes:
        journal, location = self._archive.journal, stored.location
        key = self._archive.keys.of_object(stored)
        if length == location.plaintext_length:
            return await journal.read_whole(location, key)
        return b"".join([bytes(piece) async for piece in journal.read(location, key, start, length)])

    async def _whole(self, stored: StoredObject, head: bytes, data_set: bytes) -> AsyncIterator[bytes]:
        self._releasing.count(stored.study_instance_uid, 1, len(data_set))
        yield head
        yield data_set

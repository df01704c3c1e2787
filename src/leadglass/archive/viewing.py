"""The deeds of looking: single frames as they are stored or decoded, and pictures of them.

All begin with `view` or `view_all`: judged at that moment, and durable in the ledger, before anything is read. What
then leaves is counted in the same episode: an instance once for each request, and the bytes that were really given.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.frame_reading import FrameReader, open_frames
from leadglass.archive.giving import NoLongerGiven
from leadglass.archive.pixels import TranscodingFault
from leadglass.archive.retrieving import RetrieveRequest, plan
from leadglass.dicom.drawing import Drawing, Window
from leadglass.dicom.ranges import Range
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.gate.door import Episode
from leadglass.store.index.facts import study_facts
from leadglass.store.index.retrieval import StoredObject
from leadglass.store.index.viewing import instance_and_facts
from leadglass.terms.ceilings import MIB
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.terms.visibility import StudyFacts

__all__ = [
    "Frames",
    "Rendered",
    "RenderedRequest",
    "Viewed",
    "frames",
    "rendered",
    "representative",
    "thumbnail",
    "view",
    "view_all",
]

_JUDGED_FOR = 10.0  # seconds
_AT_ONCE = 1 * MIB
"""A frame up to this size is read before its answer begins."""
THUMBNAIL = (128, 128)
"""Columns and rows of a thumbnail if nothing is said."""
_TRIED = 5
"""Objects that are tried for a thumbnail of a series or study: some hold no image."""


@dataclass(frozen=True, slots=True)
class RenderedRequest:
    """One picture of one frame, counted from 1; None: the first. What else is None is left to the object."""

    study: str
    series: str
    instance: str
    frame: int | None = None
    window: Window | None = None
    viewport: tuple[int, int] | None = None
    region: tuple[int, int, int, int] | None = None
    media_type: str = "image/jpeg"
    quality: int = 90

    @property
    def drawing(self) -> Drawing:
        """How to draw it."""
        return Drawing(self.media_type, 0, self.window, self.viewport, self.region, self.quality)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture."""

    picture: bytes = field(repr=False)
    media_type: str


class _Access:
    """One caller's access to one study, judged. Every opening of its episode is one use; the first one is durable."""

    def __init__(self, archive: Archive, caller: Caller, facts: StudyFacts, because: tuple[str, ...]) -> None:
        self.archive = archive
        self._caller = caller
        self._facts = facts
        self._because = because
        self._is_counted: set[bytes] = set()
        self._clock = asyncio.get_running_loop().time
        self._judged = self._clock()

    @asynccontextmanager
    async def opening(self) -> AsyncIterator[Episode]:
        """One use. Somebody may look for hours: NoLongerGiven if the permission was withdrawn meanwhile."""
        caller = self._caller
        if self._clock() - self._judged > _JUDGED_FOR:
            await self._judge_anew()
        async with self.archive.gate.episode(
            caller.principal, self._facts, Action.VIEW, caller.door, caller.address, because=self._because
        ) as episode:
            yield episode

    async def _judge_anew(self) -> None:
        facts = await self.archive.database.read(study_facts, self._facts.study_instance_uid)
        if facts is None or await _judged(self.archive, self._caller, facts) is None:
            raise NoLongerGiven("permission was withdrawn, or the study deleted, while it was looked at")
        self._judged = self._clock()

    def count(self, episode: Episode, stored: StoredObject, octets: int) -> None:
        """Each instance of a request counts once, and every byte."""
        object_id = stored.location.object_id
        episode.count(0 if object_id in self._is_counted else 1, octets)
        self._is_counted.add(object_id)


class Viewed:
    """One instance that the caller may look at, its access durable in the ledger."""

    def __init__(self, access: _Access, stored: StoredObject) -> None:
        self._access = access
        self._reader: FrameReader | None = None
        self.stored = stored

    @property
    def tag(self) -> str:
        """Names the very bytes this instance is stored as: for entity tags."""
        return hashlib.sha256(self.stored.location.object_id).hexdigest()[:32]

    async def open(self) -> FrameReader:
        """Its frames. TranscodingFault if it has none, or none that can be found."""
        if self._reader is None:
            archive, stored = self._access.archive, self.stored
            key = archive.keys.of_object(stored)
            reader = await open_frames(archive.journal, archive.pixels, archive.layouts, stored, key)
            if reader is None:
                raise TranscodingFault("an object of this kind holds no image")
            self._reader = reader
        return self._reader

    async def frame(self, number: int, *, decoded: bool) -> bytes:
        """One frame, counted from 1: as it is stored, or uncompressed in little endian.

        IndexError if there is none of that number; TranscodingFault if it cannot be had so.
        """
        reader = await self.open()
        pixels = self._access.archive.pixels
        async with self._access.opening() as episode:
            if decoded and reader.layout.is_encapsulated:
                async with pixels.holding:
                    content = await pixels.decode(await reader.file_of(number - 1))
            else:
                content = await reader.frame(number - 1)
            self._access.count(episode, self.stored, len(content))
        return content

    async def part(self, number: int, *, decoded: bool) -> Part:
        """The same, for a frame of any size: what need not be decoded is read while it leaves."""
        reader = await self.open()
        if not (decoded and reader.layout.is_encapsulated):
            ranges = await reader.ranges(number - 1)
            length = sum(part.length for part in ranges)
            if length > _AT_ONCE and reader.layout.frames_are_bytes:
                return Part(length, None, self._streamed(reader, ranges, length))
        whole = await self.frame(number, decoded=decoded)
        return Part(len(whole), whole, _one(whole))

    async def _streamed(self, reader: FrameReader, ranges: Sequence[Range], length: int) -> AsyncIterator[bytes]:
        async with self._access.opening() as episode:
            self._access.count(episode, self.stored, length)
            async for piece in reader.streamed(ranges, self._access.archive.outgoing):
                yield piece

    async def render(self, frame: int, drawing: Drawing) -> Rendered:
        """The picture of a frame, counted from 1. IndexError and TranscodingFault as for `frame`."""
        reader = await self.open()
        pixels = self._access.archive.pixels
        async with self._access.opening() as episode:
            async with pixels.holding:
                part10 = await reader.file_of(frame - 1)
                picture = await pixels.render(part10, replace(drawing, frame=frame - 1))
            self._access.count(episode, self.stored, len(picture))
        return Rendered(picture, drawing.media_type)


@dataclass(frozen=True, slots=True)
class Part:
    """One frame on its way out: a small one lies in memory, a large one is read in pieces while it leaves."""

    length: int
    whole: bytes | None = field(repr=False)
    pieces: AsyncIterator[bytes]
    """To be asked for once."""


async def _one(whole: bytes) -> AsyncIterator[bytes]:
    yield whole


class Frames:
    """Frames of one instance, in the order they were asked for. Nothing of them was read yet."""

    def __init__(self, viewed: Viewed, reader: FrameReader, numbers: Sequence[int]) -> None:
        self._viewed = viewed
        self.numbers = numbers
        self.tag = viewed.tag
        self.stored_syntax = reader.transfer_syntax if reader.layout.is_encapsulated else EXPLICIT_VR_LITTLE_ENDIAN
        """The transfer syntax the frames can be given in as they lie."""
        self.is_compressed = reader.layout.is_encapsulated

    async def parts(self, *, decoded: bool) -> AsyncGenerator[Part]:
        """The frames, one after another: uncompressed, or in their `stored_syntax`. TranscodingFault ends them."""
        for number in self.numbers:
            yield await self._viewed.part(number, decoded=decoded)


async def view(archive: Archive, caller: Caller, study: str, series: str, instance: str) -> Viewed | Refused | None:
    """One instance to look at. None: there is nothing there that the caller may see. LedgerFault: nothing leaves."""
    gate = archive.gate
    admitted = await gate.admit(caller.principal, Action.VIEW)
    if isinstance(admitted, Refused):
        await gate.refused(admitted, caller.door, caller.address)
        return admitted
    visibility = await gate.visibility(caller.principal, Action.VIEW)
    found = await archive.database.read(instance_and_facts, study, series, instance, visibility)
    if found is None:
        await plan(archive, caller, Action.VIEW, RetrieveRequest.of(study, series, instance))
        return None  # and if the study exists, the ledger knows who asked
    stored, facts = found
    access = await _judged(archive, caller, facts)
    return Viewed(access, stored) if access is not None else None


async def view_all(
    archive: Archive, caller: Caller, study: str, series: str | None = None
) -> Sequence[Viewed] | Refused | None:
    """All instances of a study or series, in viewing order. None and LedgerFault as for `view`."""
    objects = await plan(archive, caller, Action.VIEW, RetrieveRequest.of(study, series))
    if isinstance(objects, Refused):
        return objects
    facts = await archive.database.read(study_facts, study) if objects else None
    access = await _judged(archive, caller, facts) if facts is not None else None
    return [Viewed(access, stored) for stored in objects] if access is not None else None


async def _judged(archive: Archive, caller: Caller, facts: StudyFacts) -> _Access | None:
    """The access, its entry durable; None if it is refused, which is in the ledger then."""
    decision = await archive.gate.judge(caller.principal, Action.VIEW, facts)
    if isinstance(decision, Refused):
        uid = facts.study_instance_uid
        await archive.gate.refused(decision, caller.door, caller.address, study_instance_uid=uid)
        return None
    access = _Access(archive, caller, facts, decision.because)
    async with access.opening():
        return access


async def frames(
    archive: Archive, caller: Caller, study: str, series: str, instance: str, numbers: Sequence[int] | None = None
) -> Frames | Refused | None:
    """The frames with these numbers, counted from 1, or all of them. None: no such instance, or not all of these in it.

    TranscodingFault if it holds no frames at all, or none that can be found.
    """
    viewed = await view(archive, caller, study, series, instance)
    if not isinstance(viewed, Viewed):
        return viewed
    reader = await viewed.open()
    if numbers is None:
        numbers = range(1, reader.number + 1)
    if not all(1 <= number <= reader.number for number in numbers):
        return None
    return Frames(viewed, reader, numbers)


async def rendered(archive: Archive, caller: Caller, request: RenderedRequest) -> Rendered | Refused | None:
    """One picture. None: no such instance or frame. TranscodingFault: it cannot be drawn."""
    viewed = await view(archive, caller, request.study, request.series, request.instance)
    if not isinstance(viewed, Viewed):
        return viewed
    try:
        return await viewed.render(request.frame or 1, request.drawing)
    except IndexError:
        return None


async def thumbnail(
    archive: Archive,
    caller: Caller,
    study: str,
    series: str | None = None,
    instance: str | None = None,
    frame: int | None = None,
    viewport: tuple[int, int] | None = None,
    media_type: str = "image/jpeg",
) -> Rendered | Refused | None:
    """A small picture that stands for a study, a series, an instance or a frame (PS3.18 §10.4.1.1.4).

    Of a series the middle instance is shown, of a study that of its first series. None and TranscodingFault as for
    `rendered`; for a study or series only if none of the objects tried can be drawn.
    """
    drawing = Drawing(media_type, viewport=viewport or THUMBNAIL, quality=80)
    if series is not None and instance is not None:
        request = RenderedRequest(study, series, instance, frame, None, drawing.viewport, None, media_type, 80)
        return await rendered(archive, caller, request)
    viewed = await view_all(archive, caller, study, series)
    if viewed is None or isinstance(viewed, Refused):
        return viewed
    return await representative(viewed, drawing)


async def representative(viewed: Sequence[Viewed], drawing: Drawing) -> Rendered:
    """The picture that stands for all of these. TranscodingFault if none of those tried can be drawn."""
    fault: TranscodingFault | None = None
    for one in _most_telling(viewed):
        try:
            reader = await one.open()
            return await one.render(reader.number // 2 + 1, drawing)
        except (TranscodingFault, IndexError) as failed:
            fault = failed if isinstance(failed, TranscodingFault) else fault
    raise fault or TranscodingFault("there are no frames in it")


def _most_telling(viewed: Sequence[Viewed]) -> Sequence[Viewed]:
    """The middle of the first series, then those of the others: the first one may be a report."""
    by_series: dict[str, list[Viewed]] = {}
    for one in viewed:
        by_series.setdefault(one.stored.series_instance_uid, []).append(one)
    middles = [members[len(members) // 2] for members in by_series.values()]
    return middles[:_TRIED]

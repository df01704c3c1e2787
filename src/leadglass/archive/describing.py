"""The deed of describing: the metadata of a study, a series or an instance, as DICOM JSON (PS3.18 §10.4.1.1.3).

What is answered was rendered before, mostly: the parts of each series leave as they lie. What is not rendered yet is
rendered now. The study is judged, and its ledger entry durable, before one part is looked at.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.giving import NoLongerGiven
from leadglass.archive.metadata.parts import Part
from leadglass.archive.metadata.wire import MARK
from leadglass.archive.retrieving import Releasing, RetrieveRequest
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.series_metadata import PartRow, SeriesRow, metadata_of
from leadglass.terms.ceilings import KIB
from leadglass.terms.errors import StorageFault
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

__all__ = ["Description", "describe"]

_PIECE: Final = 256 * KIB
"""What one reader holds of a part, which all readers share."""


async def describe(
    archive: Archive, caller: Caller, request: RetrieveRequest, base: bytes = b""
) -> Description | Refused | None:
    """The metadata of what `request` names (one study, series or instance, with the UIDs above it), in viewing order.

    None if there is nothing by that name that the caller may see. `base` goes before each BulkDataURI: the address of
    the DICOMweb service, fit to stand in a JSON string. Close what is given (`async with`). LedgerFault or StorageFault
    if the ledger or the archive fails; a part that changes meanwhile is a StorageFault, too.
    """
    decision = await archive.gate.admit(caller.principal, Action.VIEW)
    if isinstance(decision, Refused):
        await archive.gate.refused(decision, caller.door, caller.address)
        return decision
    names = _Names.of(request)
    async with AsyncExitStack() as stack:
        releasing = await stack.enter_async_context(Releasing(archive, caller, Action.VIEW))
        if not await releasing.admit(names.study):
            return None
        found = await _all_rendered(archive, names)
        if found and names.instance:
            found = await _one_instance(archive, found, names.instance)
        if found:
            return Description(archive, releasing, stack.pop_all(), names, found, base)
    return None


@dataclass(frozen=True, slots=True)
class _Names:
    study: str
    series: str = ""
    instance: str = ""

    @classmethod
    def of(cls, request: RetrieveRequest) -> _Names:
        study, series = (request.within.get(keyword, "") for keyword in ("StudyInstanceUID", "SeriesInstanceUID"))
        [uid] = request.uids
        match request.level:
            case QueryLevel.STUDY:
                return cls(uid)
            case QueryLevel.SERIES:
                return cls(study, uid)
            case _:
                return cls(study, series, uid)


_Found = Sequence[tuple[SeriesRow, Sequence[PartRow]]]


async def _all_rendered(archive: Archive, names: _Names) -> _Found:
    """The series with their parts, once what was missing has been rendered as far as it can be."""
    rows = await archive.database.read(metadata_of, names.study, names.series)
    missing = [row for row in rows if not row.is_complete]
    for row in missing:
        await archive.metadata.complete(row.name)
    if missing:
        rows = await archive.database.read(metadata_of, names.study, names.series)
    return [(row, row.parts) for row in rows]


async def _one_instance(archive: Archive, found: _Found, sop_instance_uid: str) -> _Found:
    """The one part that holds the instance."""
    for row, parts in found:
        for part in parts:
            opened = await _opened(archive, row, part)
            if any(uid == sop_instance_uid for uid, _, _ in opened.names):
                return [(row, [part])]
    return []


async def _opened(archive: Archive, row: SeriesRow, part: PartRow) -> Part:
    if row.key is None:
        raise StorageFault("the study was deleted while its metadata was read")
    key = archive.keys.opened(row.name.study_instance_uid, row.key)
    return await archive.metadata.opened.get(row, part, key)


class Description:
    """Metadata on its way out. `async with description:`, then `pieces()` or `objects()` once, or neither."""

    def __init__(
        self, archive: Archive, releasing: Releasing, stack: AsyncExitStack, names: _Names, found: _Found, base: bytes
    ) -> None:
        self._archive = archive
        self._releasing = releasing
        self._stack = stack
        self._names = names
        self._found = found
        self._base = base

    async def __aenter__(self) -> Description:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    @property
    def version(self) -> str:
        """Another one whenever any byte of the answer is."""
        seen = blake2b(self._names.instance.encode() + b"\0" + self._base + b"\0", digest_size=16)
        for _, parts in self._found:
            for part in parts:
                seen.update(part.version)
        return seen.hexdigest()

    @property
    def length(self) -> int:
        """About how many bytes there are."""
        return sum(part.length for _, parts in self._found for part in parts)

    async def pieces(self) -> AsyncIterator[bytes]:
        """The JSON list of all objects, in pieces of some 256 KiB.

        NoLongerGiven if the study goes, or the permission is withdrawn, before a part is begun: slow readers take time.
        """
        before = b"["
        async for part in self._parts():
            run, number = part.run, len(part.names)
            if self._names.instance:
                run, number = _only(part, self._names.instance), 1
            self._releasing.count(self._names.study, number, 0)
            for start in range(0, len(run), _PIECE):  # a mark is one byte: no cut goes through it
                piece = before + run[start : start + _PIECE].replace(MARK, self._base)
                self._releasing.count(self._names.study, 0, len(piece))
                yield piece
                before = b""
            before = b","
        yield b"[]" if before == b"[" else b"]"

    async def objects(self) -> AsyncIterator[bytes]:
        """Each instance's JSON object by itself."""
        async for part in self._parts():
            for member in part.members():
                if self._names.instance in ("", member.sop_instance_uid):
                    one = member.json.replace(MARK, self._base)
                    self._releasing.count(self._names.study, 1, len(one))
                    yield one

    async def _parts(self) -> AsyncIterator[Part]:
        is_first = True
        for row, parts in self._found:
            for part in parts:
                if not is_first and not await self._releasing.admit_anew(self._names.study):
                    raise NoLongerGiven("the permission was withdrawn, or the study deleted, while it was described")
                is_first = False
                yield await _opened(self._archive, row, part)


def _only(part: Part, sop_instance_uid: str) -> bytes:
    return next(one.json for one in part.members() if one.sop_instance_uid == sop_instance_uid)

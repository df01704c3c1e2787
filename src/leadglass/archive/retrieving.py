"""The deed of retrieving: which objects, in which order, each study written down before its first byte leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.levels import IDENTIFIER_DOES_NOT_MATCH, UNIQUE_KEY, Root, read_level
from leadglass.archive.matching import parse_match
from leadglass.archive.open_studies import OpenStudies
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.identifier import Identifier
from leadglass.store.index.facts import study_facts
from leadglass.store.index.matching import AnyOf, QueryLevel, Single
from leadglass.store.index.retrieval import StoredObject, objects_of, owners_of
from leadglass.store.keys import StudyKey
from leadglass.store.port import ObjectJournal
from leadglass.terms.ceilings import MAX_INCOMING_IN_MEMORY
from leadglass.terms.errors import PeerAnswer, PeerViolation, StorageFault
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

__all__ = [
    "Opened",
    "Releasing",
    "RetrieveRequest",
    "StoredObject",
    "Withheld",
    "plan",
    "read_ahead",
    "read_retrieve_request",
]


@dataclass(frozen=True, slots=True)
class RetrieveRequest:
    """What to retrieve: the entities `uids` of `level` (Patient IDs at the patient level), within those named above."""

    level: QueryLevel
    uids: tuple[str, ...]
    within: Mapping[str, str]

    @classmethod
    def of(cls, study: str, series: str | None = None, instance: str | None = None) -> RetrieveRequest:
        """A study, a series of it, or an instance of that, by their UIDs."""
        if series is None:
            return cls(QueryLevel.STUDY, (study,), {})
        if instance is None:
            return cls(QueryLevel.SERIES, (series,), {"StudyInstanceUID": study})
        return cls(QueryLevel.IMAGE, (instance,), {"StudyInstanceUID": study, "SeriesInstanceUID": series})


def read_retrieve_request(identifier: Identifier, root: Root) -> RetrieveRequest:
    """The request in an identifier. PeerViolation (A900) unless unique keys say what is meant (PS3.4 §C.4.2.2.1)."""
    level = read_level(identifier, root)
    uids = _unique_values(identifier, level)
    if not uids:
        raise _not_matching(f"a retrieval at {level.name} level must name its {UNIQUE_KEY[level]}")
    within: dict[str, str] = {}
    for upper in QueryLevel:
        if upper < level and (values := _unique_values(identifier, upper)):
            if len(values) > 1:
                raise _not_matching(f"{UNIQUE_KEY[upper]} must be a single value in a {level.name} level retrieval")
            within[UNIQUE_KEY[upper]] = values[0]
    return RetrieveRequest(level, uids, within)


def _unique_values(identifier: Identifier, level: QueryLevel) -> tuple[str, ...]:
    value = identifier.get(tag_of(UNIQUE_KEY[level]), "")
    if not isinstance(value, str):
        return ()
    match parse_match(UNIQUE_KEY[level], "UI", value):
        case Single(one):
            return (one,)
        case AnyOf(several):
            return several
        case _:
            return ()


def _not_matching(what: str) -> PeerViolation:
    return PeerViolation(what, answer=PeerAnswer(status=IDENTIFIER_DOES_NOT_MATCH), clause="PS3.4 §C.4.2.2.1")


async def plan(
    archive: Archive, caller: Caller, action: Action, request: RetrieveRequest
) -> Sequence[StoredObject] | Refused:
    """The objects of `request` that the caller may have, in order; or the refusal, which is in the ledger.

    An object outside the caller's visibility is simply not among them: it looks like one that does not exist.
    """
    gate = archive.gate
    decision = await gate.admit(caller.principal, action)
    if isinstance(decision, Refused):
        await gate.refused(decision, caller.door, caller.address)
        return decision
    visibility = await gate.visibility(caller.principal, action)
    objects = await archive.database.read(objects_of, request.level, request.uids, visibility, request.within)
    name_of = _NAME_OF[request.level]
    given = {name_of(stored) for stored in objects}
    in_vain = [uid for uid in request.uids if uid not in given]
    if in_vain:
        await _write_down_what_was_refused(archive, caller, action, request, in_vain)
    return objects


_NAME_OF: Mapping[QueryLevel, Callable[[StoredObject], str]] = {
    QueryLevel.PATIENT: attrgetter("patient_id"),
    QueryLevel.STUDY: attrgetter("study_instance_uid"),
    QueryLevel.SERIES: attrgetter("series_instance_uid"),
    QueryLevel.IMAGE: attrgetter("sop_instance_uid"),
}


async def _write_down_what_was_refused(
    archive: Archive, caller: Caller, action: Action, request: RetrieveRequest, uids: Sequence[str]
) -> None:
    """Somebody named what exists and got nothing of it: the ledger must know, the caller must not."""
    for study in await archive.database.read(owners_of, request.level, uids, request.within):
        decision = await archive.gate.judge(caller.principal, action, study)
        if isinstance(decision, Refused):
            uid = study.study_instance_uid
            await archive.gate.refused(decision, caller.door, caller.address, study_instance_uid=uid)


class Opened:
    """One object on its way out: a small one lies in memory, a large one is read from the journal in pieces."""

    def __init__(self, stored: StoredObject, whole: bytes | None, journal: ObjectJournal, key: StudyKey) -> None:
        self.stored = stored
        self._whole = whole
        self._journal = journal
        self._key = key

    def data_set(self) -> memoryview | AsyncIterator[memoryview]:
        """The data set as it was stored."""
        location = self.stored.location
        if self._whole is not None:
            return memoryview(self._whole)[location.dataset_offset :]
        return self._journal.read(location, self._key, location.dataset_offset)

    async def whole_file(self) -> bytes:
        """The Part-10 file."""
        if self._whole is not None:
            return self._whole
        return b"".join([bytes(piece) async for piece in self._journal.read(self.stored.location, self._key)])


@dataclass(frozen=True, slots=True)
class Withheld:
    """One object that does not leave, and why: withdrawn permission, deletion meanwhile, or damage."""

    stored: StoredObject
    why: str


class Releasing:
    """Hands out the objects of a plan, one after another, for one caller and one action.

    `async with Releasing(...) as releasing:`; ask `opened()` for the objects, and say `released(object)` for each
    one that left. The entry of a study is durable before its first object is opened.
    """

    def __init__(self, archive: Archive, caller: Caller, action: Action) -> None:
        self._archive = archive
        self._caller = caller
        self._action = action
        self._studies = OpenStudies()

    async def __aenter__(self) -> Releasing:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._studies.close()

    async def admit(self, study_instance_uid: str) -> bool:
        """True once the study's episode is open: judged at this moment, and durable in the ledger.

        False if it is gone, or if the permission was withdrawn since the plan was made. LedgerFault: no release.
        """
        return self._studies.get(study_instance_uid) is not None or await self.admit_anew(study_instance_uid)

    async def admit_anew(self, study_instance_uid: str) -> bool:
        """As `admit`, and judged at this moment even if the episode is open already."""
        archive, caller = self._archive, self._caller
        study = await archive.database.read(study_facts, study_instance_uid)
        if study is None:
            return False
        decision = await archive.gate.judge(caller.principal, self._action, study)
        if isinstance(decision, Refused):
            await archive.gate.refused(decision, caller.door, caller.address, study_instance_uid=study_instance_uid)
            return False
        if self._studies.get(study_instance_uid) is None:
            opening = archive.gate.episode(
                caller.principal, study, self._action, caller.door, caller.address, because=decision.because
            )
            await self._studies.open(study, opening)
        return True

    async def open(self, stored: StoredObject) -> Opened:
        """The object, decrypted and authenticated. IntegrityFault if it was damaged: then nothing of it is given."""
        location = stored.location
        key = self._archive.keys.of_object(stored)
        journal = self._archive.journal
        small = location.plaintext_length <= MAX_INCOMING_IN_MEMORY
        return Opened(stored, await journal.read_whole(location, key) if small else None, journal, key)

    def released(self, stored: StoredObject) -> None:
        """Counts an object that left (or is leaving: the count is never too low)."""
        location = stored.location
        self.count(stored.study_instance_uid, 1, location.plaintext_length - location.dataset_offset)

    def count(self, study_instance_uid: str, instances: int, octets: int) -> None:
        """Counts what leaves of a study in another form than as whole objects."""
        study = self._studies.get(study_instance_uid)
        assert study is not None, "it was admitted"
        study.episode.count(instances, octets)


async def read_ahead(releasing: Releasing, objects: Sequence[StoredObject]) -> AsyncGenerator[Opened | Withheld, None]:
    """The objects, each opened one step ahead of its use. LedgerFault ends it: then nothing more may leave."""

    async def opened(stored: StoredObject) -> Opened | Withheld:
        if not await releasing.admit(stored.study_instance_uid):
            return Withheld(stored, "not authorised")
        try:
            return await releasing.open(stored)
        except StorageFault as fault:
            return Withheld(stored, str(fault))

    following: asyncio.Task[Opened | Withheld] | None = None
    try:
        for position, stored in enumerate(objects):
            current = following or asyncio.create_task(opened(stored))
            following = None
            result = await current
            if position + 1 < len(objects):
                following = asyncio.create_task(opened(objects[position + 1]))
            yield result
    finally:
        if following is not None:
            following.cancel()

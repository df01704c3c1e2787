"""The deed of storing one instance: read its header, ask the gate, make it durable, index it, and only then say so.

Identical bytes under a UID we have are a success, stored once: senders repeat themselves. Other bytes under a UID we
have are refused and the first ones kept (IHE: no silent replacement).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.open_studies import OpenStudies, OpenStudy
from leadglass.dicom.header import NeedMore, read_header
from leadglass.dicom.instance_header import InstanceHeader, index_attributes
from leadglass.store.index.adoption import adopt_series
from leadglass.store.index.facts import study_facts
from leadglass.store.index.instances import known_instances
from leadglass.store.index.normal import normal_name, normal_text
from leadglass.store.index.outcomes import Duplicate, KeyDestroyed, NewInstance, Stored
from leadglass.store.index.study_keys import key_by_id
from leadglass.store.keys import StudyKey
from leadglass.store.port import IncomingObject
from leadglass.terms.errors import PeerAnswer, PeerViolation, StorageFault
from leadglass.terms.outcome import Allowed, RefusalReason, Refused
from leadglass.terms.principal import Action
from leadglass.terms.visibility import StudyFacts

__all__ = ["Announced", "Deposit", "StoreOutcome", "StoringSession"]

_DATA_SET_DOES_NOT_MATCH = 0xA900  # PS3.4 §B.2.3
_CANNOT_UNDERSTAND = 0xC000


class StoreOutcome(Enum):
    """What became of an instance."""

    STORED = "stored"
    STORED_BEFORE = "the same instance was stored before"
    CONFLICT = "another instance is stored under this UID, and it was kept"
    REFUSED = "not authorised"


@dataclass(frozen=True, slots=True)
class Announced:
    """What the sender said it would send. "" where the door's protocol does not say."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax: str
    study_instance_uid: str = ""


@dataclass(frozen=True, slots=True)
class Deposit:
    """What became of an instance, and what it says of itself."""

    outcome: StoreOutcome
    header: InstanceHeader


class StoringSession:
    """Stores the instances of one caller over one association or request: one ledger episode a study.

    Several instances may be stored at once, in any order.
    """

    def __init__(self, archive: Archive, caller: Caller, name: str) -> None:
        self._archive = archive
        self._caller = caller
        self._name = name  # of this session, in the ledger
        self._studies = OpenStudies()
        self._opening = asyncio.Lock()  # of a study, which two instances may want at once

    async def store(self, incoming: IncomingObject, announced: Announced) -> StoreOutcome:
        """What became of it; see `deposit`."""
        return (await self.deposit(incoming, announced)).outcome

    async def deposit(self, incoming: IncomingObject, announced: Announced) -> Deposit:
        """Stores a finished `incoming`, which belongs to this deed from now on.

        Every outcome but an error has been written down, and STORED and STORED_BEFORE are durable. Raises
        PeerViolation (with the DIMSE status owed) for an object that cannot be stored as what it claims to be,
        StorageFault and LedgerFault if durability or the ledger cannot be had.
        """
        try:
            header = _header_of(incoming, announced)
            length = incoming.length
            study = await self._admitted(header)
            if study is None:
                return Deposit(StoreOutcome.REFUSED, header)
            with study.in_use():
                outcome = await self._keep(incoming, header, study)
                if outcome is not StoreOutcome.CONFLICT:
                    study.episode.count(1, length)
        finally:
            incoming.discard()  # does nothing once the journal has taken it
        if outcome is StoreOutcome.CONFLICT:
            conflict = Refused(RefusalReason.CONFLICTING_INSTANCE, self._caller.principal.id, Action.STORE)
            await self._write_down(conflict, header)
        return Deposit(outcome, header)

    async def close(self) -> None:
        """Ends the episodes: their counts are written."""
        await self._studies.close()

    async def _admitted(self, header: InstanceHeader) -> OpenStudy | None:
        """The study under an open episode, opened now if need be; None if the gate refused (and wrote it down)."""
        if (study := self._studies.get(header.study_instance_uid)) is None:
            async with self._opening:
                if (study := self._studies.get(header.study_instance_uid)) is None:
                    return await self._open(header)
        return study if await self._decided(study.facts, header) is not None else None

    async def _open(self, header: InstanceHeader) -> OpenStudy | None:
        stored = await self._archive.database.read(study_facts, header.study_instance_uid)
        facts = stored or _facts_of(header, self._caller)
        decision = await self._decided(facts, header)
        if decision is None:
            return None
        opening = self._archive.gate.episode(
            self._caller.principal,
            facts,
            Action.STORE,
            self._caller.door,
            self._caller.address,
            because=decision.because,
            association=self._name,
        )
        return await self._studies.open(facts, opening, may_repeat=stored is not None)

    async def _decided(self, facts: StudyFacts, header: InstanceHeader) -> Allowed | None:
        """What allows to add the instance to the study; None if the gate refused (and wrote it down)."""
        if (facts.patient_id, facts.issuer_of_patient_id) != (header.patient_id, header.issuer_of_patient_id):
            raise PeerViolation(
                "the Patient ID or its issuer is not that of the study stored under this Study Instance UID",
                answer=PeerAnswer(status=_DATA_SET_DOES_NOT_MATCH),
            )
        decision = await self._archive.gate.admit_store(self._caller.principal, facts)
        if isinstance(decision, Refused):
            await self._write_down(decision, header)
            return None
        return decision

    async def _keep(self, incoming: IncomingObject, header: InstanceHeader, study: OpenStudy) -> StoreOutcome:
        """What may be a duplicate is compared before it takes room on the disk. Where none is expected, the question is
        saved: a duplicate is then found when its row is added.
        """
        archive = self._archive
        if study.may_repeat:
            known = await archive.database.read(known_instances, [header.sop_instance_uid])
            if (stored := known.get(header.sop_instance_uid)) is not None:
                outcome = await self._compare(incoming, header, stored)
                if outcome is StoreOutcome.STORED_BEFORE and not stored.stored_by:
                    # Recovery indexed the series and knew no sender; this one holds the same bytes.
                    whole = (header.study_instance_uid, header.series_instance_uid)
                    await archive.database.write(adopt_series, *whole, self._caller.principal.id)
                return outcome
            study.may_repeat = False
        key = await archive.keys.for_storing(header.study_instance_uid)
        location = await archive.journal.append(incoming, key)
        new = NewInstance(header, location, self._caller.principal.id, archive.wall_clock())
        added = await archive.index.add(new)
        if isinstance(added, KeyDestroyed):
            archive.keys.forget(header.study_instance_uid)
            raise _deleted_meanwhile()
        if isinstance(added, Duplicate):
            # The record just written stays behind, unreferenced; the first one wins.
            study.may_repeat = True
            return await self._compare_records(new, key, added.existing)
        archive.metadata.arrived(header.study_instance_uid, header.series_instance_uid)
        return StoreOutcome.STORED

    async def _compare(self, incoming: IncomingObject, header: InstanceHeader, stored: Stored) -> StoreOutcome:
        same_form = stored.transfer_syntax_uid == header.transfer_syntax_uid
        wrapped = await self._archive.database.read(key_by_id, stored.location.key_id)
        if wrapped is None:
            raise _deleted_meanwhile()
        if not same_form:
            return StoreOutcome.CONFLICT
        key = self._archive.keys.opened(stored.study_instance_uid, wrapped)
        same = await self._archive.journal.same_data_set(incoming, stored.location, key)
        return StoreOutcome.STORED_BEFORE if same else StoreOutcome.CONFLICT

    async def _compare_records(self, new: NewInstance, our_key: StudyKey, stored: Stored) -> StoreOutcome:
        archive, mine, first = self._archive, new.location, stored.location
        wrapped = await archive.database.read(key_by_id, first.key_id)
        if wrapped is None:
            raise _deleted_meanwhile()
        if stored.transfer_syntax_uid != new.header.transfer_syntax_uid:
            return StoreOutcome.CONFLICT
        if mine.plaintext_length - mine.dataset_offset != first.plaintext_length - first.dataset_offset:
            return StoreOutcome.CONFLICT
        their_key = archive.keys.opened(stored.study_instance_uid, wrapped)
        ours = archive.journal.read(mine, our_key, mine.dataset_offset)
        theirs = archive.journal.read(first, their_key, first.dataset_offset)
        same = await same_bytes(ours, theirs)
        return StoreOutcome.STORED_BEFORE if same else StoreOutcome.CONFLICT

    async def _write_down(self, refusal: Refused, header: InstanceHeader) -> None:
        await self._archive.gate.refused(
            refusal,
            self._caller.door,
            self._caller.address,
            study_instance_uid=header.study_instance_uid,
            patient=self._archive.gate.pseudonym(header.patient_id, header.issuer_of_patient_id),
        )


async def same_bytes(left: AsyncIterator[memoryview], right: AsyncIterator[memoryview]) -> bool:
    """True if both streams carry the same bytes, however they are cut into pieces."""
    mine, theirs = b"", b""
    while True:
        mine = mine or bytes(await anext(left, b""))
        theirs = theirs or bytes(await anext(right, b""))
        common = min(len(mine), len(theirs))
        if common == 0:
            return mine == theirs
        if mine[:common] != theirs[:common]:
            return False
        mine, theirs = mine[common:], theirs[common:]


def _header_of(incoming: IncomingObject, announced: Announced) -> InstanceHeader:
    found = read_header(incoming.head, announced.transfer_syntax, complete=incoming.head_is_whole)
    if isinstance(found, NeedMore):
        raise PeerViolation(
            "the attributes the index needs do not come within the first part of the data set",
            answer=PeerAnswer(status=_CANNOT_UNDERSTAND),
        )
    header = index_attributes(found, announced.transfer_syntax)
    for name, said, is_so in (
        ("SOP Class UID", announced.sop_class_uid, header.sop_class_uid),
        ("SOP Instance UID", announced.sop_instance_uid, header.sop_instance_uid),
        ("Study Instance UID", announced.study_instance_uid, header.study_instance_uid),
    ):
        if said not in ("", is_so):
            raise PeerViolation(
                f"the {name} of the data set is not the one that was announced",
                answer=PeerAnswer(status=_DATA_SET_DOES_NOT_MATCH),
                clause="PS3.4 §B.2.3",
            )
    return header


def _deleted_meanwhile() -> StorageFault:
    return StorageFault("the study was deleted while this instance of it was being stored")


def _facts_of(header: InstanceHeader, caller: Caller) -> StudyFacts:
    return StudyFacts(
        study_instance_uid=header.study_instance_uid,
        patient_id=header.patient_id,
        issuer_of_patient_id=header.issuer_of_patient_id,
        institution=normal_text(header.institution_name),
        referring_physician=normal_name(header.referring_physician_name),
        stored_by=caller.principal.id,
    )

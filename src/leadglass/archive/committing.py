"""The deed of storage commitment: promising only what can be proved at this moment (PS3.4 annex J, law 2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leadglass.archive.archive import Archive, Caller
from leadglass.gate.door import Event
from leadglass.store.index.facts import study_facts
from leadglass.store.index.instances import known_instances
from leadglass.store.index.outcomes import Stored
from leadglass.store.index.study_keys import key_by_id
from leadglass.terms.errors import StorageFault
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.terms.visibility import StudyFacts

__all__ = ["Commitment", "Failure", "Reference", "commit"]

NO_SUCH_OBJECT_INSTANCE = 0x0112  # PS3.3 §C.14.1.1, failure reason
CLASS_INSTANCE_CONFLICT = 0x0119
PROCESSING_FAILURE = 0x0110


@dataclass(frozen=True, slots=True)
class Reference:
    """An instance a sender wants us to be responsible for."""

    sop_class_uid: str
    sop_instance_uid: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An instance we are not responsible for, and the failure reason (0008,1197)."""

    reference: Reference
    reason: int


@dataclass(frozen=True, slots=True)
class Commitment:
    """What we are responsible for and what not. A sender may delete its copies of `committed`."""

    committed: tuple[Reference, ...]
    failed: tuple[Failure, ...]


async def commit(archive: Archive, caller: Caller, references: Iterable[Reference]) -> Commitment:
    """Reads each object back and checks every tag of it before promising anything.

    An instance of a study that the caller neither stored nor may see fails like one that does not exist. If the index
    does not answer, nothing is promised. What was promised is in the ledger; LedgerFault if it cannot be.
    """
    wanted = tuple(references)
    committed: list[Reference] = []
    failed: list[Failure] = []
    mine: dict[str, bool] = {}
    try:
        known = await archive.database.read(known_instances, [reference.sop_instance_uid for reference in wanted])
        for reference in wanted:
            stored = known.get(reference.sop_instance_uid)
            reason = await _why_not(archive, caller, reference, stored, mine)
            if reason is None:
                committed.append(reference)
            else:
                failed.append(Failure(reference, reason))
    except StorageFault:
        committed, failed = [], [Failure(reference, PROCESSING_FAILURE) for reference in wanted]
    counts = {"committed": len(committed), "failed": len(failed)}
    await archive.gate.record(Event.COMMITTED, caller.principal, caller.door, caller.address, counts=counts)
    return Commitment(tuple(committed), tuple(failed))


async def _why_not(
    archive: Archive, caller: Caller, reference: Reference, stored: Stored | None, mine: dict[str, bool]
) -> int | None:
    if stored is None or not await _concerns(archive, caller, stored, mine):
        return NO_SUCH_OBJECT_INSTANCE
    if stored.sop_class_uid != reference.sop_class_uid:
        return CLASS_INSTANCE_CONFLICT
    wrapped = await archive.database.read(key_by_id, stored.location.key_id)
    if wrapped is None:
        return NO_SUCH_OBJECT_INSTANCE
    try:
        key = archive.keys.opened(stored.study_instance_uid, wrapped)
        async for _ in archive.journal.read(stored.location, key):
            pass
    except StorageFault:
        return PROCESSING_FAILURE
    return None


async def _concerns(archive: Archive, caller: Caller, stored: Stored, mine: dict[str, bool]) -> bool:
    """True if the caller stored the series or the study, or may query it; a refusal is in the ledger. What was found
    about a study is kept in `mine`."""
    if stored.stored_by == caller.principal.id:
        return True
    study_instance_uid = stored.study_instance_uid
    if study_instance_uid not in mine:
        study = await archive.database.read(study_facts, study_instance_uid)
        mine[study_instance_uid] = study is not None and await _may_know_of(archive, caller, study)
    return mine[study_instance_uid]


async def _may_know_of(archive: Archive, caller: Caller, study: StudyFacts) -> bool:
    if study.stored_by == caller.principal.id:
        return True
    decision = await archive.gate.judge(caller.principal, Action.QUERY, study)
    if isinstance(decision, Refused):
        uid = study.study_instance_uid
        await archive.gate.refused(decision, caller.door, caller.address, study_instance_uid=uid)
    return not isinstance(decision, Refused)

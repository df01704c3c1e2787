"""The deed of deleting a study: written down first, then its key is destroyed, and with it every object of it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from leadglass.archive.archive import Archive, Caller
from leadglass.store.index.deletion import DeletedStudy, destroy_study
from leadglass.store.index.facts import study_facts
from leadglass.store.index.study_keys import key_by_id
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

__all__ = ["Deleted", "delete", "knows_of"]


@dataclass(frozen=True, slots=True)
class Deleted:
    """What is gone. `volumes` are the volume files that held nothing else and were removed."""

    study: DeletedStudy
    volumes: tuple[int, ...]


async def delete(archive: Archive, caller: Caller, study_instance_uid: str) -> Deleted | Refused | None:
    """Deletes a study for good; None if there is none by that UID that the caller may know of.

    Raises LedgerFault, before anything is deleted, if the deed cannot be written down.
    """
    study = await archive.database.read(study_facts, study_instance_uid)
    if study is None:
        return None
    decision = await archive.gate.judge(caller.principal, Action.DELETE, study)
    if isinstance(decision, Refused):
        await archive.gate.refused(decision, caller.door, caller.address, study_instance_uid=study_instance_uid)
        return decision
    opening = archive.gate.episode(
        caller.principal, study, Action.DELETE, caller.door, caller.address, because=decision.because
    )
    async with opening as episode:
        gone = await destroy_study(archive.database, study_instance_uid)
        archive.keys.forget(study_instance_uid)
        archive.metadata.opened.forget()
        if gone is None:  # somebody else was faster
            return None
        episode.count(gone.number_of_instances, gone.stored_bytes)
    return Deleted(gone, tuple(await _remove_dead_volumes(archive)))


async def knows_of(archive: Archive, caller: Caller, study_instance_uid: str) -> bool:
    """True if the caller may find or view the study, so that a refusal to delete it tells nothing new."""
    study = await archive.database.read(study_facts, study_instance_uid)
    if study is None:
        return False
    decisions = [await archive.gate.judge(caller.principal, action, study) for action in (Action.QUERY, Action.VIEW)]
    return not all(isinstance(decision, Refused) for decision in decisions)


async def _remove_dead_volumes(archive: Archive) -> list[int]:
    """Asks the index anew about every key: one made this instant must not count as destroyed."""
    loop = asyncio.get_running_loop()

    def is_alive(key_id: bytes) -> bool:  # called in the journal's thread
        return asyncio.run_coroutine_threadsafe(archive.database.read(key_by_id, key_id), loop).result() is not None

    return await archive.journal.remove_dead(is_alive)

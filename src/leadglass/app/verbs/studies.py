"""What is stored: counts and UIDs, no names (an administrator administers and sees no images)."""

from __future__ import annotations

from typing import Any

from leadglass.app.control import Progress
from leadglass.app.house import House
from leadglass.app.verbs.recording import LOCAL
from leadglass.archive.archive import Caller
from leadglass.archive.deleting import delete as delete_deed
from leadglass.gate.machine import MACHINE
from leadglass.store.index.statistics import count_everything, list_studies
from leadglass.terms.errors import UserFault
from leadglass.terms.evidence import Door
from leadglass.terms.ids import is_uid
from leadglass.terms.outcome import Refused

__all__ = ["delete", "list_all"]

_PAGE = 500


async def list_all(house: House, progress: Progress) -> dict[str, Any]:
    """All studies, and the counts of everything."""
    counts = await house.database.read(count_everything)
    studies: list[dict[str, Any]] = []
    while page := await house.database.read(list_studies, studies[-1]["study_instance_uid"] if studies else "", _PAGE):
        studies += [
            {
                "study_instance_uid": study.study_instance_uid,
                "series": study.number_of_series,
                "instances": study.number_of_instances,
                "stored_by": study.stored_by,
                "first_stored_at": study.first_stored_at.isoformat(timespec="seconds"),
            }
            for study in page
        ]
        progress(len(studies), counts.studies)
    return {
        "studies": studies,
        "counts": {
            "patients": counts.patients,
            "studies": counts.studies,
            "series": counts.series,
            "instances": counts.instances,
            "bytes": counts.stored_bytes,
        },
    }


async def delete(house: House, progress: Progress, *, study_instance_uid: str) -> dict[str, Any]:
    """Destroys a study's key and everything the index knows of it."""
    del progress
    caller = Caller(MACHINE, Door.MACHINE, LOCAL)
    gone = await delete_deed(house.archive, caller, study_instance_uid) if is_uid(study_instance_uid) else None
    if gone is None:
        raise UserFault("there is no such study", "`leadglass studies` lists them all.")
    if isinstance(gone, Refused):
        raise UserFault(f"refused: {gone.reason}", "See `leadglass grant list` for a denial.")
    return {"instances": gone.study.number_of_instances, "volumes_removed": len(gone.volumes)}

"""Deleting a study: its rows go, and its key, so that what remains of it in the volumes is noise for ever."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select

from leadglass.store.index.database import Database
from leadglass.store.index.study_keys import delete_study_key
from leadglass.store.index.tables import (
    collection_studies,
    instances,
    request_attributes,
    series,
    series_metadata,
    studies,
)

__all__ = ["DeletedStudy", "delete_study", "destroy_study"]


@dataclass(frozen=True, slots=True)
class DeletedStudy:
    """What went."""

    study_instance_uid: str
    number_of_instances: int
    stored_bytes: int
    key_destroyed: bool


async def destroy_study(database: Database, study_instance_uid: str) -> DeletedStudy | None:
    """What went, gone durably and beyond recovery, or None if there was neither such a study nor a key for it."""
    deleted = await database.write(delete_study, study_instance_uid)
    if deleted is not None:
        await database.scrub()
    return deleted


def delete_study(conn: Connection, study_instance_uid: str) -> DeletedStudy | None:
    """What went, or None if there was nothing. The caller must `scrub` the database afterwards."""
    key_destroyed = delete_study_key(conn, study_instance_uid)  # first: whoever adds instances holds it first, too
    query = select(studies.c.id).where(studies.c.study_instance_uid == study_instance_uid).with_for_update()
    study_row = conn.execute(query).scalar_one_or_none()
    if study_row is None and not key_destroyed:
        return None
    conn.execute(delete(collection_studies).where(collection_studies.c.study_instance_uid == study_instance_uid))
    mine = select(series.c.id).where(series.c.study_row == study_row)
    measure = select(func.count(), func.coalesce(func.sum(instances.c.length), 0)).where(
        instances.c.series_row.in_(mine)
    )
    number, stored_bytes = conn.execute(measure).one()
    conn.execute(delete(instances).where(instances.c.series_row.in_(mine)))
    conn.execute(delete(series_metadata).where(series_metadata.c.series_row.in_(mine)))
    conn.execute(delete(request_attributes).where(request_attributes.c.series_row.in_(mine)))
    conn.execute(delete(series).where(series.c.study_row == study_row))
    conn.execute(delete(studies).where(studies.c.id == study_row))
    return DeletedStudy(study_instance_uid, int(number), int(stored_bytes), key_destroyed)

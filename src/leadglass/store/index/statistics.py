"""What an administrator may know: counts and UIDs, no names. And the walk that the store check takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from leadglass.store.index.outcomes import Stored
from leadglass.store.index.tables import instances, series, studies, study_keys
from leadglass.store.location import Location

__all__ = ["Counts", "StudyCounts", "count_everything", "list_studies", "walk_instances"]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is."""

    patients: int
    studies: int
    series: int
    instances: int
    stored_bytes: int  # of records in volumes, as encrypted
    study_keys: int


@dataclass(frozen=True, slots=True)
class StudyCounts:
    """How much there is of one study."""

    study_instance_uid: str
    number_of_series: int
    number_of_instances: int
    stored_by: str
    first_stored_at: datetime


def count_everything(conn: Connection) -> Counts:
    """The counts of the whole index. Looks at every row: not for every request."""
    patients = select(studies.c.patient_id, studies.c.issuer_of_patient_id).distinct().subquery()
    [patient_count] = conn.execute(select(func.count()).select_from(patients)).one()
    [study_count] = conn.execute(select(func.count()).select_from(studies)).one()
    [series_count] = conn.execute(select(func.count()).select_from(series)).one()
    [key_count] = conn.execute(select(func.count()).select_from(study_keys)).one()
    sums = select(func.count(), func.coalesce(func.sum(instances.c.length), 0)).select_from(instances)
    instance_count, stored_bytes = conn.execute(sums).one()
    return Counts(patient_count, study_count, series_count, instance_count, int(stored_bytes), key_count)


def list_studies(conn: Connection, after: str = "", limit: int = 500) -> Sequence[StudyCounts]:
    """Up to `limit` studies by StudyInstanceUID, beginning behind `after`."""
    query = (
        select(
            studies.c.study_instance_uid,
            func.count(series.c.id),
            func.coalesce(func.sum(series.c.number_of_instances), 0),
            studies.c.stored_by,
            studies.c.first_stored_at,
        )
        .join_from(studies, series, series.c.study_row == studies.c.id)
        .where(studies.c.study_instance_uid > after)
        .group_by(studies.c.id)
        .order_by(studies.c.study_instance_uid)
        .limit(limit)
    )
    return [StudyCounts(row[0], row[1], int(row[2]), row[3], row[4]) for row in conn.execute(query)]


def walk_instances(conn: Connection, after: str = "", limit: int = 1000) -> Sequence[Stored]:
    """Up to `limit` instances by SOP Instance UID, beginning behind `after`."""
    query = (
        select(
            instances.c.sop_instance_uid,
            instances.c.sop_class_uid,
            instances.c.transfer_syntax_uid,
            studies.c.study_instance_uid,
            series.c.series_instance_uid,
            *(instances.c[name] for name in Location.__slots__),
        )
        .join_from(instances, series, instances.c.series_row == series.c.id)
        .join(studies, series.c.study_row == studies.c.id)
        .where(instances.c.sop_instance_uid > after)
        .order_by(instances.c.sop_instance_uid)
        .limit(limit)
    )
    return [Stored(row[0], row[1], row[2], row[3], row[4], Location(*row[5:])) for row in conn.execute(query)]

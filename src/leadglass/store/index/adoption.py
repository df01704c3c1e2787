"""What recovery indexed does not say who stored it: whoever sends the same bytes again is written down."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from leadglass.store.index.tables import series, studies

__all__ = ["adopt_series"]


def adopt_series(conn: Connection, study_instance_uid: str, series_instance_uid: str, principal_id: str) -> None:
    """Makes `principal_id` the one who stored the series, and its study, where nobody is known to have."""
    study = studies.c.study_instance_uid == study_instance_uid
    mine = select(studies.c.id).where(study).scalar_subquery()
    orphans = (
        update(series).where(series.c.study_row == mine, series.c.series_instance_uid == series_instance_uid),
        update(studies).where(study),
    )
    for orphan in orphans:
        conn.execute(orphan.where(orphan.table.c.stored_by == "").values(stored_by=principal_id))

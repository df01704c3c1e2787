"""Studies that recovery indexed do not say who stored them: whoever sends the same bytes again may be written down."""

from __future__ import annotations

from sqlalchemy import Connection, update

from leadglass.store.index.tables import studies

__all__ = ["adopt_study"]


def adopt_study(conn: Connection, study_instance_uid: str, principal_id: str) -> bool:
    """True if nobody was known to have stored the study, and from now on `principal_id` is."""
    orphan = update(studies).where(studies.c.study_instance_uid == study_instance_uid, studies.c.stored_by == "")
    return conn.execute(orphan.values(stored_by=principal_id)).rowcount == 1

"""What the judge must know of one study."""

from __future__ import annotations

from functools import lru_cache

from sqlalchemy import Connection, Dialect, bindparam, select

from leadglass.store.index.statement import Statement, compiled
from leadglass.store.index.tables import collection_studies, studies
from leadglass.terms.visibility import StudyFacts

__all__ = ["study_facts"]


def study_facts(conn: Connection, study_instance_uid: str) -> StudyFacts | None:
    """The facts of a stored study, or None if no such study is stored."""
    rows = _facts_statement(conn.dialect).rows_of(conn, (study_instance_uid,))
    if not rows:
        return None
    collections = frozenset(row[6] for row in rows if row[6] is not None)
    uid, patient_id, issuer, institution, referring_physician, stored_by, _ = rows[0]
    return StudyFacts(uid, patient_id, issuer, institution, referring_physician, stored_by, collections)


@lru_cache(maxsize=16)
def _facts_statement(dialect: Dialect) -> Statement:
    query = select(
        studies.c.study_instance_uid,
        studies.c.patient_id,
        studies.c.issuer_of_patient_id,
        studies.c.institution_search,
        studies.c.referring_physician_search,
        studies.c.stored_by,
        collection_studies.c.collection,
    ).select_from(
        studies.outerjoin(collection_studies, collection_studies.c.study_instance_uid == studies.c.study_instance_uid)
    )
    return compiled(query.where(studies.c.study_instance_uid == bindparam("study_instance_uid")), dialect)

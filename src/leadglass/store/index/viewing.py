"""One instance about to be looked at: where it lies and what the judge must know, in one go to the database."""

from __future__ import annotations

from sqlalchemy import Connection

from leadglass.store.index.facts import study_facts
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.retrieval import StoredObject, objects_of
from leadglass.terms.visibility import StudyFacts, Visibility

__all__ = ["instance_and_facts"]


def instance_and_facts(
    conn: Connection, study: str, series: str, instance: str, visibility: Visibility
) -> tuple[StoredObject, StudyFacts] | None:
    """The visible instance with this path, and its study's facts; None if there is none."""
    within = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
    found = objects_of(conn, QueryLevel.IMAGE, (instance,), visibility, within)
    facts = study_facts(conn, study) if found else None
    return (found[0], facts) if facts is not None else None

"""Collections: named sets of studies that a grant can speak of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select

from leadglass.store.index.statement import insert_ignoring
from leadglass.store.index.tables import collection_studies, collections

__all__ = [
    "CollectionRow",
    "add_collection",
    "add_to_collection",
    "delete_collection",
    "list_collections",
    "remove_from_collection",
    "studies_of_collection",
]


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """A collection and how many studies it names (stored or not)."""

    name: str
    description: str
    created_at: datetime
    number_of_studies: int


def add_collection(conn: Connection, name: str, description: str, at: datetime) -> bool:
    """True if the collection now exists and is empty; False if the name is taken."""
    if conn.execute(select(collections.c.name).where(collections.c.name == name)).first():
        return False
    conn.execute(insert(collections), {"name": name, "description": description, "created_at": at})
    return True


def add_to_collection(conn: Connection, name: str, study_instance_uids: Collection[str]) -> bool:
    """True if the collection exists and now names these studies too, which need not be stored yet."""
    if not conn.execute(select(collections.c.name).where(collections.c.name == name)).first():
        return False
    rows = [{"collection": name, "study_instance_uid": uid} for uid in study_instance_uids]
    if rows:
        conn.execute(insert_ignoring(conn, collection_studies, ["collection", "study_instance_uid"]), rows)
    return True


def remove_from_collection(conn: Connection, name: str, study_instance_uids: Collection[str]) -> int:
    """How many of these studies the collection named; it names none of them any more."""
    mine = collection_studies.c.collection == name
    listed = collection_studies.c.study_instance_uid.in_(list(study_instance_uids))
    return conn.execute(delete(collection_studies).where(mine, listed)).rowcount


def delete_collection(conn: Connection, name: str) -> bool:
    """True if there was such a collection. Its studies stay; grants on it cover nothing any more."""
    conn.execute(delete(collection_studies).where(collection_studies.c.collection == name))
    return conn.execute(delete(collections).where(collections.c.name == name)).rowcount == 1


def studies_of_collection(conn: Connection, name: str) -> Sequence[str]:
    """The StudyInstanceUIDs the collection names, in order."""
    query = select(collection_studies.c.study_instance_uid).where(collection_studies.c.collection == name)
    return list(conn.execute(query.order_by(collection_studies.c.study_instance_uid)).scalars())


def list_collections(conn: Connection) -> Sequence[CollectionRow]:
    """All collections by name."""
    counted = (
        select(func.count())
        .select_from(collection_studies)
        .where(collection_studies.c.collection == collections.c.name)
        .scalar_subquery()
    )
    query = select(collections.c.name, collections.c.description, collections.c.created_at, counted)
    return [CollectionRow(*row) for row in conn.execute(query.order_by(collections.c.name))]

"""Wrapped study keys: one row per study. Without its row, every object of the study is noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, select, update

from leadglass.store.index.statement import insert_ignoring
from leadglass.store.index.tables import study_keys

__all__ = [
    "StudyKeyRow",
    "add_study_key",
    "delete_study_key",
    "key_by_id",
    "keys_wrapped_by_other_than",
    "replace_wrapped_key",
    "study_key",
]


@dataclass(frozen=True, slots=True)
class StudyKeyRow:
    """A study's data key, wrapped by the master key `master_id`."""

    key_id: bytes
    study_instance_uid: str
    wrapped: bytes = field(repr=False)
    master_id: str


def study_key(conn: Connection, study_instance_uid: str) -> StudyKeyRow | None:
    """The key of a study, or None if it has none yet."""
    row = conn.execute(select(study_keys).where(study_keys.c.study_instance_uid == study_instance_uid)).first()
    return None if row is None else StudyKeyRow(*row)


def key_by_id(conn: Connection, key_id: bytes) -> StudyKeyRow | None:
    """The key a volume record names, or None if it was destroyed."""
    row = conn.execute(select(study_keys).where(study_keys.c.key_id == key_id)).first()
    return None if row is None else StudyKeyRow(*row)


def add_study_key(conn: Connection, key: StudyKeyRow) -> StudyKeyRow:
    """The key the study now has: `key`, or the one that somebody else added first. Write it durably before use."""
    conn.execute(
        insert_ignoring(conn, study_keys, ["study_instance_uid"]),
        {
            "key_id": key.key_id,
            "study_instance_uid": key.study_instance_uid,
            "wrapped": key.wrapped,
            "master_id": key.master_id,
        },
    )
    kept = study_key(conn, key.study_instance_uid)
    assert kept is not None, "just written, or there before"
    return kept


def keys_wrapped_by_other_than(conn: Connection, master_id: str, limit: int = 500) -> Sequence[StudyKeyRow]:
    """Some keys that a rotation to the master key `master_id` has still to wrap anew; empty when it is done."""
    query = select(study_keys).where(study_keys.c.master_id != master_id).limit(limit)
    return [StudyKeyRow(*row) for row in conn.execute(query)]


def replace_wrapped_key(conn: Connection, key: StudyKeyRow) -> bool:
    """True if the key `key.key_id` still existed and is now wrapped as `key` says."""
    query = update(study_keys).where(study_keys.c.key_id == key.key_id)
    return conn.execute(query.values(wrapped=key.wrapped, master_id=key.master_id)).rowcount == 1


def delete_study_key(conn: Connection, study_instance_uid: str) -> bool:
    """True if the study had a key, which is now gone: its objects can never be read again."""
    return conn.execute(delete(study_keys).where(study_keys.c.study_instance_uid == study_instance_uid)).rowcount == 1

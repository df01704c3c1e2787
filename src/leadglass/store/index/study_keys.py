"""Wrapped study keys: one row per study. Without its row, every object of the study is noise."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, delete, select, update

from leadglass.store.index.database import Database
from leadglass.store.index.statement import insert_ignoring
from leadglass.store.index.tables import study_keys
from leadglass.store.keys.study import WrappedKey

__all__ = [
    "add_study_key",
    "delete_study_key",
    "key_by_id",
    "living_key_ids",
    "rewrap_all_keys",
    "rewrap_some_keys",
    "study_key",
]

_COLUMNS = (study_keys.c.key_id, study_keys.c.master_id, study_keys.c.wrapped)


def study_key(conn: Connection, study_instance_uid: str) -> WrappedKey | None:
    """The key of a study, or None if it has none (yet, or any more)."""
    row = conn.execute(select(*_COLUMNS).where(study_keys.c.study_instance_uid == study_instance_uid)).first()
    return None if row is None else WrappedKey(*row)


def key_by_id(conn: Connection, key_id: bytes) -> WrappedKey | None:
    """The key a volume record names, or None if it was destroyed."""
    row = conn.execute(select(*_COLUMNS).where(study_keys.c.key_id == key_id)).first()
    return None if row is None else WrappedKey(*row)


def living_key_ids(conn: Connection) -> frozenset[bytes]:
    """The ids of all keys there are: a record that names none of them is dead."""
    return frozenset(conn.execute(select(study_keys.c.key_id)).scalars())


def add_study_key(conn: Connection, study_instance_uid: str, key: WrappedKey) -> WrappedKey:
    """The key the study now has: `key`, or the one that somebody else added first. Write it durably before use."""
    values = {
        "key_id": key.key_id,
        "study_instance_uid": study_instance_uid,
        "wrapped": key.wrapped,
        "master_id": key.master_id,
    }
    conn.execute(insert_ignoring(conn, study_keys, ["study_instance_uid"]), values)
    kept = study_key(conn, study_instance_uid)
    assert kept is not None, "just written, or there before"
    return kept


def delete_study_key(conn: Connection, study_instance_uid: str) -> bool:
    """True if the study had a key, which is now gone: its objects can never be read again."""
    return conn.execute(delete(study_keys).where(study_keys.c.study_instance_uid == study_instance_uid)).rowcount == 1


# --- rotation of the master key ------------------------------------------------------------------------------


async def rewrap_all_keys(database: Database, master_id: str, rewrap: Callable[[WrappedKey], WrappedKey]) -> int:
    """How many keys were not yet wrapped by the master key `master_id`; all are now, durably, and the old wraps are
    scrubbed away. Every step is a transaction: interrupted, it goes on where it was."""
    total = 0
    while number := await database.write(rewrap_some_keys, master_id, rewrap):
        total += number
    await database.scrub()
    return total


def rewrap_some_keys(
    conn: Connection, master_id: str, rewrap: Callable[[WrappedKey], WrappedKey], limit: int = 500
) -> int:
    """How many keys were wrapped anew in this transaction; 0 when all are wrapped by `master_id`."""
    query = select(*_COLUMNS).where(study_keys.c.master_id != master_id).limit(limit).with_for_update()
    rows = conn.execute(query).all()
    for row in rows:
        new = rewrap(WrappedKey(*row))
        change = update(study_keys).where(study_keys.c.key_id == new.key_id)
        conn.execute(change.values(wrapped=new.wrapped, master_id=new.master_id))
    return len(rows)

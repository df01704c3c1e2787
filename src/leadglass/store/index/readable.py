"""Rows only for records that can be read: while an object is written, its study may be deleted, and its key with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Connection, Dialect, LargeBinary, bindparam, select

from leadglass.store.index.instances import add_instances
from leadglass.store.index.outcomes import AddOutcome, KeyDestroyed, NewInstance
from leadglass.store.index.positions import set_indexed_to
from leadglass.store.index.statement import Statement, compiled
from leadglass.store.index.tables import study_keys

__all__ = ["add_readable_instances"]


def add_readable_instances(
    conn: Connection, batch: Sequence[NewInstance], positions: Mapping[int, int]
) -> Sequence[AddOutcome | KeyDestroyed]:
    """Like `add_instances`, but what was encrypted with a key that is destroyed by now gets no row.

    The keys are held until the transaction ends: a deletion comes wholly before or wholly after it.
    """
    living = _living(conn, {new.location.key_id for new in batch})
    readable = [new for new in batch if new.location.key_id in living]
    added = iter(add_instances(conn, readable) if readable else ())
    set_indexed_to(conn, positions)
    return [next(added) if new.location.key_id in living else KeyDestroyed() for new in batch]


def _living(conn: Connection, key_ids: Iterable[bytes]) -> frozenset[bytes]:
    statement = _holding_statement(conn.dialect)
    return frozenset(key_id for key_id in sorted(key_ids) if statement.rows_of(conn, (key_id,)))


@lru_cache(maxsize=16)
def _holding_statement(dialect: Dialect) -> Statement:
    wanted = study_keys.c.key_id == bindparam("key_id", type_=LargeBinary)
    return compiled(select(study_keys.c.key_id).where(wanted).with_for_update(read=True, key_share=True), dialect)

"""How far each volume is in the index: recovery reads the records behind that point again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from sqlalchemy import Connection, Dialect, bindparam, case, select

from leadglass.store.index.statement import Statement, compiled, insert_for
from leadglass.store.index.tables import volume_positions

__all__ = ["indexed_to", "set_indexed_to"]


def indexed_to(conn: Connection) -> Mapping[int, int]:
    """For each volume, the offset before which every record is in the index (or was found to be a duplicate)."""
    return {row.volume: row.indexed_to for row in conn.execute(select(volume_positions))}


def set_indexed_to(conn: Connection, positions: Mapping[int, int]) -> None:
    """Moves each volume's position forward to the offset given; a position never moves back."""
    statement = _set_statement(conn.dialect)
    for volume in sorted(positions):
        statement.rows_of(conn, (volume, positions[volume]))


@lru_cache(maxsize=16)
def _set_statement(dialect: Dialect) -> Statement:
    old = volume_positions.c.indexed_to
    query = insert_for(dialect, volume_positions)
    query = query.values(volume=bindparam("volume"), indexed_to=bindparam("indexed_to"))
    new = query.excluded.indexed_to
    further = case((old > new, old), else_=new)
    query = query.on_conflict_do_update(index_elements=["volume"], set_={"indexed_to": further})
    return compiled(query.returning(old), dialect)

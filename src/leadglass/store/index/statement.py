"""Statements that are built once and run many times.

SQLAlchemy Core writes the SQL; on the hot paths its per-call work would cost more than the database's, so a statement
is compiled once per database and then handed to the driver as text. `lru_cache` around the builders keeps them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Dialect, String, Table, any_, bindparam, column, func, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.compiler import SQLCompiler

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
    from sqlalchemy.sql.expression import ClauseElement

__all__ = ["Statement", "compiled", "insert_for", "insert_ignoring", "is_any_of", "list_value"]


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL text in the driver's own style, the names of its parameters in the order the text wants them, and the values
    of those that never vary."""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    def rows(self, conn: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """The rows answered, as plain sequences, with `values` (raw, in the driver's types) in place of the names."""
        if self.constants:
            values = {**self.constants, **values}
        return self.rows_of(conn, tuple([values[name] for name in self.names]))

    def rows_of(self, conn: Connection, values: tuple[Any, ...]) -> Sequence[Sequence[Any]]:
        """The same, with all values already in order.

        On SQLite the driver is asked directly, within the transaction that `conn` has begun: SQLAlchemy's share would
        be several times the statement's. The errors are then the driver's own.
        """
        if conn.dialect.name == "sqlite":
            rows: Sequence[Sequence[Any]] = conn.connection.cursor().execute(self.sql, values).fetchall()
            return rows
        return conn.exec_driver_sql(self.sql, values).fetchall()


def compiled(statement: ClauseElement, dialect: Dialect) -> Statement:
    """`statement` for one database. What varies in it is named by `bindparam`; literals become constants."""
    text = statement.compile(dialect=dialect)
    assert isinstance(text, SQLCompiler)
    constants = {name: bind.value for name, bind in text.binds.items() if not bind.required}
    return Statement(str(text), tuple(text.positiontup or ()), constants)


def insert_for(dialect: Dialect, table: Table) -> SqliteInsert | PostgresqlInsert:
    """An INSERT into `table` that knows ON CONFLICT, which both databases write alike."""
    return sqlite_insert(table) if dialect.name == "sqlite" else postgresql_insert(table)


def insert_ignoring(conn: Connection, table: Table, unique: Sequence[str]) -> SqliteInsert | PostgresqlInsert:
    """An INSERT into `table` that passes over rows already there by the columns `unique`."""
    return insert_for(conn.dialect, table).on_conflict_do_nothing(index_elements=list(unique))


def is_any_of(dialect: Dialect, left: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """`left` equals one of the texts in the single parameter `name` (see `list_value`): 1 or 10,000, same SQL."""
    if dialect.name == "sqlite":
        return left.in_(select(column("value")).select_from(func.json_each(bindparam(name, type_=String))))
    return left == any_(bindparam(name, type_=ARRAY(String)))


def list_value(dialect: Dialect, values: Iterable[str]) -> object:
    """`values` as the parameter that `is_any_of` expects."""
    return json.dumps(list(values)) if dialect.name == "sqlite" else list(values)

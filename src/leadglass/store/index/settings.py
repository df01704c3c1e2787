"""Facts about this installation that must travel with its database: names and short texts."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from leadglass.store.index.tables import settings

__all__ = ["get_setting", "put_setting"]


def get_setting(conn: Connection, name: str) -> str | None:
    """The value kept under `name`, or None."""
    return conn.execute(select(settings.c.value).where(settings.c.name == name)).scalar_one_or_none()


def put_setting(conn: Connection, name: str, value: str) -> None:
    """Keeps `value` under `name` from now on."""
    conn.execute(delete(settings).where(settings.c.name == name))
    conn.execute(insert(settings), {"name": name, "value": value})

"""The database's tables brought up to date, by the migrations inside this package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, column, inspect, select, table, text

from leadglass.terms.errors import UserFault

__all__ = ["HEAD", "bring_up_to_date", "schema_version"]

HEAD: Final = "0001"
"""The latest migration; a test holds it to what is in the folder. Known here, so that a start needs no Alembic."""

_MIGRATIONS: Final = Path(__file__).parent / "migrations"
_ANY_NUMBER: Final = 0x1EAD61A55
"""Names the lock under which only one node at a time migrates a PostgreSQL database."""


def schema_version(conn: Connection) -> str | None:
    """The migration the database is at, or None if it is empty."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    return conn.execute(select(column("version_num")).select_from(table("alembic_version"))).scalar_one_or_none()


def bring_up_to_date(conn: Connection) -> None:
    """Runs the migrations that are missing, within the transaction of `conn`.

    UserFault if the database was made by a newer Leadglass.
    """
    if conn.dialect.name == "postgresql":
        conn.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ANY_NUMBER})
    version = schema_version(conn)
    if version != HEAD:
        _migrate(conn, version)


def _migrate(conn: Connection, version: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise UserFault(
            f"the database is at schema {version}, and this program knows only up to {HEAD}: a newer one made it",
            "install the newer Leadglass again, or restore the backup taken before the upgrade",
        )
    config.attributes["connection"] = conn
    command.upgrade(config, "head")

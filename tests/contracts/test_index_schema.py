"""Migrations make exactly the tables the program works with, and know a database from the future."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from helpers.index_world import new
from leadglass.store.index import migrations
from leadglass.store.index.database import Database
from leadglass.store.index.instances import add_instances, known_instances
from leadglass.store.index.schema import HEAD, bring_up_to_date, schema_version
from leadglass.store.index.tables import metadata
from leadglass.terms.errors import UserFault


def _differences(conn: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(conn, opts={"compare_type": True}), metadata))


async def test_migrated_tables_are_the_tables(database: Database) -> None:
    assert await database.write(_differences) == []
    assert await database.read(schema_version) == HEAD


def test_head_is_the_latest_migration() -> None:
    folder = Path(migrations.__file__).parent
    assert ScriptDirectory(str(folder)).get_heads() == [HEAD]


async def test_a_database_of_a_newer_program_is_left_alone(database: Database) -> None:
    def from_the_future(conn: Connection) -> None:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    await database.write(from_the_future)
    with pytest.raises(UserFault, match="newer") as caught:
        await database.write(bring_up_to_date)
    assert "install the newer Leadglass" in caught.value.advice


async def test_bringing_up_to_date_twice_changes_nothing(database: Database) -> None:
    await database.write(add_instances, [new()])
    await database.write(bring_up_to_date)
    assert list(await database.read(known_instances, ["1.2.1.1.1"])) == ["1.2.1.1.1"]

"""The index's two databases, fresh for each test that asks for `database`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from helpers.postgres import postgres_cluster
from leadglass.store.index.database import Database
from leadglass.store.index.postgres import PostgresDatabase
from leadglass.store.index.sqlcipher import SqlcipherDatabase


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_cluster() as url:
        yield url


def _empty(conn: Connection) -> None:
    conn.execute(text("DROP SCHEMA public CASCADE"))
    conn.execute(text("CREATE SCHEMA public"))


async def _fresh_postgres(url: str) -> PostgresDatabase:
    database = await PostgresDatabase.open(url)
    await database.write(_empty)
    await database.close()
    return await PostgresDatabase.open(url)


@pytest.fixture(params=["sqlcipher", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlcipher":
        opened: Database = await SqlcipherDatabase.open(tmp_path / "index.db", b"K" * 32)
    else:
        opened = await _fresh_postgres(request.getfixturevalue("postgres_url"))
    yield opened
    await opened.close()

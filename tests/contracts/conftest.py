"""The index's two databases, for each test that asks for `database` a copy of one that was made once."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Coroutine, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from helpers.postgres import postgres_cluster
from leadglass.store.index.database import Database
from leadglass.store.index.postgres import PostgresDatabase
from leadglass.store.index.sqlcipher import SqlcipherDatabase

KEY = b"K" * 32


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Of a server whose database `made` has the tables and no rows."""
    with postgres_cluster() as url:
        asyncio.run(_run_sql(url, "CREATE DATABASE made"))
        asyncio.run(_make(PostgresDatabase.open(_in(url, "made"))))
        yield url


@pytest.fixture(scope="session")
def sqlcipher_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has the tables and no rows."""
    file = tmp_path_factory.mktemp("made") / "index.db"
    asyncio.run(_make(SqlcipherDatabase.open(file, KEY)))
    return file


async def _make(opening: Coroutine[object, object, Database]) -> None:
    await (await opening).close()


def _in(url: str, database: str) -> str:
    return url.replace("/postgres?", f"/{database}?")


async def _run_sql(url: str, *statements: str) -> None:
    engine = create_async_engine(url.replace("postgresql", "postgresql+asyncpg", 1), isolation_level="AUTOCOMMIT")
    async with engine.connect() as conn:
        for statement in statements:
            await conn.execute(text(statement))
    await engine.dispose()


@pytest.fixture(params=["sqlcipher", pytest.param("postgres", marks=pytest.mark.postgres)])
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Coroutine[object, object, Database]:
    """What opens a database of the test's own."""
    if request.param == "sqlcipher":
        return SqlcipherDatabase.open(Path(shutil.copy(request.getfixturevalue("sqlcipher_file"), tmp_path)), KEY)
    url = request.getfixturevalue("postgres_url")
    copy = "CREATE DATABASE one TEMPLATE made"
    asyncio.run(_run_sql(url, "DROP DATABASE IF EXISTS one", copy))
    return PostgresDatabase.open(_in(url, "one"))


@pytest.fixture
async def database(opening: Coroutine[object, object, Database]) -> AsyncIterator[Database]:
    opened = await opening
    yield opened
    await opened.close()

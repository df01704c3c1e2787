"""The index's two databases, fresh for each test that asks for `database`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from helpers.postgres import postgres_cluster
from leadglass.store.index.database import Database
from leadglass.store.index.postgres import PostgresDatabase
from leadglass.store.index.sqlcipher import SqlcipherDatabase


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_cluster() as url:
        yield url


async def _fresh_postgres(url: str) -> PostgresDatabase:
    engine = create_async_engine(url.replace("postgresql", "postgresql+asyncpg", 1))
    async with engine.begin() as conn:
        await conn.execute(text("DROP SCHEMA public CASCADE"))
        await conn.execute(text("CREATE SCHEMA public"))
    await engine.dispose()
    return await PostgresDatabase.open(url)


@pytest.fixture(params=["sqlcipher", pytest.param("postgres", marks=pytest.mark.postgres)])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlcipher":
        opened: Database = await SqlcipherDatabase.open(tmp_path / "index.db", b"K" * 32)
    else:
        opened = await _fresh_postgres(request.getfixturevalue("postgres_url"))
    yield opened
    await opened.close()

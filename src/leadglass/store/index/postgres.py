"""The shared database of many nodes: PostgreSQL through asyncpg, running the same synchronous functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Self, TypeVar, TypeVarTuple

from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from leadglass.store.index.faults import fault_of, is_worth_another_try
from leadglass.store.index.schema import bring_up_to_date
from leadglass.terms.errors import UserFault

__all__ = ["PostgresDatabase"]

Args = TypeVarTuple("Args")
T = TypeVar("T")

_TRIES: Final = 5
"""How often a write that lost to another node (deadlock, serialisation) is run anew."""
_CONNECTIONS: Final = 8


class PostgresDatabase:
    """A Database on a PostgreSQL server."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Use `open`."""
        self._writing = engine
        self._reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @classmethod
    async def open(cls, url: str) -> Self:
        """The database at `url` (postgresql://…), its tables brought up to date.

        UserFault if it cannot be reached, or was made by a newer program. The database must have the encoding UTF8.
        """
        engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"),
            isolation_level="READ COMMITTED",
            pool_size=_CONNECTIONS,
            max_overflow=0,
            hide_parameters=True,
        )
        database = cls(engine)
        try:
            await database.write(_prepare)
        except (OSError, SQLAlchemyError) as error:
            await database.close()
            raise UserFault(
                f"the PostgreSQL database cannot be opened: {type(error).__name__}",
                "check host, port, database name, user and password of the database setting",
            ) from None
        except BaseException:
            await database.close()
            raise
        return database

    async def read(self, fn: Callable[[Connection, *Args], T], *args: *Args) -> T:
        try:
            async with self._reading.connect() as conn:
                return await conn.run_sync(fn, *args)
        except SQLAlchemyError as error:
            raise fault_of(error) from None

    async def write(self, fn: Callable[[Connection, *Args], T], *args: *Args, durable: bool = True) -> T:
        for last_try in range(1, _TRIES + 1):
            try:
                async with self._writing.begin() as conn:
                    if not durable:
                        await conn.exec_driver_sql("SET LOCAL synchronous_commit = off")
                    return await conn.run_sync(fn, *args)
            except SQLAlchemyError as error:
                if last_try == _TRIES or not is_worth_another_try(error):
                    raise fault_of(error) from None
        raise AssertionError("the last try returns or raises")

    async def scrub(self) -> None:
        """Gives the space of deleted rows free to be overwritten. PostgreSQL cannot promise when that happens, nor what
        its log and backups still hold: there, deleted study keys stay wrapped by the master key and by nothing else."""
        try:
            async with self._writing.execution_options(isolation_level="AUTOCOMMIT").connect() as conn:
                tables = "study_keys, studies, series, series_metadata, instances, request_attributes"
                await conn.execute(text(f"VACUUM {tables}"))
        except SQLAlchemyError as error:
            raise fault_of(error) from None

    async def close(self) -> None:
        await self._writing.dispose()


def _prepare(conn: Connection) -> None:
    encoding = conn.execute(text("SHOW server_encoding")).scalar_one()
    if encoding != "UTF8":
        raise UserFault(
            f"the PostgreSQL database has the encoding {encoding}, which cannot hold every name",
            "create it with ENCODING 'UTF8' TEMPLATE template0",
        )
    bring_up_to_date(conn)

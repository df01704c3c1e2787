"""The port `Database`: what holds of both."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import Connection, text

from leadglass.store.index.database import Database
from leadglass.store.index.settings import get_setting, put_setting
from leadglass.terms.errors import StorageFault


async def test_writes_are_seen_by_reads(database: Database) -> None:
    await database.write(put_setting, "a", "1")
    await database.write(put_setting, "b", "2", durable=False)
    assert await database.read(get_setting, "a") == "1"
    assert await database.read(get_setting, "b") == "2"
    assert await database.read(get_setting, "c") is None


async def test_an_error_of_the_function_keeps_nothing_and_reaches_the_caller(database: Database) -> None:
    def half(conn: Connection) -> None:
        put_setting(conn, "half", "done")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(half)
    assert await database.read(get_setting, "half") is None


async def test_a_failing_database_is_a_storage_fault_without_values(database: Database) -> None:
    def nonsense(conn: Connection) -> None:
        conn.execute(text("INSERT INTO nowhere VALUES (:secret)"), {"secret": "DOE^JANE"})

    with pytest.raises(StorageFault) as caught:
        await database.write(nonsense)
    assert "DOE" not in repr(caught.value)
    assert caught.value.__cause__ is None
    await database.write(put_setting, "still", "alive")
    assert await database.read(get_setting, "still") == "alive"


async def test_calls_made_together_suffer_only_for_themselves(database: Database) -> None:
    def refuse(conn: Connection, name: str) -> None:
        put_setting(conn, name, "never")
        raise KeyError(name)

    def nonsense(conn: Connection) -> None:
        conn.execute(text("SELECT * FROM nowhere"))

    calls = [database.write(put_setting, f"n{n}", str(n)) for n in range(10)]
    outcomes = await asyncio.gather(
        *calls[:5], database.write(refuse, "r"), database.write(nonsense), *calls[5:], return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes if outcome is not None] == [KeyError, StorageFault]
    assert [await database.read(get_setting, f"n{n}") for n in range(10)] == [str(n) for n in range(10)]
    assert await database.read(get_setting, "r") is None


async def test_reads_do_not_write(database: Database) -> None:
    with pytest.raises(StorageFault):
        await database.read(put_setting, "sneaky", "1")
    assert await database.read(get_setting, "sneaky") is None


async def test_a_cancelled_caller_harms_nobody(database: Database) -> None:
    task = asyncio.ensure_future(database.write(put_setting, "x", "1"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await database.write(put_setting, "y", "2")
    assert await database.read(get_setting, "y") == "2"


async def test_closing_twice_is_fine(database: Database) -> None:
    await database.close()
    await database.close()

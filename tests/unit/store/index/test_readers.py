"""Readers: several threads share the calls, and a failure is the failing call's own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from leadglass.store.index.readers import Readers
from leadglass.store.index.sqlcipher import _engine
from leadglass.terms.errors import LocalViolation, StorageFault


def double(conn: Connection, number: int) -> int:
    return int(conn.exec_driver_sql("SELECT 2 * ?", (number,)).scalar_one())


def divide(conn: Connection) -> float:
    assert conn is not None
    return 1 / 0


def fail(conn: Connection) -> None:
    assert conn is not None
    raise OperationalError("SELECT", {"patient": "DOE"}, Exception())


async def test_each_call_gets_its_own_answer_and_failures_harm_nobody(tmp_path: Path) -> None:
    engine = _engine(tmp_path / "index.db", b"k" * 32, (), "BEGIN")
    readers = Readers([engine.connect(), engine.connect()])
    assert await asyncio.gather(*(readers.call(double, (n,)) for n in range(20))) == [2 * n for n in range(20)]
    with pytest.raises(ZeroDivisionError):
        await readers.call(divide, ())
    with pytest.raises(StorageFault) as told:
        await readers.call(fail, ())
    assert "DOE" not in str(told.value)
    assert await readers.call(double, (21,)) == 42
    await readers.close()
    with pytest.raises(LocalViolation):
        await readers.call(double, (1,))
    await readers.close()

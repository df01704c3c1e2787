"""The writer's thread: answered soon, committed soon, seen by whoever settles first, and done again after a failure."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from leadglass.store.index.sqlcipher import _engine
from leadglass.store.index.writer import _MOST_UNCOMMITTED, Writer
from leadglass.terms.errors import LocalViolation, OutOfSpace, StorageFault


class Full(Exception):
    sqlite_errorname = "SQLITE_FULL"


class Bench:
    """A writer on a real encrypted database, a second connection that looks, and a tap that can be closed."""

    def __init__(self, engine: Engine, looking: Engine) -> None:
        self.looking = looking
        with engine.connect() as conn, conn.begin():
            conn.execute(text("CREATE TABLE words (word TEXT)"))
        self.commits = 0
        self.failures = 0  # commits that are still to fail
        event.listen(engine, "commit", self._committing)
        self.writer = Writer(engine.connect())

    def _committing(self, conn: Connection) -> None:
        if self.failures:
            self.failures -= 1
            raise OperationalError("COMMIT", {}, Full())
        self.commits += 1

    def seen(self) -> list[str]:
        """What another connection sees."""
        with self.looking.connect() as conn:
            return [row[0] for row in conn.exec_driver_sql("SELECT word FROM words ORDER BY rowid")]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    path, key = tmp_path / "index.db", b"k" * 32
    engine = _engine(path, key, ("journal_mode = WAL", "busy_timeout = 5000"), "BEGIN IMMEDIATE")
    yield Bench(engine, _engine(path, key, (), "BEGIN"))
    engine.dispose()


def put(conn: Connection, word: str) -> str:
    conn.execute(text("INSERT INTO words VALUES (:word)"), {"word": word})
    return word


def put_and_give_up(conn: Connection, word: str) -> None:
    put(conn, word)
    raise ArithmeticError("on purpose")


def fill_disk(conn: Connection, word: str) -> None:
    put(conn, word)
    raise OperationalError("INSERT", {"patient": "DOE"}, Full())


def wait_for(conn: Connection, gate: threading.Event) -> None:
    assert conn is not None
    assert gate.wait(10)


async def test_an_answer_comes_before_the_commit_and_settling_makes_it_seen(bench: Bench) -> None:
    assert await bench.writer.call(put, ("a",), durable=False) == "a"
    assert bench.commits == 0
    await bench.writer.settle()
    assert bench.seen() == ["a"]
    assert bench.commits == 1
    await bench.writer.settle()  # nothing to wait for: nothing is committed
    assert bench.commits == 1
    await bench.writer.close()


async def test_what_nobody_waits_for_is_committed_all_the_same(bench: Bench) -> None:
    await bench.writer.call(put, ("a",), durable=False)
    async with asyncio.timeout(10):
        while bench.seen() != ["a"]:  # noqa: ASYNC110 - nobody tells, that is the point
            await asyncio.sleep(0.005)
    await bench.writer.close()


async def test_so_many_are_owed_and_no_more(bench: Bench) -> None:
    calls = [bench.writer.call(put, (str(n),), durable=False) for n in range(_MOST_UNCOMMITTED + 1)]
    await asyncio.gather(*calls)
    assert bench.commits >= 1
    await bench.writer.close()
    assert len(bench.seen()) == _MOST_UNCOMMITTED + 1


async def test_a_durable_call_takes_what_is_owed_along(bench: Bench) -> None:
    await bench.writer.call(put, ("a",), durable=False)
    await bench.writer.call(put, ("b",), durable=True)
    assert bench.seen() == ["a", "b"]
    await bench.writer.close()


async def test_durable_calls_that_wait_share_a_commit(bench: Bench) -> None:
    gate = threading.Event()
    first = asyncio.ensure_future(bench.writer.call(wait_for, (gate,), durable=True))
    rest = [asyncio.ensure_future(bench.writer.call(put, (str(n),), durable=True)) for n in range(40)]
    await asyncio.sleep(0)
    gate.set()
    assert await asyncio.gather(*rest) == [str(n) for n in range(40)]
    await first
    assert bench.commits <= 2
    await bench.writer.close()


@pytest.mark.parametrize("durable", [True, False])
async def test_an_error_raised_on_purpose_undoes_its_own_call_alone(bench: Bench, durable: bool) -> None:
    await bench.writer.call(put, ("a",), durable=durable)
    with pytest.raises(ArithmeticError):
        await bench.writer.call(put_and_give_up, ("b",), durable=durable)
    await bench.writer.call(put, ("c",), durable=durable)
    await bench.writer.settle()
    assert bench.seen() == ["a", "c"]
    await bench.writer.close()


@pytest.mark.parametrize("durable", [True, False])
async def test_a_failing_database_fails_one_call_and_what_was_answered_stands(bench: Bench, durable: bool) -> None:
    await bench.writer.call(put, ("a",), durable=False)
    with pytest.raises(OutOfSpace) as told:
        await bench.writer.call(fill_disk, ("b",), durable=durable)
    assert "DOE" not in str(told.value)
    await bench.writer.call(put, ("c",), durable=False)
    await bench.writer.settle()
    assert bench.seen() == ["a", "c"]
    await bench.writer.close()


async def test_of_durable_calls_that_share_a_transaction_only_the_guilty_fails(bench: Bench) -> None:
    gate = threading.Event()
    first = asyncio.ensure_future(bench.writer.call(wait_for, (gate,), durable=True))
    calls = [(put, "a"), (fill_disk, "b"), (put, "c")]
    rest = [asyncio.ensure_future(bench.writer.call(fn, (word,), durable=True)) for fn, word in calls]
    await asyncio.sleep(0)
    gate.set()
    outcomes = await asyncio.gather(first, *rest, return_exceptions=True)
    assert [outcomes[1], outcomes[3]] == ["a", "c"]
    assert isinstance(outcomes[2], OutOfSpace)
    assert bench.seen() == ["a", "c"]
    await bench.writer.close()


async def test_a_commit_that_fails_is_owed_until_it_succeeds(bench: Bench) -> None:
    await bench.writer.call(put, ("a",), durable=False)
    bench.failures = 2
    with pytest.raises(StorageFault):
        await bench.writer.settle()
    with pytest.raises(StorageFault):  # nothing durable is promised over it
        await bench.writer.call(put, ("b",), durable=True)
    await bench.writer.call(put, ("c",), durable=False)
    await bench.writer.settle()
    assert bench.seen() == ["a", "c"]
    await bench.writer.close()


async def test_closing_commits_what_is_owed_and_takes_no_more(bench: Bench) -> None:
    calls = [asyncio.ensure_future(bench.writer.call(put, (str(n),), durable=n % 2 == 0)) for n in range(20)]
    await asyncio.sleep(0)
    await bench.writer.close()
    assert await asyncio.gather(*calls) == [str(n) for n in range(20)]
    assert len(bench.seen()) == 20
    with pytest.raises(LocalViolation):
        await bench.writer.call(put, ("late",), durable=True)
    await bench.writer.close()


async def test_a_cancelled_call_still_runs_and_disturbs_nobody(bench: Bench) -> None:
    first = asyncio.ensure_future(bench.writer.call(fill_disk, ("a",), durable=True))
    second = asyncio.ensure_future(bench.writer.call(put, ("b",), durable=True))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "b"
    with pytest.raises(asyncio.CancelledError):
        await first
    await bench.writer.close()

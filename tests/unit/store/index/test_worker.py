"""The writer's thread: calls share a commit, suffer only for themselves, and are answered whatever happens."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from leadglass.store.index.session import Outcome
from leadglass.store.index.worker import MAX_SHARED_COMMIT, Workers
from leadglass.terms.errors import LocalViolation, OutOfSpace, StorageFault


class _Full(Exception):
    sqlite_errorname = "SQLITE_FULL"


class RecordingSession:
    """Runs functions without a database; whichever of its `failing` functions is called fails the transaction."""

    def __init__(self) -> None:
        self.transactions: list[tuple[int, bool]] = []
        self.closed = False
        self.gate = threading.Event()

    def run(self, calls: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]], *, durable: bool) -> Sequence[Outcome]:
        self.gate.wait(10)
        self.transactions.append((len(calls), durable))
        return [_outcome(fn, args) for fn, args in calls]

    def close(self) -> None:
        self.closed = True


def _outcome(fn: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    try:
        return fn(None, *args), None
    except ArithmeticError as error:
        return None, error


def _fill_disk(_: object) -> None:
    raise OperationalError("INSERT", {"patient": "DOE"}, _Full())


def _return(_: object, value: int) -> int:
    return value


def _divide(_: object) -> float:
    return 1 / 0


async def _waiting(workers: Workers, *calls: tuple[Any, ...], durable: bool = False) -> list[asyncio.Task[Any]]:
    tasks = [asyncio.ensure_future(workers.call(fn, args, durable=durable)) for fn, *args in calls]  # type: ignore[arg-type]
    await asyncio.sleep(0)
    return tasks


@pytest.fixture
def session() -> RecordingSession:
    return RecordingSession()


async def test_what_waits_goes_together_up_to_a_limit(session: RecordingSession) -> None:
    workers = Workers("test", [session], together=MAX_SHARED_COMMIT)  # type: ignore[list-item]
    calls = await _waiting(workers, *((_return, n) for n in range(200)))
    session.gate.set()
    assert await asyncio.gather(*calls) == list(range(200))
    sizes = [size for size, _ in session.transactions]
    assert sum(sizes) == 200
    assert max(sizes) == MAX_SHARED_COMMIT
    await workers.close()
    assert session.closed


async def test_a_commit_is_durable_if_any_of_its_calls_must_be(session: RecordingSession) -> None:
    workers = Workers("test", [session], together=8)  # type: ignore[list-item]
    [first] = await _waiting(workers, (_return, 0))
    calls = await _waiting(workers, (_return, 1))
    calls += await _waiting(workers, (_return, 2), durable=True)
    session.gate.set()
    await asyncio.gather(first, *calls)
    assert session.transactions[-1][1] is True
    await workers.close()


async def test_a_failing_database_fails_only_the_call_that_made_it_fail(session: RecordingSession) -> None:
    workers = Workers("test", [session], together=8)  # type: ignore[list-item]
    calls = await _waiting(workers, (_return, 0), (_return, 1), (_fill_disk,), (_divide,), (_return, 2))
    session.gate.set()
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert [outcomes[0], outcomes[1], outcomes[4]] == [0, 1, 2]
    assert isinstance(outcomes[2], OutOfSpace)
    assert "DOE" not in str(outcomes[2])
    assert isinstance(outcomes[3], ZeroDivisionError)
    await workers.close()


async def test_closing_finishes_what_was_asked_and_takes_no_more(session: RecordingSession) -> None:
    workers = Workers("test", [session], together=8)  # type: ignore[list-item]
    calls = await _waiting(workers, *((_return, n) for n in range(20)))
    session.gate.set()
    await workers.close()
    assert await asyncio.gather(*calls) == list(range(20))
    with pytest.raises(LocalViolation):
        await workers.call(_return, (1,), durable=False)
    await workers.close()


async def test_several_threads_share_the_queue() -> None:
    sessions = [RecordingSession(), RecordingSession()]
    workers = Workers("test", sessions)  # type: ignore[arg-type]
    calls = await _waiting(workers, *((_return, n) for n in range(10)))
    for session in sessions:
        session.gate.set()
    assert await asyncio.gather(*calls) == list(range(10))
    await workers.close()
    assert [session.closed for session in sessions] == [True, True]
    assert {size for session in sessions for size, _ in session.transactions} == {1}


async def test_a_cancelled_call_still_runs_and_disturbs_nobody(session: RecordingSession) -> None:
    workers = Workers("test", [session], together=8)  # type: ignore[list-item]
    first, second = await _waiting(workers, (_fill_disk,), (_return, 2))
    first.cancel()
    session.gate.set()
    assert await second == 2
    with pytest.raises(asyncio.CancelledError):
        await first
    with pytest.raises(StorageFault):
        await workers.call(_fill_disk, (), durable=False)
    await workers.close()

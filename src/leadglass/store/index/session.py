"""One SQLCipher connection as its thread uses it: transactions, savepoints, and how durable a commit is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection

from leadglass.store.index.faults import DATABASE_ERRORS

__all__ = ["Outcome", "Session"]

Outcome = tuple[Any, Exception | None]
"""What a function answered, or the error it raised on purpose."""


class Session:
    """Runs functions on one connection. Belongs to one thread at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._durable: bool | None = None

    def run(self, calls: Sequence[tuple[Callable[..., Any], tuple[Any, ...]]], *, durable: bool) -> Sequence[Outcome]:
        """The outcome of each function, all committed in one transaction except those that raised.

        One of DATABASE_ERRORS if the database failed: then nothing of any of them is kept.
        """
        self._set_durable(durable)
        conn = self._connection
        try:
            conn.begin()
            if len(calls) == 1:
                outcomes = [_outcome(conn, *calls[0])]
            else:
                outcomes = [_outcome_in_savepoint(conn, *call) for call in calls]
            if len(calls) == 1 and outcomes[0][1] is not None:
                conn.rollback()
            else:
                conn.commit()
        except BaseException:
            conn.rollback()
            raise
        return outcomes

    def close(self) -> None:
        """Closes the connection; the last one to close folds the write-ahead log into the database."""
        self._connection.close()

    def _set_durable(self, durable: bool) -> None:
        """FULL fsyncs the log at each commit; NORMAL only at checkpoints, and no killed process can undo it either."""
        if durable is not self._durable:
            driver = self._connection.connection.driver_connection
            assert driver is not None
            driver.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
            self._durable = durable


def _outcome(conn: Connection, fn: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    try:
        return fn(conn, *args), None
    except DATABASE_ERRORS:
        raise
    except Exception as error:  # raised on purpose, or a bug: the caller's, in either case
        return None, error


def _outcome_in_savepoint(conn: Connection, fn: Callable[..., Any], args: tuple[Any, ...]) -> Outcome:
    conn.exec_driver_sql("SAVEPOINT call")
    outcome = _outcome(conn, fn, args)
    if outcome[1] is not None:
        conn.exec_driver_sql("ROLLBACK TO call")
    conn.exec_driver_sql("RELEASE call")
    return outcome

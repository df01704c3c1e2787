"""The port: how the rest of the house runs index functions on a database.

An index function is written once, synchronously, as `fn(conn: sqlalchemy.Connection, *args) -> T`, and runs on
SQLCipher in a thread of its own and on PostgreSQL over asyncpg. It must not keep `conn`, must not commit, and may
be run again from the start if the database asks for it (a serialisation failure), so it has no other effect.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar, TypeVarTuple

from sqlalchemy import Connection

__all__ = ["Database"]

Args = TypeVarTuple("Args")
T = TypeVar("T")


class Database(Protocol):
    """What both databases can do. Legal errors: StorageFault (OutOfSpace when the disk is full), and whatever `fn`
    raises on purpose; after any error nothing of that call is kept."""

    async def read(self, fn: Callable[[Connection, *Args], T], *args: *Args) -> T:
        """The answer of `fn` on one consistent snapshot. `fn` must not write."""
        ...

    async def write(self, fn: Callable[[Connection, *Args], T], *args: *Args, durable: bool = True) -> T:
        """The answer of `fn`, committed: if `durable`, it survives a power cut once this returns.

        With `durable=False` it is committed soon: every reading that begins later sees it, and a crash may undo the
        latest such writes, in order: only for what recovery finds again in the journal. A later durable write makes
        the earlier ones durable too.
        """
        ...

    async def scrub(self) -> None:
        """Makes the remains of deleted rows unreadable, as far as the database can. Called after a deletion."""
        ...

    async def close(self) -> None:
        """Finishes what was begun and lets go of the database. Idempotent; must be awaited before the loop ends."""
        ...

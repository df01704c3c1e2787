"""The embedded database: SQLCipher, with a writer thread and a few reader threads in write-ahead mode.

Another process (the command line beside a running server) may read and write at the same time: each write transaction
takes the lock when it begins and waits for it if it must.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, Self, TypeVar, TypeVarTuple

import sqlcipher3.dbapi2 as driver
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from leadglass.store.index.faults import DATABASE_ERRORS, fault_of
from leadglass.store.index.readers import Readers
from leadglass.store.index.schema import bring_up_to_date
from leadglass.store.index.writer import Writer
from leadglass.terms.errors import OutOfSpace, StorageFault, UserFault

__all__ = ["SqlcipherDatabase"]

Args = TypeVarTuple("Args")
T = TypeVar("T")

_OLDEST_SQLITE: Final = (3, 51, 3)
"""Before it, two connections that write or checkpoint at the same moment could corrupt a database in WAL mode."""
_READERS: Final = 2
_BUSY_SECONDS: Final = 20
"""How long a write waits for another process to finish its own."""
_PRAGMAS: Final = (
    "cipher_memory_security = OFF",  # locking and wiping every page in memory halves the speed
    "journal_mode = WAL",
    "mmap_size = 0",  # pages must be decrypted into memory of our own in any case
    "foreign_keys = ON",
    "secure_delete = ON",
    "cache_size = -32768",  # KiB, filled as needed
    "wal_autocheckpoint = 2000",
    f"busy_timeout = {_BUSY_SECONDS * 1000}",
)


class SqlcipherDatabase:
    """A Database in one encrypted file (and its -wal and -shm beside it)."""

    def __init__(self, engine: Engine, writer: Writer, readers: Readers) -> None:
        """Use `open`."""
        self._engine = engine
        self._writer = writer
        self._readers = readers

    @classmethod
    async def open(cls, path: Path, key: bytes) -> Self:
        """The database at `path`, made if there is none, its tables brought up to date.

        `key` is the raw 32-byte key. UserFault for a wrong key, a database newer than this program, or an SQLite too
        old; StorageFault if the disk refuses.
        """
        if len(key) != 32:
            raise ValueError("a database key has 32 bytes")
        return await asyncio.to_thread(cls._open, path, key)

    @classmethod
    def _open(cls, path: Path, key: bytes) -> Self:
        if driver.sqlite_version_info < _OLDEST_SQLITE:
            raise UserFault(
                f"the SQLite inside sqlcipher3 is {driver.sqlite_version}, older than 3.51.3, and may lose data",
                "install a newer sqlcipher3 package",
            )
        _create_private(path)
        writing = _engine(path, key, _PRAGMAS, "BEGIN IMMEDIATE")
        reading = _engine(path, key, (*_PRAGMAS, "query_only = ON"), "BEGIN")
        try:
            with writing.connect() as conn, conn.begin():
                bring_up_to_date(conn)
            connections = [reading.connect() for _ in range(_READERS)]
            last = writing.connect()
        except DATABASE_ERRORS as error:
            raise _opening_fault(path, error) from None
        return cls(writing, Writer(last), Readers(connections))

    async def read(self, fn: Callable[[Connection, *Args], T], *args: *Args) -> T:
        await self._writer.settle()
        answer: T = await self._readers.call(fn, args)
        return answer

    async def write(self, fn: Callable[[Connection, *Args], T], *args: *Args, durable: bool = True) -> T:
        answer: T = await self._writer.call(fn, args, durable=durable)
        return answer

    async def scrub(self) -> None:
        """Deleted rows are overwritten where they stood (secure_delete); this folds the log, which may still hold their
        earlier pages, into the database and truncates it. StorageFault if another process holds on to an old snapshot.
        """
        await self._writer.settle()
        await asyncio.to_thread(self._truncate_log)

    def _truncate_log(self) -> None:
        try:
            with contextlib.closing(self._engine.raw_connection()) as connection:
                [(busy, _, _)] = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except DATABASE_ERRORS as error:
            raise fault_of(error) from None
        if busy:
            raise StorageFault("the database's log cannot be truncated: another process is reading an old state")

    async def close(self) -> None:
        await self._readers.close()
        await self._writer.close()


def _create_private(path: Path) -> None:
    """Makes the file before SQLite does, for its owner only; SQLite gives -wal and -shm the same mode."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise UserFault(
            f"the database file {path} cannot be opened: {error.strerror}", "check that the folder is writable"
        ) from error


def _engine(path: Path, key: bytes, pragmas: Sequence[str], begin: str) -> Engine:
    def connect() -> Any:
        connection = driver.connect(
            str(path), isolation_level=None, check_same_thread=False, cached_statements=512, timeout=_BUSY_SECONDS
        )
        connection.execute("PRAGMA cipher_log_level = NONE")  # its errors come as exceptions, too, and in better words
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")
        return connection

    engine = create_engine("sqlite://", module=driver, creator=connect, poolclass=NullPool, hide_parameters=True)
    event.listen(engine, "begin", lambda conn: conn.connection.cursor().execute(begin))
    return engine


def _opening_fault(path: Path, error: Exception) -> UserFault | StorageFault:
    told = error.orig if isinstance(error, DBAPIError) else error
    if getattr(told, "sqlite_errorname", "") == "SQLITE_NOTADB":
        return UserFault(
            f"wrong master key: the database {path} does not open with it",
            "start with the key file this database was made with, or restore both from the same backup",
        )
    if os.statvfs(path.parent).f_bavail == 0:  # SQLite speaks of an I/O error if it cannot make its shared memory
        return OutOfSpace("the database has no room left")
    return fault_of(error)

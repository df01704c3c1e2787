"""What a database failure means to the rest of the house. Nothing of its text is passed on: it may quote values."""

from __future__ import annotations

from typing import Final

import sqlcipher3.dbapi2 as driver
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from leadglass.terms.errors import IntegrityFault, OutOfSpace, StorageFault

__all__ = ["DATABASE_ERRORS", "fault_of", "is_worth_another_try"]

DATABASE_ERRORS: Final = (SQLAlchemyError, driver.Error)
"""What a failing database raises: through SQLAlchemy, or straight from SQLCipher's driver."""

_OUT_OF_SPACE = {"SQLITE_FULL", "53100", "53200"}
_DAMAGED = {"SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002"}


def fault_of(error: Exception) -> StorageFault:
    """The StorageFault for an error of SQLAlchemy or of a driver, naming its kind and code only."""
    code = _code(error)
    if code in _OUT_OF_SPACE:
        return OutOfSpace("the database has no room left")
    if code in _DAMAGED:
        return IntegrityFault(f"the database is damaged ({code})")
    return StorageFault(f"the database failed: {type(error).__name__}{f' ({code})' if code else ''}")


def _code(error: Exception) -> str:
    """SQLite's error name or PostgreSQL's SQLSTATE, "" if there is none."""
    told = error.orig if isinstance(error, DBAPIError) else error
    return str(getattr(told, "sqlite_errorname", "") or getattr(told, "sqlstate", "") or "")


def is_worth_another_try(error: Exception) -> bool:
    """True if the transaction only lost to another one: serialisation failure or deadlock."""
    return _code(error) in {"40001", "40P01"}

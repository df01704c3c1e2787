"""Database errors become faults that name their kind and never a value."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from leadglass.store.index.faults import fault_of, is_worth_another_try
from leadglass.terms.errors import IntegrityFault, OutOfSpace, StorageFault


class _DriverError(Exception):
    def __init__(self, sqlite_errorname: str = "", sqlstate: str | None = None) -> None:
        super().__init__("near DOE^JANE: failed")
        self.sqlite_errorname = sqlite_errorname
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (_DriverError("SQLITE_FULL"), OutOfSpace),
        (_DriverError("SQLITE_CORRUPT"), IntegrityFault),
        (_DriverError("SQLITE_NOTADB"), IntegrityFault),
        (_DriverError("SQLITE_BUSY"), StorageFault),
        (_DriverError(sqlstate="53100"), OutOfSpace),
        (_DriverError(sqlstate="XX001"), IntegrityFault),
        (_DriverError(sqlstate="23505"), StorageFault),
        (_DriverError(), StorageFault),
    ],
)
def test_every_error_is_a_storage_fault_without_its_text(error: _DriverError, kind: type[StorageFault]) -> None:
    for raised in (error, DBAPIError("SELECT", {"name": "DOE^JANE"}, error)):
        fault = fault_of(raised)
        assert type(fault) is kind
        assert "DOE" not in str(fault)


def test_the_code_is_told() -> None:
    assert "SQLITE_BUSY" in str(fault_of(_DriverError("SQLITE_BUSY")))
    assert "23505" in str(fault_of(_DriverError(sqlstate="23505")))
    assert "InvalidRequestError" in str(fault_of(InvalidRequestError("DOE^JANE")))


def test_only_a_lost_race_is_worth_another_try() -> None:
    assert is_worth_another_try(DBAPIError("x", {}, _DriverError(sqlstate="40P01")))
    assert is_worth_another_try(DBAPIError("x", {}, _DriverError(sqlstate="40001")))
    assert not is_worth_another_try(DBAPIError("x", {}, _DriverError(sqlstate="23505")))
    assert not is_worth_another_try(InvalidRequestError("x"))

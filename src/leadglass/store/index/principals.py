"""The rows behind principal ids: asked at every request, so that a revocation acts at the next one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, select

from leadglass.store.index.devices import DeviceRow
from leadglass.store.index.grants import GrantRow, grants_of
from leadglass.store.index.tables import devices, tokens, users
from leadglass.store.index.tokens import TokenRow
from leadglass.store.index.users import UserRow

__all__ = ["PrincipalRows", "rows_of_principals", "standing_rows"]


@dataclass(frozen=True, slots=True)
class PrincipalRows:
    """Rows with the ids asked for, revoked, disabled and expired ones too."""

    devices: Sequence[DeviceRow]
    users: Sequence[UserRow]
    tokens: Sequence[TokenRow]


def rows_of_principals(conn: Connection, ids: Collection[str]) -> PrincipalRows:
    """The rows of all devices, users and tokens among `ids`; ids nobody has are passed over."""
    return PrincipalRows(
        [DeviceRow(*row) for row in _rows(conn, devices, "dev-", ids)],
        [UserRow(*row) for row in _rows(conn, users, "usr-", ids)],
        [TokenRow(*row) for row in _rows(conn, tokens, "tok-", ids)],
    )


def standing_rows(
    conn: Connection, ids: Collection[str], holders: Collection[str], roles: Collection[str]
) -> tuple[PrincipalRows, Sequence[GrantRow]]:
    """The rows behind `ids`, and all grants to `holders` (principals and groups) and `roles`, as of one moment."""
    return rows_of_principals(conn, ids), grants_of(conn, holders, roles)


def _rows(conn: Connection, table: Table, prefix: str, ids: Collection[str]) -> Sequence[Any]:
    mine = sorted(one for one in ids if one.startswith(prefix))
    return conn.execute(select(table).where(table.c.id.in_(mine))).all() if mine else ()

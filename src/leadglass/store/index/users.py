"""Local accounts of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from leadglass.store.index.tables import users

__all__ = ["UserRow", "add_user", "disable_user", "list_users", "set_password_hash", "user_by_name"]


@dataclass(frozen=True, slots=True)
class UserRow:
    """A person's local account. Disabled accounts stay, for the ledger's sake."""

    id: str  # "usr-…"
    username: str  # unique for ever
    password_hash: str = field(repr=False)
    roles: tuple[str, ...]
    organisation: str
    created_at: datetime
    disabled_at: datetime | None = None


def add_user(conn: Connection, user: UserRow) -> bool:
    """True if the account now exists; False if the name (or id) is taken, by a disabled account too."""
    if conn.execute(select(users.c.id).where((users.c.username == user.username) | (users.c.id == user.id))).first():
        return False
    conn.execute(insert(users), asdict(user))
    return True


def user_by_name(conn: Connection, username: str) -> UserRow | None:
    """The account called `username`, disabled or not."""
    row = conn.execute(select(users).where(users.c.username == username)).first()
    return None if row is None else UserRow(*row)


def list_users(conn: Connection) -> Sequence[UserRow]:
    """All accounts by name, disabled ones too."""
    return [UserRow(*row) for row in conn.execute(select(users).order_by(users.c.username))]


def disable_user(conn: Connection, username: str, at: datetime) -> bool:
    """True if there was such an account and it is disabled from now on."""
    query = update(users).where(users.c.username == username, users.c.disabled_at.is_(None)).values(disabled_at=at)
    return conn.execute(query).rowcount == 1


def set_password_hash(conn: Connection, username: str, password_hash: str) -> bool:
    """True if there is such an account, which now has this password hash."""
    return (
        conn.execute(update(users).where(users.c.username == username).values(password_hash=password_hash)).rowcount
        == 1
    )

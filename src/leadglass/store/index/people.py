"""Accounts that can sign in to the console: a second factor or passkeys beside the row in `users`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import Enum, auto

from sqlalchemy import Connection, delete, insert, or_, select, update

from leadglass.store.index.invitations import end_invitations_for, use_invitation
from leadglass.store.index.passkeys import PasskeyRow, add_passkey
from leadglass.store.index.sessions import end_sessions_of
from leadglass.store.index.tables import passkeys, second_factors, users
from leadglass.store.index.users import UserRow, add_user, disable_user, set_password_hash, user_by_name

__all__ = [
    "Enrolled",
    "Enrolment",
    "SecondFactorRow",
    "change_password",
    "clear_factors",
    "disable_person",
    "enrol",
    "people_who_can_sign_in",
    "person_by_name",
    "use_code_step",
]


@dataclass(frozen=True, slots=True)
class SecondFactorRow:
    """What one-time codes follow from, together with a key that is not in the database."""

    user_id: str
    seed: bytes = field(repr=False)
    last_step: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Everything one invitation brings about, in one go."""

    link_hash: bytes
    user: UserRow  # a new account, or the one there is, with the password hash it shall have
    is_new: bool
    at: datetime
    second_factor: SecondFactorRow | None = None
    passkey: PasskeyRow | None = None


class Enrolled(Enum):
    DONE = auto()
    NAME_TAKEN = auto()
    LINK_SPENT = auto()
    PASSKEY_KNOWN = auto()


def person_by_name(conn: Connection, username: str) -> tuple[UserRow, SecondFactorRow | None] | None:
    """The account called `username`, disabled or not, and its second factor, if it has one: always one query, so
    that its time tells nothing."""
    both = users.outerjoin(second_factors, second_factors.c.user_id == users.c.id)
    row = conn.execute(select(users, second_factors).select_from(both).where(users.c.username == username)).first()
    if row is None:
        return None
    factor = row[len(users.c) :]
    return UserRow(*row[: len(users.c)]), None if factor[0] is None else SecondFactorRow(*factor)


def use_code_step(conn: Connection, user_id: str, step: int) -> bool:
    """True if no code of this time step, or of a later one, was taken before; from now on it is."""
    later = (second_factors.c.user_id == user_id) & (second_factors.c.last_step < step)
    return conn.execute(update(second_factors).where(later).values(last_step=step)).rowcount == 1


def enrol(conn: Connection, enrolment: Enrolment) -> Enrolled:
    """DONE: the account has its factor and the link is spent. Anything else: nothing changed."""
    user, passkey = enrolment.user, enrolment.passkey
    known = user_by_name(conn, user.username)
    if enrolment.is_new is (known is not None) or (known is not None and known.disabled_at is not None):
        return Enrolled.NAME_TAKEN
    if passkey is not None and _is_known(conn, passkey.credential_id):
        return Enrolled.PASSKEY_KNOWN
    if not use_invitation(conn, enrolment.link_hash, enrolment.at):
        return Enrolled.LINK_SPENT
    if known is None:
        add_user(conn, user)
    elif known.password_hash != user.password_hash:
        set_password_hash(conn, user.username, user.password_hash)
    if passkey is not None:
        add_passkey(conn, passkey)
    if enrolment.second_factor is not None:
        conn.execute(delete(second_factors).where(second_factors.c.user_id == user.id))
        conn.execute(insert(second_factors), asdict(enrolment.second_factor))
    return Enrolled.DONE


def clear_factors(conn: Connection, username: str, at: datetime) -> bool:
    """True if there is such an account: it has neither codes nor passkeys nor sessions nor open invitations now."""
    user = user_by_name(conn, username)
    if user is None or user.disabled_at is not None:
        return False
    conn.execute(delete(second_factors).where(second_factors.c.user_id == user.id))
    conn.execute(delete(passkeys).where(passkeys.c.user_id == user.id))
    _end_all(conn, username, at)
    return True


def disable_person(conn: Connection, username: str, at: datetime) -> bool:
    """True if there was such an account: it and its sessions and invitations are ended from now on."""
    if not disable_user(conn, username, at):
        return False
    _end_all(conn, username, at)
    return True


def change_password(conn: Connection, username: str, password_hash: str, at: datetime) -> bool:
    """True if there is such an account, which now has this password hash and no session any more."""
    if not set_password_hash(conn, username, password_hash):
        return False
    _end_all(conn, username, at)
    return True


def people_who_can_sign_in(conn: Connection) -> Sequence[UserRow]:
    """All accounts that are not disabled and have a second factor or a passkey, by name."""
    factor = select(second_factors.c.user_id).where(second_factors.c.user_id == users.c.id).exists()
    passkey = select(passkeys.c.user_id).where(passkeys.c.user_id == users.c.id).exists()
    query = select(users).where(users.c.disabled_at.is_(None), or_(factor, passkey)).order_by(users.c.username)
    return [UserRow(*row) for row in conn.execute(query)]


def _is_known(conn: Connection, credential_id: bytes) -> bool:
    query = select(passkeys.c.user_id).where(passkeys.c.credential_id == credential_id)
    return conn.execute(query).first() is not None


def _end_all(conn: Connection, username: str, at: datetime) -> None:
    user = user_by_name(conn, username)
    if user is not None:
        end_sessions_of(conn, user.id, at)
        end_invitations_for(conn, username, at)

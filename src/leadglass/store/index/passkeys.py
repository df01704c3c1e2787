"""Passkeys of people (WebAuthn credentials): public keys only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from leadglass.store.index.tables import passkeys, users
from leadglass.store.index.users import UserRow

__all__ = ["PasskeyRow", "add_passkey", "passkey_by_credential", "passkeys_of", "use_passkey"]


@dataclass(frozen=True, slots=True)
class PasskeyRow:
    """One credential of one person's authenticator."""

    credential_id: bytes
    user_id: str
    public_key: bytes = field(repr=False)  # COSE_Key
    sign_count: int
    transports: tuple[str, ...]
    name: str
    created_at: datetime
    last_used_at: datetime


def add_passkey(conn: Connection, passkey: PasskeyRow) -> bool:
    """True if the passkey now belongs to its account; False if the credential is known already."""
    if conn.execute(select(passkeys.c.user_id).where(passkeys.c.credential_id == passkey.credential_id)).first():
        return False
    conn.execute(insert(passkeys), asdict(passkey))
    return True


def passkey_by_credential(conn: Connection, credential_id: bytes) -> tuple[PasskeyRow, UserRow] | None:
    """The passkey with this id and its account, disabled or not."""
    row = conn.execute(select(passkeys).where(passkeys.c.credential_id == credential_id)).first()
    if row is None:
        return None
    passkey = PasskeyRow(*row)
    user = conn.execute(select(users).where(users.c.id == passkey.user_id)).first()
    return None if user is None else (passkey, UserRow(*user))


def use_passkey(
    conn: Connection, credential_id: bytes, known_count: int, sign_count: int, challenged_at: datetime, at: datetime
) -> bool:
    """True if the passkey is used now, once: its count is still the one known, and its last use lies before the moment
    the challenge was given out. An answer played again fails here, also on another node."""
    fresh = passkeys.c.last_used_at < challenged_at
    mine = (passkeys.c.credential_id == credential_id) & (passkeys.c.sign_count == known_count) & fresh
    return conn.execute(update(passkeys).where(mine).values(sign_count=sign_count, last_used_at=at)).rowcount == 1


def passkeys_of(conn: Connection, user_id: str) -> Sequence[PasskeyRow]:
    """All passkeys of the account, oldest first."""
    query = select(passkeys).where(passkeys.c.user_id == user_id).order_by(passkeys.c.created_at)
    return [PasskeyRow(*row) for row in conn.execute(query)]

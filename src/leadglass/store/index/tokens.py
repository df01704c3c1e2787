"""API tokens: kept as hashes, each capped in what it may do and of which studies it may speak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from leadglass.store.index.tables import tokens

__all__ = ["TokenRow", "add_token", "list_tokens", "revoke_token", "token_by_hash", "touch_token"]


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A bearer token somebody created on the command line."""

    id: str  # "tok-…"
    name: str  # unique for ever
    hash: bytes = field(repr=False)
    role: str
    actions: tuple[str, ...]  # cap on what it may do, whatever grants say
    selector_kind: str  # SelectorKind: the studies it speaks of at most
    selector_value: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


def add_token(conn: Connection, token: TokenRow) -> bool:
    """True if the token now exists; False if the name (or id) is taken, by a revoked token too."""
    if conn.execute(select(tokens.c.id).where((tokens.c.name == token.name) | (tokens.c.id == token.id))).first():
        return False
    conn.execute(insert(tokens), asdict(token))
    return True


def token_by_hash(conn: Connection, token_hash: bytes) -> TokenRow | None:
    """The token with this hash: expired and revoked ones too, the judge tells them apart."""
    row = conn.execute(select(tokens).where(tokens.c.hash == token_hash)).first()
    return None if row is None else TokenRow(*row)


def revoke_token(conn: Connection, name: str, at: datetime) -> bool:
    """True if there was such a token and it is revoked from now on."""
    query = update(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_(None)).values(revoked_at=at)
    return conn.execute(query).rowcount == 1


def touch_token(conn: Connection, token_id: str, at: datetime) -> None:
    """Notes when the token was last used."""
    conn.execute(update(tokens).where(tokens.c.id == token_id).values(last_used_at=at))


def list_tokens(conn: Connection) -> Sequence[TokenRow]:
    """All tokens by name, expired and revoked ones too."""
    return [TokenRow(*row) for row in conn.execute(select(tokens).order_by(tokens.c.name))]

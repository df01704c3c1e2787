"""One-time links: kept as hashes, good once, until a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, insert, select, update

from leadglass.store.index.tables import invitations

__all__ = [
    "InvitationRow",
    "add_invitation",
    "end_invitations_by",
    "end_invitations_for",
    "invitation_by_hash",
    "list_invitations",
    "use_invitation",
]


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """What a link invites to. Used, ended and expired ones stay, for the ledger's sake."""

    hash: bytes = field(repr=False)
    id: str  # "inv-…"
    purpose: str
    roles: tuple[str, ...]
    username: str  # the account it is for; "" if the person may choose
    invited_by: str  # principal id
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    ended_at: datetime | None = None


def add_invitation(conn: Connection, invitation: InvitationRow) -> None:
    conn.execute(insert(invitations), asdict(invitation))


def invitation_by_hash(conn: Connection, link_hash: bytes) -> InvitationRow | None:
    """The invitation with this hash, whatever became of it."""
    row = conn.execute(select(invitations).where(invitations.c.hash == link_hash)).first()
    return None if row is None else InvitationRow(*row)


def use_invitation(conn: Connection, link_hash: bytes, at: datetime) -> bool:
    """True if the invitation was good at this moment, and is used up now."""
    good = (
        (invitations.c.hash == link_hash)
        & invitations.c.used_at.is_(None)
        & invitations.c.ended_at.is_(None)
        & (invitations.c.expires_at > at)
    )
    return conn.execute(update(invitations).where(good).values(used_at=at)).rowcount == 1


def end_invitations_by(conn: Connection, invited_by: str, at: datetime) -> int:
    """How many links made by this principal were still open, and are good no more."""
    return _end(conn, invitations.c.invited_by == invited_by, at)


def end_invitations_for(conn: Connection, username: str, at: datetime) -> int:
    """How many links for this account were still open, and are good no more."""
    return _end(conn, invitations.c.username == username, at)


def list_invitations(conn: Connection) -> Sequence[InvitationRow]:
    """All invitations, oldest first."""
    return [InvitationRow(*row) for row in conn.execute(select(invitations).order_by("created_at", "id"))]


def _end(conn: Connection, which: ColumnElement[bool], at: datetime) -> int:
    unused = invitations.c.used_at.is_(None) & invitations.c.ended_at.is_(None)
    return conn.execute(update(invitations).where(which, unused).values(ended_at=at)).rowcount

"""One-time links: kept as hashes, good once, until a moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from leadglass.store.index.tables import invitations

__all__ = [
    "InvitationRow",
    "add_invitation",
    "end_invitations",
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


def end_invitations(conn: Connection, at: datetime, *, invited_by: str = "", username: str = "") -> int:
    """How many invitations by this principal, or for this account, were neither used nor ended, and are ended now."""
    column, value = (invitations.c.invited_by, invited_by) if invited_by else (invitations.c.username, username)
    unused = invitations.c.used_at.is_(None) & invitations.c.ended_at.is_(None)
    return conn.execute(update(invitations).where(column == value, column != "", unused).values(ended_at=at)).rowcount


def list_invitations(conn: Connection) -> Sequence[InvitationRow]:
    """All invitations, oldest first."""
    return [InvitationRow(*row) for row in conn.execute(select(invitations).order_by("created_at", "id"))]

"""Grants: who may do what with which studies, in which form, from when until when, given by whom and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, insert, or_, select, update

from leadglass.store.index.tables import grants

__all__ = ["GrantRow", "add_grant", "grants_of", "list_grants", "revoke_grant"]


@dataclass(frozen=True, slots=True)
class GrantRow:
    """One grant as it is kept. Exactly one of `principal_id` and `role` is filled; a group id counts as a principal."""

    id: str  # "grt-…"
    principal_id: str
    role: str
    effect: str  # allow | deny
    actions: tuple[str, ...]
    selector_kind: str  # SelectorKind
    selector_value: str  # names and institutions in the normalised form, see `normal`
    form: str  # identified | de-identified | view-only
    valid_from: datetime | None
    valid_until: datetime | None
    granted_by: str
    why: str
    created_at: datetime
    revoked_at: datetime | None = None


def add_grant(conn: Connection, grant: GrantRow) -> None:
    """Adds a grant. Whoever caches grants must drop the cache once the write returned."""
    conn.execute(insert(grants), asdict(grant))


def grants_of(conn: Connection, principal_ids: Collection[str], roles: Collection[str]) -> Sequence[GrantRow]:
    """All grants, not revoked, to any of the principals (the caller and its groups) or roles; dates unjudged."""
    mine = or_(
        and_(grants.c.principal_id.in_(sorted(principal_ids)), grants.c.principal_id != ""),
        and_(grants.c.role.in_(sorted(roles)), grants.c.role != ""),
    )
    return [GrantRow(*row) for row in conn.execute(select(grants).where(mine, grants.c.revoked_at.is_(None)))]


def revoke_grant(conn: Connection, grant_id: str, at: datetime) -> bool:
    """True if there was such a grant and it is revoked from now on."""
    query = update(grants).where(grants.c.id == grant_id, grants.c.revoked_at.is_(None)).values(revoked_at=at)
    return conn.execute(query).rowcount == 1


def list_grants(conn: Connection) -> Sequence[GrantRow]:
    """All grants, oldest first, revoked ones too."""
    return [GrantRow(*row) for row in conn.execute(select(grants).order_by(grants.c.created_at, grants.c.id))]

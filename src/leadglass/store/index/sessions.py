"""Signed-in sessions of people: kept as hashes, each with three ends (idle, absolute, ended on purpose)."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from leadglass.store.index.tables import sessions, users
from leadglass.store.index.users import UserRow

__all__ = ["SessionRow", "add_session", "end_session", "end_sessions_of", "session_by_hash", "touch_session"]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session; whether it still counts is judged by whoever reads it."""

    hash: bytes = field(repr=False)
    user_id: str
    method: str  # how its person signed in
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None


def add_session(conn: Connection, session: SessionRow, most_of_one_person: int) -> None:
    """Begins the session. Of the person's others the oldest end above `most_of_one_person`; rows of sessions that
    have expired go, whoever they belonged to."""
    conn.execute(delete(sessions).where(sessions.c.expires_at <= session.created_at))
    alive = select(sessions.c.hash).where(sessions.c.user_id == session.user_id, sessions.c.ended_at.is_(None))
    oldest_last = alive.order_by(sessions.c.created_at.desc(), sessions.c.hash).offset(most_of_one_person - 1)
    surplus = list(conn.execute(oldest_last).scalars())
    if surplus:
        conn.execute(update(sessions).where(sessions.c.hash.in_(surplus)).values(ended_at=session.created_at))
    conn.execute(insert(sessions), asdict(session))


def session_by_hash(conn: Connection, session_hash: bytes) -> tuple[SessionRow, UserRow] | None:
    """The session with this hash, ended ones too, and the account it belongs to as it stands now."""
    row = conn.execute(select(sessions).where(sessions.c.hash == session_hash)).first()
    if row is None:
        return None
    session = SessionRow(*row)
    user = conn.execute(select(users).where(users.c.id == session.user_id)).first()
    return None if user is None else (session, UserRow(*user))


def touch_session(conn: Connection, session_hash: bytes, at: datetime) -> None:
    """Notes when the session was last seen; never back in time."""
    later = (sessions.c.hash == session_hash) & (sessions.c.last_seen_at < at)
    conn.execute(update(sessions).where(later).values(last_seen_at=at))


def end_session(conn: Connection, session_hash: bytes, at: datetime) -> bool:
    """True if there was such a session, not ended before; it is ended now."""
    query = update(sessions).where(sessions.c.hash == session_hash, sessions.c.ended_at.is_(None))
    return conn.execute(query.values(ended_at=at)).rowcount == 1


def end_sessions_of(conn: Connection, user_id: str, at: datetime) -> int:
    """How many sessions of this account ended just now."""
    query = update(sessions).where(sessions.c.user_id == user_id, sessions.c.ended_at.is_(None))
    return conn.execute(query.values(ended_at=at)).rowcount

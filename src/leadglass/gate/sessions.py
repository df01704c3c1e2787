"""Signed-in sessions: a random text in a cookie, kept as a hash, with three ends: idle, absolute, on purpose.

The CSRF token follows from the session's text by a hash, so nothing more need be kept, and whoever reads the database
can make neither.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from leadglass.gate.account import Account
from leadglass.gate.kept import Kept
from leadglass.gate.revision import Revision, revised
from leadglass.gate.rows import account_of
from leadglass.store.index.database import Database
from leadglass.store.index.sessions import SessionRow, add_session, end_session, session_by_hash, touch_session
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Principal, Strength

__all__ = ["Method", "Session", "SessionSettings", "Sessions"]

MAX_SESSIONS_OF_ONE_PERSON: Final = 20
"""More browsers than anybody has: above it the oldest session ends."""
MAX_SEEN: Final = 10_000
"""Sessions whose last use is remembered between two notes in the index."""
SECONDS_BETWEEN_NOTES: Final = 60.0
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class Method(StrEnum):
    """How somebody signed in. Both are STRONG."""

    CODE = "password and code"
    PASSKEY = "passkey"


@dataclass(frozen=True, slots=True)
class SessionSettings:
    idle: timedelta = timedelta(minutes=30)
    absolute: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Session:
    """A session that counts. `token` goes into the cookie, `csrf_token` into every form."""

    token: str = field(repr=False)
    csrf_token: str = field(repr=False)
    principal: Principal
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Found:
    row: SessionRow
    account: Account


class Sessions:
    """Legal error of every method: StorageFault. A session that ended, by whomever, is refused at its next request."""

    def __init__(
        self,
        database: Database,
        revision: Revision | None = None,
        *,
        settings: SessionSettings | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._revision = revision
        self._settings = settings or SessionSettings()
        self._found: Kept[bytes, _Found] = Kept(revision, monotonic)
        self._seen: OrderedDict[bytes, tuple[datetime, datetime]] = OrderedDict()  # last seen, last noted

    async def begin(self, account: Account, method: Method, now: datetime) -> Session:
        """A new session, whatever was in the browser before: nobody can put somebody else into theirs."""
        token = secrets.token_urlsafe(32)
        row = SessionRow(
            hash=_hash_of(token),
            user_id=account.id,
            method=method.value,
            created_at=now,
            last_seen_at=now,
            expires_at=now + self._settings.absolute,
        )
        async with revised(self._revision):
            await self._database.write(add_session, row, MAX_SESSIONS_OF_ONE_PERSON)
        return _session(token, _Found(row, account))

    async def find(self, token: str, now: datetime) -> Session | Refused:
        """The session behind the cookie, which counts as used now; or Refused."""
        if not _SHAPE.match(token):
            return Refused(RefusalReason.SESSION_ENDED)
        key = _hash_of(token)
        found = await self._found.get(key, lambda: self._look(key))
        if found is None:
            return Refused(RefusalReason.SESSION_ENDED)
        seen, noted = self._seen.get(key, (found.row.last_seen_at, found.row.last_seen_at))
        seen = max(seen, found.row.last_seen_at)  # another node may have seen it meanwhile
        if _has_ended(found, now) or now - seen >= self._settings.idle:
            return Refused(RefusalReason.SESSION_ENDED, found.account.id)
        if (now - noted).total_seconds() >= SECONDS_BETWEEN_NOTES:
            noted = now  # a crash may undo it: then the session ends a minute early
            await self._database.write(touch_session, key, now, durable=False)
        self._remember(key, max(seen, now), noted)
        return _session(token, found)

    async def end(self, token: str, now: datetime) -> Principal | None:
        """Whose session it was; None if there was none that counted."""
        found = await self.find(token, now)
        if isinstance(found, Refused):
            return None
        async with revised(self._revision):
            ended = await self._database.write(end_session, _hash_of(token), now)
        self._seen.pop(_hash_of(token), None)
        return found.principal if ended else None

    async def _look(self, key: bytes) -> _Found | None:
        rows = await self._database.read(session_by_hash, key)
        return None if rows is None else _Found(rows[0], account_of(rows[1]))

    def _remember(self, key: bytes, seen: datetime, noted: datetime) -> None:
        self._seen[key] = (seen, noted)
        self._seen.move_to_end(key)
        while len(self._seen) > MAX_SEEN:
            self._seen.popitem(last=False)


def _has_ended(found: _Found, now: datetime) -> bool:
    row = found.row
    ended = row.ended_at is not None and row.ended_at <= now
    return ended or now < row.created_at or now >= row.expires_at or not found.account.is_enabled(now)


def _session(token: str, found: _Found) -> Session:
    return Session(token, _csrf_of(token), found.account.principal(Strength.STRONG), found.row.expires_at)


def _hash_of(token: str) -> bytes:
    return hashlib.sha256(f"leadglass session\0{token}".encode()).digest()


def _csrf_of(token: str) -> str:
    digest = hashlib.sha256(f"leadglass csrf\0{token}".encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")

"""One-time links: 256 random bits, shown once, kept as a hash, good once. Pure but for `mint`."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from leadglass.store.index.invitations import InvitationRow
from leadglass.terms.principal import Role

__all__ = [
    "INVITED_ROLES",
    "MAX_HOURS",
    "Invitation",
    "Purpose",
    "account_id_of",
    "hash_of",
    "invitation_of",
    "mint",
    "seed_of",
]

MAX_HOURS: Final = 24 * 14
INVITED_ROLES: Final = frozenset({Role.ADMINISTRATOR, Role.CLINICIAN, Role.AUDITOR})
"""The console is for people; a service has a token or a certificate."""
_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class Purpose(StrEnum):
    ACCOUNT = "account"  # makes a new account
    FACTOR = "factor"  # gives an account there is a way of signing in to the console


@dataclass(frozen=True, slots=True)
class Invitation:
    """What the holder of a link is offered."""

    roles: frozenset[Role]
    username: str  # the account it is for; "" if the person may choose a name
    purpose: Purpose
    expires_at: datetime


def mint() -> str:
    """The text of a new link."""
    return secrets.token_urlsafe(32)


def hash_of(link: str) -> bytes:
    """What is kept of a link: 32 bytes; 32 bytes that no link has for a text that is none."""
    if not _SHAPE.match(link):
        return bytes(32)
    return hashlib.sha256(f"leadglass invitation\0{link}".encode()).digest()


def seed_of(link: str) -> bytes:
    """The seed of the codes that are enrolled with this link (see `codes`)."""
    return hashlib.sha256(f"leadglass seed\0{link}".encode()).digest()


def account_id_of(link: str) -> str:
    """The id of the account this link makes: known before there is one, because a passkey is bound to it."""
    return f"usr-{hashlib.sha256(f'leadglass account{chr(0)}{link}'.encode()).hexdigest()[:16]}"


def invitation_of(row: InvitationRow | None, now: datetime) -> Invitation | None:
    """The invitation in `row`, if it is good at `now`."""
    if row is None or row.used_at is not None or row.ended_at is not None or row.expires_at <= now:
        return None
    roles = frozenset(Role(role) for role in row.roles if role in set(INVITED_ROLES))
    if row.purpose not in set(Purpose) or not roles:
        return None
    return Invitation(roles, row.username, Purpose(row.purpose), row.expires_at)

"""Opaque API tokens: `lgt_<id>_<secret>`. Shown once, kept as a hash, checked on every use. Pure but for `mint`.

The secret is 256 random bits, so a plain SHA-256 keeps it: there is nothing to guess that a slow hash would slow
down. The fixed prefix lets secret scanners find a token that somebody committed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from leadglass.gate.capabilities import actions_of_roles
from leadglass.gate.grants import Effect, Grant
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength
from leadglass.terms.visibility import Selector

__all__ = ["PREFIX", "ApiToken", "Presented", "hash_secret", "mint", "parse", "principal_of"]

PREFIX: Final = "lgt_"
_SHAPE = re.compile(r"lgt_([0-9a-f]{16})_([A-Za-z0-9_-]{43})\Z")


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token as it stands in the index."""

    id: str  # "tok-…", also its principal's id
    name: str
    role: Role
    actions: frozenset[Action]  # cap; the role caps it too
    selector: Selector | None  # if set, the token is its own grant: these studies at most, and no other grants
    secret_hash: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    @property
    def own_grant(self) -> Grant | None:
        """What the token's selector opens, as a grant."""
        if self.selector is None:
            return None
        return Grant(self.id, self.id, Effect.ALLOW, self.actions, self.selector, valid_until=self.expires_at)

    def end_by(self, now: datetime) -> RefusalReason | None:
        """Why the token does not count any more at `now`, or None if it does."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return RefusalReason.TOKEN_REVOKED
        return RefusalReason.TOKEN_EXPIRED if self.expires_at <= now else None


@dataclass(frozen=True, slots=True)
class Presented:
    """A token somebody showed, taken apart."""

    id: str
    secret: str = field(repr=False)


def mint() -> tuple[str, Presented]:
    """A new token: the text to hand over once, and its parts."""
    presented = Presented(f"tok-{secrets.token_hex(8)}", secrets.token_urlsafe(32))
    return f"{PREFIX}{presented.id.removeprefix('tok-')}_{presented.secret}", presented


def parse(text: str) -> Presented | None:
    """The parts of a token, or None if `text` does not have the shape of one."""
    shape = _SHAPE.match(text)
    return Presented(f"tok-{shape[1]}", shape[2]) if shape else None


def hash_secret(presented: Presented) -> bytes:
    """What is kept of a token: 32 bytes over its id and secret, so that a hash cannot be moved to another token."""
    return hashlib.sha256(f"leadglass api token\0{presented.id}\0{presented.secret}".encode()).digest()


def principal_of(presented: Presented, token: ApiToken | None, now: datetime) -> Principal | Refused:
    """The principal behind a shown token. Without the secret nothing is told about the token, not even its end."""
    kept = token.secret_hash if token is not None else bytes(32)
    if not hmac.compare_digest(hash_secret(presented), kept) or token is None or token.id != presented.id:
        return Refused(RefusalReason.TOKEN_UNKNOWN, presented.id)
    ended = token.end_by(now)
    if ended is not None:
        return Refused(ended, token.id)
    return Principal(
        id=token.id,
        name=token.name,
        kind=PrincipalKind.SERVICE,
        roles=frozenset({token.role}),
        strength=Strength.MEDIUM,
        actions=token.actions & actions_of_roles({token.role}),
    )

"""A person's local account, and the principal behind it. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from leadglass.gate.capabilities import actions_of_roles
from leadglass.terms.principal import Principal, PrincipalKind, Role, Strength

__all__ = ["Account"]


@dataclass(frozen=True, slots=True)
class Account:
    """An account as it stands in the index."""

    id: str  # "usr-…"
    username: str
    password_hash: str = field(repr=False)
    roles: frozenset[Role]
    organisation: str = ""
    disabled_at: datetime | None = None

    def is_enabled(self, now: datetime) -> bool:
        return self.disabled_at is None or now < self.disabled_at

    def principal(self, strength: Strength = Strength.MEDIUM) -> Principal:
        """Who signed in with this account. A password alone can be passed on, so it is not STRONG: a passkey is, and
        a password together with a one-time code."""
        return Principal(
            id=self.id,
            name=self.username,
            kind=PrincipalKind.SERVICE if Role.SERVICE in self.roles else PrincipalKind.PERSON,
            roles=self.roles,
            strength=strength,
            actions=actions_of_roles(self.roles),
            organisation=self.organisation,
        )

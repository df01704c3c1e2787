"""API tokens: shown once, kept as a hash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leadglass.app.control import Progress
from leadglass.app.house import House
from leadglass.app.verbs.recording import record
from leadglass.app.verbs.words import PROGRAMS, actions_named, lifetime_named, role_named
from leadglass.gate.ledger import Event
from leadglass.gate.selectors import parse_selector, selector_text

__all__ = ["create", "list_all", "revoke"]


async def create(
    house: House,
    progress: Progress,
    *,
    name: str,
    role: str,
    expires: str,
    studies: str = "",
    allow: Sequence[str] = (),
) -> dict[str, Any]:
    """A token, and its text, which is told this once."""
    del progress
    text, token = await house.registry.create_token(
        name,
        role_named(role, PROGRAMS),
        lifetime_named(expires),
        actions=actions_named(allow),
        selector=parse_selector(studies) if studies else None,
    )
    await record(house, Event.TOKEN_CREATED, token=token.id, name=name, role=role, expires=expires)
    return {"id": token.id, "name": name, "token": text, "expires_at": token.expires_at.isoformat()}


async def list_all(house: House, progress: Progress) -> list[dict[str, Any]]:
    """All tokens, ended ones too; never their text."""
    del progress
    return [
        {
            "name": token.name,
            "role": token.role.value,
            "allow": sorted(token.actions),
            "studies": selector_text(token.selector) if token.selector else "by grants",
            "expires_at": token.expires_at.isoformat(),
            "revoked_at": token.revoked_at.isoformat() if token.revoked_at else "",
            "id": token.id,
        }
        for token in await house.registry.tokens()
    ]


async def revoke(house: House, progress: Progress, *, name: str) -> dict[str, Any]:
    """Ends the token, from its next use on."""
    del progress
    await house.registry.revoke_token(name)
    await record(house, Event.TOKEN_REVOKED, name=name)
    return {"name": name}

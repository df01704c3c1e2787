"""Grants: who may do what with which studies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leadglass.app.control import Progress
from leadglass.app.house import House
from leadglass.app.verbs.holders import names_of_holders
from leadglass.app.verbs.recording import record
from leadglass.app.verbs.words import actions_named, date_named
from leadglass.gate.grants import Effect, Form
from leadglass.gate.ledger import Event
from leadglass.gate.machine import MACHINE
from leadglass.gate.selectors import parse_selector, selector_text
from leadglass.terms.errors import UserFault

__all__ = ["add", "list_all", "revoke"]


async def add(
    house: House,
    progress: Progress,
    *,
    to: str,
    allow: Sequence[str] = (),
    deny: Sequence[str] = (),
    studies: str,
    form: str = Form.IDENTIFIED.value,
    valid_from: str = "",
    valid_until: str = "",
    why: str,
) -> dict[str, Any]:
    """A grant, or with `deny` an explicit denial, which wins over every grant."""
    del progress
    if bool(allow) == bool(deny):
        raise UserFault("a grant either allows or denies", "give --allow ACTIONS or --deny ACTIONS")
    if form not in set(Form):
        raise UserFault(f"there is no form {form!r}", f"choose of: {', '.join(Form)}")
    grant = await house.registry.add_grant(
        await house.registry.holder_named(to),
        Effect.DENY if deny else Effect.ALLOW,
        actions_named(deny or allow),
        parse_selector(studies),
        form=Form(form),
        valid_from=date_named(valid_from) if valid_from else None,
        valid_until=date_named(valid_until) if valid_until else None,
        by=MACHINE.id,
        why=why,
    )
    what = {"effect": grant.effect.value, "actions": " ".join(sorted(grant.actions))}
    await record(house, Event.GRANT_ADDED, why, grant=grant.id, holder=grant.holder, **what)
    return {"id": grant.id, "to": grant.holder}


async def list_all(house: House, progress: Progress) -> list[dict[str, Any]]:
    """All grants, ended ones too."""
    del progress
    names = await names_of_holders(house)
    return [
        {
            "id": grant.id,
            "to": names.get(grant.holder, grant.holder),
            "holder": grant.holder,
            "effect": grant.effect.value,
            "actions": sorted(grant.actions),
            "studies": selector_text(grant.selector),
            "form": grant.form.value,
            "until": grant.valid_until.isoformat() if grant.valid_until else "",
            "revoked_at": grant.revoked_at.isoformat() if grant.revoked_at else "",
            "why": grant.why,
        }
        for grant in await house.registry.grants()
    ]


async def revoke(house: House, progress: Progress, *, grant_id: str) -> dict[str, Any]:
    """Ends the grant, from the next request on."""
    del progress
    await house.registry.revoke_grant(grant_id)
    await record(house, Event.GRANT_REVOKED, grant=grant_id)
    return {"id": grant_id}

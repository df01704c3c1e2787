"""The way in for the first people: there is no default password, so a new archive prints two one-time links."""

from __future__ import annotations

from typing import Final

from leadglass.app.house import House
from leadglass.gate.machine import FIRST_START
from leadglass.terms.principal import Role

__all__ = ["FIRST_ROLES", "HOURS", "first_links"]

FIRST_ROLES: Final = (Role.ADMINISTRATOR, Role.CLINICIAN)
HOURS: Final = 24


async def first_links(house: House, public_url: str) -> list[tuple[Role, str]]:
    """Each role that nobody who can sign in has yet, and a new link for its first person; good once, for a day.

    Nothing any more as soon as an administrator can sign in. Until then each start replaces the links of the start
    before, so that an old screen or log is good for nothing. `public_url` is where people find the
    web door; "" while it is closed, and then there are no links. StorageFault, LedgerFault.
    """
    if not public_url:
        return []
    ready = {role for account in await house.people.who_can_sign_in() for role in account.roles}
    if Role.ADMINISTRATOR in ready:
        return []
    await house.people.end_invitations_by(FIRST_START)
    missing = [role for role in FIRST_ROLES if role not in ready]
    return [(role, f"{public_url}/welcome/{await house.people.invite({role}, HOURS, FIRST_START)}") for role in missing]

"""Local accounts of people."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

from leadglass.app.control import Progress
from leadglass.app.house import House
from leadglass.app.verbs.recording import LOCAL, record
from leadglass.app.verbs.words import PEOPLE, role_named
from leadglass.gate.ledger import Event
from leadglass.gate.machine import MACHINE
from leadglass.terms.errors import UserFault

__all__ = ["add", "change_passcode", "disable", "invite", "list_all", "reset_factor"]

_SHORTEST = 12


async def add(
    house: House, progress: Progress, *, name: str, roles: Sequence[str], organisation: str = "", passcode: str = ""
) -> dict[str, Any]:
    """An account. Without a passcode one is drawn, and told this once."""
    del progress
    chosen, drawn = _passcode(passcode)
    chosen_roles = frozenset(role_named(role, PEOPLE) for role in roles)
    password_hash = await house.passwords.hash(chosen)
    account = await house.registry.add_user(name, password_hash, chosen_roles, organisation)
    await record(house, Event.USER_ADDED, user=account.id, name=name, roles=" ".join(sorted(roles)))
    return {"id": account.id, "name": name, "roles": sorted(roles), "passcode": chosen if drawn else ""}


async def change_passcode(house: House, progress: Progress, *, name: str, passcode: str = "") -> dict[str, Any]:
    """A new passcode for an account."""
    del progress
    chosen, drawn = _passcode(passcode)
    await house.registry.set_password(name, await house.passwords.hash(chosen))
    await record(house, Event.USER_CHANGED, name=name, changed="passcode")
    return {"name": name, "passcode": chosen if drawn else ""}


async def disable(house: House, progress: Progress, *, name: str) -> dict[str, Any]:
    """Lets the account in no more, from its next request on."""
    del progress
    await house.registry.disable_user(name)
    await record(house, Event.USER_CHANGED, name=name, changed="disabled")
    return {"name": name}


async def invite(
    house: House, progress: Progress, *, name: str = "", roles: Sequence[str] = (), hours: float = 24
) -> dict[str, Any]:
    """A one-time link, told this once: to the console for the account `name` that there is, or for a new one."""
    del progress
    if any(account.username == name for account in await house.registry.users()):
        if roles:
            raise UserFault("this account has its roles already", "leave out --role")
        link = await house.people.invite_account(name, hours, MACHINE, address=LOCAL)
    else:
        chosen = frozenset(role_named(role, PEOPLE) for role in roles)
        if not chosen:
            raise UserFault("an invitation says what the person is for", "add --role clinician, for example")
        link = await house.people.invite(chosen, hours, MACHINE, username=name, address=LOCAL)
    return {"url": house.people.url_of(link), "name": name, "hours": hours}


async def reset_factor(house: House, progress: Progress, *, name: str, hours: float = 24) -> dict[str, Any]:
    """Codes, passkeys and sessions of the account end; a one-time link to enrol new ones, told this once."""
    del progress
    link = await house.people.reset_factors(name, hours, MACHINE, address=LOCAL)
    return {"url": house.people.url_of(link), "name": name, "hours": hours}


async def list_all(house: House, progress: Progress) -> list[dict[str, Any]]:
    """All accounts, disabled ones too."""
    del progress
    return [
        {
            "name": account.username,
            "roles": sorted(account.roles),
            "organisation": account.organisation,
            "disabled_at": account.disabled_at.isoformat() if account.disabled_at else "",
            "id": account.id,
        }
        for account in await house.registry.users()
    ]


def _passcode(given: str) -> tuple[str, bool]:
    if not given:
        return "-".join(secrets.token_hex(2) for _ in range(5)), True
    if len(given) < _SHORTEST:
        advice = f"choose at least {_SHORTEST} characters, or none to have one drawn"
        raise UserFault("the passcode is too short", advice)
    return given, False

"""Reading what an administrator wrote: roles, actions, lifetimes, dates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from leadglass.terms.errors import UserFault
from leadglass.terms.principal import Action, Role

__all__ = ["PEOPLE", "PROGRAMS", "actions_named", "date_named", "lifetime_named", "role_named"]

_LIFETIME = re.compile(r"(\d{1,5})([mhdw])\Z")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


PEOPLE: Final = (Role.CLINICIAN, Role.ADMINISTRATOR, Role.AUDITOR, Role.SERVICE)
PROGRAMS: Final = (Role.SERVICE, Role.CLINICIAN)


def role_named(text: str, among: Sequence[Role]) -> Role:
    """The role called `text`; UserFault lists those there are to choose from."""
    if text not in among:
        raise UserFault(f"there is no role {text!r} to choose here", f"choose of: {', '.join(among)}")
    return Role(text)


def actions_named(words: Sequence[str]) -> frozenset[Action]:
    """The actions called `words`; UserFault lists them all."""
    try:
        return frozenset(map(Action, words))
    except ValueError:
        raise UserFault("that is not an action", f"choose of: {', '.join(Action)}") from None


def lifetime_named(text: str) -> timedelta:
    """The span written like 30d, 12h, 2w or 45m."""
    found = _LIFETIME.match(text.strip())
    if found is None or not int(found[1]):
        raise UserFault(f"{text!r} is not a span of time", "write it like 30d, 12h, 2w or 45m")
    return int(found[1]) * _UNITS[found[2]]


def date_named(text: str) -> datetime:
    """A date or a moment in ISO form, in UTC unless it says otherwise; or a span like 24h, counted back from now."""
    if _LIFETIME.match(text.strip()):
        return datetime.now(UTC) - lifetime_named(text)
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UserFault(f"{text!r} is not a date", "write it like 2026-11-20 or 2026-11-20T14:30, or 24h") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

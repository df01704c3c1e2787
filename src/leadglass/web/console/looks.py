"""Who has looked at a study, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from leadglass.gate.looking import Look
from leadglass.terms.outcome import Refused
from leadglass.web.console.visit import Visit
from leadglass.web.console.wording import counted, moment

__all__ = ["LookShown", "looks_at"]

_MOST: Final = 100
_DEEDS: Final = {"query": "found it in a search", "view": "viewed it", "download": "sent it on", "share": "shared it"}


@dataclass(frozen=True, slots=True)
class LookShown:
    """Somebody who looked, and how."""

    who: str
    roles: str
    words: str
    detail: str
    first: str
    last: str
    last_at: datetime


async def looks_at(visit: Visit, study: str) -> Sequence[LookShown] | Refused:
    """Everybody who was shown or sent anything of the study, the latest first; that is itself written down."""
    caller = visit.visitor.caller
    looks = await visit.parts.ledger.who_looked(
        caller.principal, study, _MOST, door=caller.door, address=caller.address
    )
    return looks if isinstance(looks, Refused) else [_shown(look) for look in looks]


def _shown(look: Look) -> LookShown:
    deeds = [words for action, words in _DEEDS.items() if action in look.actions] or ["looked"]
    words = " and ".join([", ".join(deeds[:-1]), deeds[-1]] if len(deeds) > 1 else deeds)
    released = f", {counted(look.instances, 'object')} shown" if look.instances else ""
    return LookShown(
        who=look.name or look.principal,
        roles=", ".join(look.roles),
        words=words[:1].upper() + words[1:],
        detail=f"{counted(look.times, 'time')}{released}",
        first=moment(look.first_at),
        last=moment(look.last_at),
        last_at=look.last_at,
    )

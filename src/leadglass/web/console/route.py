"""What a page of the console says of itself. The console's routing, its navigation and the door matrix of the tests are
drawn from these values.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from leadglass.terms.principal import Role
from leadglass.web.console.visit import Visit

__all__ = ["ANYBODY", "EVERYBODY", "LEDGER_READERS", "SEES_STUDIES", "ConsoleRoute", "Handler"]

Handler = Callable[[Visit], Awaitable[Response]]

ANYBODY: Final[frozenset[Role]] = frozenset()
"""Also for those who are not signed in."""
EVERYBODY: Final = frozenset(Role)
"""Whoever is signed in."""
SEES_STUDIES: Final = frozenset({Role.CLINICIAN})
LEDGER_READERS: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})


@dataclass(frozen=True, slots=True)
class ConsoleRoute:
    """One method on one address. `roles` says whose page it is: a signpost for navigation and for the 403 page. Whether
    anything may be seen is for the gate to say, in the deed behind the page."""

    method: str
    path: str
    handler: Handler
    roles: frozenset[Role]
    summary: str  # one sentence

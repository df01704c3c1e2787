"""One request to the console, and the person behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from leadglass.archive.archive import Archive, Caller
from leadglass.gate.looking import LedgerReader
from leadglass.gate.overseeing import Overseeing
from leadglass.gate.people import People
from leadglass.terms.principal import Principal, Role
from leadglass.web.console.templates import Templates

__all__ = ["Parts", "Visit", "Visitor"]


@dataclass(frozen=True, slots=True)
class Parts:
    """What the pages work with. One for the life of the process."""

    archive: Archive
    people: People
    ledger: LedgerReader
    overseeing: Overseeing
    templates: Templates


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody signed in."""

    caller: Caller
    token: str
    csrf_token: str
    expires_at: datetime

    @property
    def principal(self) -> Principal:
        return self.caller.principal

    @property
    def roles(self) -> frozenset[Role]:
        """Whose pages are shown. Who administers or audits sees no images, whatever else they are (`gate.policy`)."""
        roles = self.principal.roles
        return roles - {Role.CLINICIAN} if roles & {Role.ADMINISTRATOR, Role.AUDITOR} else roles


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page is given. `form` holds the fields of a POST, checked for where it came from; names and values are as
    the sender wrote them. `path` holds what the address names; UIDs among it are UIDs."""

    request: Request
    parts: Parts
    path: Mapping[str, str]
    form: Mapping[str, str]
    address: str
    somebody: Visitor | None

    @property
    def visitor(self) -> Visitor:
        """Whoever is signed in: for pages that nobody else is shown."""
        assert self.somebody is not None, "the route is not for anybody"
        return self.somebody

    @property
    def wants_page(self) -> bool:
        """True if whoever asks is a person reading pages, not one of our scripts."""
        return "text/html" in self.request.headers.get("accept", "")

    @property
    def wants_part(self) -> bool:
        """True if htmx asks: it puts the answer into the page that is there."""
        return self.request.headers.get("hx-request") == "true"

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """A page for this visitor."""
        return self.parts.templates.page(template, status, visitor=self.somebody, **values)

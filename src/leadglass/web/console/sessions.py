"""The console's cookie: a secret that names a session, and nothing else."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from leadglass.archive.archive import Caller
from leadglass.gate.door import Gate
from leadglass.gate.people import Session
from leadglass.terms.evidence import Door, Evidence
from leadglass.terms.outcome import Identified
from leadglass.web.console.visit import Visitor

__all__ = ["COOKIE", "forget", "remember", "signed_in", "visitor_of"]

COOKIE: Final = "__Host-leadglass"
"""`__Host-`: browsers take it over TLS only, for this very host, and never for a path of it."""
_LONGEST: Final = 256


async def visitor_of(request: Request, gate: Gate, address: str) -> Visitor | None:
    """Whoever the cookie names, as of this moment; None if nobody."""
    token = request.cookies.get(COOKIE, "")
    if not token or len(token) > _LONGEST:
        return None
    found = await gate.identify(Evidence(door=Door.CONSOLE, address=address, session=token))
    session = await gate.session(token) if isinstance(found, Identified) else None
    if not isinstance(found, Identified) or session is None:
        return None
    caller = Caller(found.principal, Door.CONSOLE, address)
    return Visitor(caller, token, session.csrf_token, session.expires_at)


def remember(response: Response, session: Session) -> Response:
    """`response`, that leaves the session's secret with the browser until it is closed."""
    response.set_cookie(COOKIE, session.token, path="/", secure=True, httponly=True, samesite="strict")
    return response


def forget(request: Request, response: Response) -> Response:
    """`response`, that takes the cookie back if there is one."""
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return response


def signed_in(session: Session) -> Response:
    """To the start page, signed in."""
    return remember(RedirectResponse("/", 303), session)

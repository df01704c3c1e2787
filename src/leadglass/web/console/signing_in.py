"""Signing in and out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import msgspec
from starlette.responses import JSONResponse, RedirectResponse, Response

from leadglass.gate.people import Session
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.web.console.sessions import forget, remember, signed_in
from leadglass.web.console.visit import Visit
from leadglass.web.problems import problem

__all__ = ["begin_passkey", "ended", "finish_passkey", "session", "sign_in", "sign_in_page", "sign_out"]


@dataclass(frozen=True, slots=True)
class _Notice:
    kind: str
    title: str
    words: str


_WRONG: Final = _Notice(
    "bad",
    "That did not fit",
    "User name, password and code must all be right, and each code works once. Wait for the next code and try again.",
)
_TOO_MANY: Final = _Notice(
    "bad", "Too many attempts", "Signing in rests for a while. Try again in a few minutes, or ask your administrator."
)
_UNAVAILABLE: Final = _Notice(
    "warn", "Not available right now", "The archive cannot check or record who signs in. Try again in a minute."
)
_ENDED: Final = _Notice("", "You are signed out", "Sign in again to go on.")
_NOTICES: Final = {
    RefusalReason.TOO_MANY_ATTEMPTS: (429, _TOO_MANY),
    RefusalReason.IDENTITY_UNAVAILABLE: (503, _UNAVAILABLE),
    RefusalReason.LEDGER_UNAVAILABLE: (503, _UNAVAILABLE),
}


async def sign_in_page(visit: Visit) -> Response:
    """The form."""
    return _form(visit, 200, None)


async def ended(visit: Visit) -> Response:
    """The form, for somebody who has just been signed out."""
    return forget(visit.request, _form(visit, 200, _ENDED))


async def sign_in(visit: Visit) -> Response:
    """A session for user name, password and code. Which of them was wrong is not told."""
    form = visit.form
    username = form.get("username", "")[:64]
    given = await visit.parts.people.sign_in(
        username, form.get("password", "")[:256], form.get("code", "")[:16], visit.address
    )
    if isinstance(given, Session):
        return signed_in(given)
    status, notice = _NOTICES.get(given.reason, (401, _WRONG))
    return _form(visit, status, notice, username)


async def begin_passkey(visit: Visit) -> Response:
    """What the browser needs to use a passkey."""
    challenge, options = await visit.parts.people.begin_passkey_sign_in()
    return JSONResponse({"challenge": challenge, "options": msgspec.json.decode(options)})


async def finish_passkey(visit: Visit) -> Response:
    """A session for what the browser answered."""
    challenge, response = visit.form.get("challenge", ""), visit.form.get("response", "")
    given = await visit.parts.people.finish_passkey_sign_in(challenge, response, visit.address)
    if isinstance(given, Refused):
        status, notice = _NOTICES.get(given.reason, (401, _WRONG))
        words = notice.words if notice is not _WRONG else "Try again, or sign in with password and code."
        return problem(status, notice.title, words)
    return remember(JSONResponse({"next": "/"}), given)


async def session(visit: Visit) -> Response:
    """Whether somebody is still signed in; asking keeps it so."""
    return JSONResponse({"expires_at": visit.visitor.expires_at.isoformat()})


async def sign_out(visit: Visit) -> Response:
    """The session ends, here and in the archive."""
    await visit.parts.people.sign_out(visit.visitor.token, visit.address)
    return forget(visit.request, RedirectResponse("/sign-in/ended", 303))


def _form(visit: Visit, status: int, notice: _Notice | None, username: str = "") -> Response:
    return visit.page("sign_in.html", status, notice=notice, username=username)

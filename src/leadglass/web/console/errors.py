"""Pages for what went wrong: each says what to do next. Scripts get the same as application/problem+json."""

from __future__ import annotations

from typing import Final

from starlette.responses import RedirectResponse, Response

from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.web.console.visit import Visit
from leadglass.web.problems import NOT_FOUND, answer_to_fault, problem

__all__ = ["error", "failed", "not_found", "refused", "sign_in_first"]

_UNAVAILABLE: Final = frozenset({RefusalReason.IDENTITY_UNAVAILABLE, RefusalReason.LEDGER_UNAVAILABLE})
_WORDS: Final = {
    400: ("That was not understood", "Something in the request is not as it should be. Go back and try once more."),
    403: (
        "Not for your role",
        "You are signed in, but this page belongs to another role. If you need it, ask your administrator.",
    ),
    404: (
        "Nothing here",
        "There is nothing here that you may see. It may have been deleted, or the address may be mistyped. "
        "If a colleague sent you here, ask your administrator whether the study is granted to you.",
    ),
    405: ("That does not work here", "Go back and try once more."),
    413: ("That is too much at once", "Go back and send less."),
    503: (
        "Not available right now",
        "The archive cannot check or record who looks, so it shows nothing. Try again in a minute; if it stays so, "
        "tell your administrator.",
    ),
    507: ("No room left", "The archive has no room left. Tell your administrator."),
}
_FAILED: Final = (
    "Something failed",
    "It is our fault, not yours, and it has been written to the archive's log. Try again in a minute; if it stays so, "
    "tell your administrator what you did and when.",
)


def error(visit: Visit, status: int, words: str = "") -> Response:
    """The page for a status; `words` instead of the usual ones."""
    title, usual = _WORDS.get(status, _FAILED)
    if not visit.wants_page:
        return problem(status, title, words or usual)
    if visit.wants_part:
        return visit.page("part_error.html", status, title=title, words=words or usual)
    way_on = {"path": "/", "words": "Go to the start page"}
    return visit.page("error.html", status, title=title, words=words or usual, way_on=way_on, code=f"Error {status}")


def not_found(visit: Visit) -> Response:
    """The one answer for what does not exist, for what was deleted and for what the visitor may not see."""
    return error(visit, 404) if visit.wants_page else NOT_FOUND()


def refused(visit: Visit, refusal: Refused) -> Response:
    """The answer to somebody who may not do this at all."""
    return error(visit, 503 if refusal.reason in _UNAVAILABLE else 403)


def failed(visit: Visit, fault: Exception) -> Response:
    """What an exception of a page becomes."""
    answer = answer_to_fault(fault)
    return error(visit, answer.status_code) if visit.wants_page else answer


def sign_in_first(visit: Visit) -> Response:
    """To somebody not signed in (any more): the way to the sign-in page."""
    if visit.wants_part:
        return Response(status_code=204, headers={"HX-Redirect": "/sign-in"})
    if visit.wants_page and visit.request.method == "GET":
        return RedirectResponse("/sign-in", 303)
    if visit.wants_page:
        return RedirectResponse("/sign-in/ended", 303)
    return problem(401, "Signed out", "You are not signed in any more.", "Sign in again.")

"""Refusals and faults as answers: application/problem+json (RFC 9457), the same for the whole web door.

No detail ever holds patient data or says whether something exists that the caller may not see.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.responses import Response

from leadglass.archive.giving import NoLongerGiven
from leadglass.archive.pixels import TranscodingFault
from leadglass.terms.errors import (
    CeilingReached,
    LeadglassError,
    LedgerFault,
    OutOfSpace,
    PeerViolation,
    StorageFault,
    UserFault,
)
from leadglass.terms.outcome import RefusalReason, Refused

__all__ = [
    "NOT_FOUND",
    "PROBLEM",
    "NeedsHttp11",
    "NotAcceptable",
    "UnsupportedMediaType",
    "answer_to_fault",
    "problem",
    "refused",
    "unauthenticated",
]

PROBLEM: Final = "application/problem+json"
_UNAVAILABLE: Final = frozenset({RefusalReason.IDENTITY_UNAVAILABLE, RefusalReason.LEDGER_UNAVAILABLE})


class NotAcceptable(LeadglassError):
    """Nothing that the caller accepts can be given (406); the text says what can."""


class UnsupportedMediaType(LeadglassError):
    """The body is in a form that is not taken here (415); the text says which are."""


class NeedsHttp11(LeadglassError):
    """HTTP/1.0 cannot carry this answer safely (505)."""


def problem(
    status: int, title: str, detail: str = "", advice: str = "", headers: Mapping[str, str] | None = None
) -> Response:
    """An answer that says what is wrong, and what to do about it if there is something."""
    words = {"title": title, "status": status}
    words |= {name: text for name, text in (("detail", detail), ("advice", advice)) if text}
    return Response(msgspec.json.encode(words), status, dict(headers or {}), media_type=PROBLEM)


def NOT_FOUND() -> Response:  # noqa: N802 - read as the constant it would be, were answers not used up by sending
    """The one answer for what does not exist, for what was deleted and for what the caller may not see."""
    return problem(404, "Not found", "There is nothing here that you may see.")


def refused(refusal: Refused) -> Response:
    """The answer to somebody with a name whose way of signing in may not do this at all: 403. If that cannot be told
    right now: 503."""
    if refusal.reason in _UNAVAILABLE:
        return problem(503, "Not available", "It cannot be decided right now whether you may do this.", "Try again.")
    return problem(403, "Forbidden", "Your way of signing in may not do this.", "Ask the administrator of the archive.")


def unauthenticated(refusal: Refused) -> Response:
    """The answer to somebody without a name: 401, the same for every reason. If names cannot be checked: 503."""
    if refusal.reason in _UNAVAILABLE:
        return problem(503, "Not available", "Nobody can be identified right now.", "Try again.")
    return problem(
        401,
        "Who are you?",
        "Every caller needs a name.",
        "Send a token as Authorization: Bearer, or call with the certificate of an enrolled device.",
        {"WWW-Authenticate": 'Bearer realm="Leadglass"'},
    )


def answer_to_fault(fault: Exception) -> Response:
    """What a handler's exception becomes. Texts of our own errors are told if the caller can do something about it."""
    match fault:
        case CeilingReached():
            return problem(413, "Too large", str(fault))
        case PeerViolation():
            return problem(400, "Bad request", str(fault))
        case NotAcceptable():
            return problem(406, "Not acceptable", str(fault))
        case NoLongerGiven():
            return NOT_FOUND()
        case TranscodingFault():
            return problem(406, "Not acceptable", str(fault))
        case UnsupportedMediaType():
            return problem(415, "Unsupported media type", str(fault))
        case NeedsHttp11():
            return problem(505, "HTTP/1.1 is needed", str(fault), "Behind nginx: proxy_http_version 1.1.")
        case UserFault():
            return problem(400, "Bad request", str(fault), fault.advice)
        case OutOfSpace():
            return problem(507, "No room left", "Nothing of this request was stored.", "Try again later.")
        case LedgerFault():
            return problem(503, "Not available", "The ledger cannot be written, so nothing is released.", "Try again.")
        case StorageFault():
            return problem(500, "Storage failed", "The archive's own storage failed.")
        case _:
            return problem(500, "Internal error", "The archive failed; its log says why.")

"""Forms and their fields. That a form was sent by our own page is seen to by `web.cross_site`, before us."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from leadglass.terms.ceilings import MAX_CONSOLE_FORM
from leadglass.terms.errors import CeilingReached, PeerAnswer, PeerViolation
from leadglass.web.problems import UnsupportedMediaType

__all__ = ["carries_token", "read_form"]

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 32


def carries_token(form: Mapping[str, str], token: str) -> bool:
    """True if the form was written by a page of this very session."""
    return hmac.compare_digest(form.get("csrf", "").encode(), token.encode())


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of the form; of a name given twice, the last. UnsupportedMediaType, CeilingReached, PeerViolation."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise UnsupportedMediaType(f"forms are sent as {_FORM}")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_CONSOLE_FORM:
            raise CeilingReached("MAX_CONSOLE_FORM", MAX_CONSOLE_FORM, len(body), answer=PeerAnswer())
    try:
        fields = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS, separator="&"
        )
    except ValueError:
        raise PeerViolation("the form is not in the encoding of forms", answer=PeerAnswer()) from None
    return dict(fields)

"""What went wrong, as a page for people and as a problem for our scripts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest
from starlette.requests import Request

from leadglass.terms.errors import LedgerFault, OutOfSpace, PeerAnswer, PeerViolation, StorageFault
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.web.console import errors
from leadglass.web.console.pages import SECTIONS
from leadglass.web.console.templates import Templates
from leadglass.web.console.visit import Parts, Visit

TEMPLATES = Templates(SECTIONS, 1800)


def _visit(accept: str = "text/html", method: str = "GET", **headers: str) -> Visit:
    named = [(b"accept", accept.encode()), *((name.encode(), value.encode()) for name, value in headers.items())]
    request = Request({"type": "http", "method": method, "path": "/", "headers": named})
    parts = cast(Parts, SimpleNamespace(templates=TEMPLATES))
    return Visit(request, parts, {}, {}, "192.0.2.1", None)


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (LedgerFault("down"), 503),
        (StorageFault("disk 7 failed"), 500),
        (OutOfSpace("full"), 507),
        (PeerViolation("a value", answer=PeerAnswer()), 400),
        (ZeroDivisionError("patient Smith"), 500),
    ],
)
def test_faults(fault: Exception, status: int) -> None:
    page = errors.failed(_visit(), fault)
    assert page.status_code == status
    read = bytes(page.body).decode()
    assert f"Error {status}" in read
    assert "Smith" not in read
    assert "disk 7" not in read
    problem = errors.failed(_visit("application/json"), fault)
    assert (problem.status_code, problem.media_type) == (status, "application/problem+json")


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 500, 503, 507])
def test_every_page_says_what_to_do_next(status: int) -> None:
    read = bytes(errors.error(_visit(), status).body).decode()
    assert 'href="/"' in read
    assert any(word in read for word in ("ask", "Try again", "Go back", "Tell", "tell"))


@pytest.mark.parametrize(
    ("reason", "status"),
    [(RefusalReason.ROLE_SEES_NO_IMAGES, 403), (RefusalReason.LEDGER_UNAVAILABLE, 503), (RefusalReason.NO_GRANT, 403)],
)
def test_refusals_tell_no_reason(reason: RefusalReason, status: int) -> None:
    page = errors.refused(_visit(), Refused(reason))
    assert page.status_code == status
    assert reason.value not in bytes(page.body).decode()


def test_within_a_page_only_its_part_is_replaced() -> None:
    part = errors.failed(_visit(**{"hx-request": "true"}), LedgerFault("down"))
    read = bytes(part.body).decode()
    assert part.status_code == 503
    assert read.startswith('<section id="results"')
    assert "Not available right now" in read
    assert "<html" not in read


def test_the_way_in() -> None:
    assert errors.sign_in_first(_visit()).headers["location"] == "/sign-in"
    assert errors.sign_in_first(_visit(method="POST")).headers["location"] == "/sign-in/ended"
    assert errors.sign_in_first(_visit("application/json")).status_code == 401
    part = errors.sign_in_first(_visit(**{"hx-request": "true"}))
    assert part.headers["hx-redirect"] == "/sign-in"

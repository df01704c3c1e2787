"""Lines of the ledger as the page shows them, and its seal."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leadglass.gate.looking import Line, VerificationState
from leadglass.web.console.ledger import Asked, _seal, _shown

AT = datetime(2026, 1, 2, 9, 30, tzinfo=UTC)


def _line(**changed: str) -> Line:
    fields = {
        "event": "episode-opened",
        "outcome": "allowed",
        "who": "usr-1",
        "principal": "usr-1",
        "action": "view",
        "study": "1.2.3",
        "door": "console",
        "address": "192.0.2.1",
        "reason": "",
        "what": "12 instances",
    }
    return Line(at=AT, entry=1234, **(fields | changed))


def test_a_line() -> None:
    shown = _shown(_line(), {"usr-1": "clara"})
    assert (shown.number, shown.who, shown.words, shown.detail) == (
        "1,234",
        "clara",
        "Began viewing a study",
        "12 instances",
    )
    assert (shown.when, shown.origin, shown.is_refusal) == ("2 Jan 2026, 09:30:00 UTC", "192.0.2.1 · console", False)


def test_a_refusal_says_why() -> None:
    shown = _shown(_line(event="refused", outcome="refused", reason="no grant covers it", what="count 3"), {})
    assert (shown.is_refusal, shown.words, shown.detail) == (True, "Refused: viewing", "no grant covers it")


def test_strangers_and_those_who_are_gone() -> None:
    assert _shown(_line(who="", principal=""), {}).who == "somebody without a name"
    assert _shown(_line(who="dev-9"), {}).who == "dev-9"


@pytest.mark.parametrize(
    ("ok", "kind", "heading"),
    [
        (True, "good", "The ledger is whole"),
        (False, "bad", "The ledger is broken"),
        (None, "", "The ledger is being verified"),
    ],
)
def test_the_seal(ok: bool | None, kind: str, heading: str) -> None:
    seal = _seal(VerificationState(ok, 7, "ab" * 32, AT, AT, "entry 3 was changed"))
    assert (seal.kind, seal.heading, seal.words) == (kind, heading, "entry 3 was changed")
    assert bool(seal.root) == (ok is not None)


def test_filters_go_with_the_next_page() -> None:
    asked = Asked.in_form({"person": " clara ", "event": "refused", "csrf": "x", "study": "1" * 90})
    assert asked.fields == {"person": "clara", "event": "refused", "study": "1" * 64, "patient": ""}

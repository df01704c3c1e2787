"""The table of pages, and what it says of itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leadglass.archive.archive import Caller
from leadglass.gate.door import Event
from leadglass.gate.policy import may
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role, Strength
from leadglass.web.console.event_words import EVENTS, words_of
from leadglass.web.console.pages import CONSOLE_ROUTES, SECTIONS
from leadglass.web.console.route import ANYBODY, SEES_STUDIES
from leadglass.web.console.visit import Visitor


def test_no_line_is_there_twice() -> None:
    named = [(route.method, route.path) for route in CONSOLE_ROUTES]
    assert len(named) == len(set(named))


def test_strangers_get_no_page_about_a_study() -> None:
    for route in CONSOLE_ROUTES:
        if "{study}" in route.path:
            assert route.roles == SEES_STUDIES
        if route.roles == ANYBODY:
            assert route.path.startswith(("/sign-in", "/welcome/", "/assets/"))


def test_pages_of_somebody_with_two_roles() -> None:
    roles = frozenset({Role.CLINICIAN, Role.ADMINISTRATOR})
    principal = Principal("usr-1", "both", PrincipalKind.PERSON, roles, Strength.STRONG, frozenset({Action.VIEW}))
    visitor = Visitor(Caller(principal, Door.CONSOLE, "192.0.2.1"), "", "", datetime(2026, 1, 1, tzinfo=UTC))
    assert visitor.roles == {Role.ADMINISTRATOR}
    # What the signpost says is what the gate says.
    assert may(principal, Action.VIEW) == Refused(RefusalReason.ROLE_SEES_NO_IMAGES, "usr-1", Action.VIEW)


def test_whoever_administers_or_audits_is_shown_no_images() -> None:
    assert not SEES_STUDIES & {Role.ADMINISTRATOR, Role.AUDITOR}


def test_every_place_of_the_navigation_is_a_page() -> None:
    pages = {route.path for route in CONSOLE_ROUTES if route.method == "GET"}
    assert {section.path for section in SECTIONS} <= pages


@pytest.mark.parametrize("event", list(Event))
def test_every_event_has_words(event: Event) -> None:
    assert words_of(event.value, "view")
    assert words_of(event.value, "") != event.value
    assert event.value in {known["value"] for known in EVENTS}


def test_episodes_are_told_by_what_was_done() -> None:
    assert words_of("episode-opened", "view") == "Began viewing a study"
    assert words_of("refused", "download") == "Refused: sending on"
    assert words_of("something-new", "") == "Something new"

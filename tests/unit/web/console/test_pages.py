"""The table of pages, and what it says of itself."""

from __future__ import annotations

import pytest

from leadglass.gate.door import Event
from leadglass.terms.principal import Role
from leadglass.web.console.event_words import EVENTS, words_of
from leadglass.web.console.pages import CONSOLE_ROUTES, SECTIONS
from leadglass.web.console.route import ANYBODY, SEES_STUDIES


def test_no_line_is_there_twice() -> None:
    named = [(route.method, route.path) for route in CONSOLE_ROUTES]
    assert len(named) == len(set(named))


def test_strangers_get_no_page_about_a_study() -> None:
    for route in CONSOLE_ROUTES:
        if "{study}" in route.path:
            assert route.roles == SEES_STUDIES
        if route.roles == ANYBODY:
            assert route.path.startswith(("/sign-in", "/welcome/", "/assets/"))


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

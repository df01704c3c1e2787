"""Roles, actions, spans and dates as an administrator writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from leadglass.app.verbs.words import PEOPLE, PROGRAMS, actions_named, date_named, lifetime_named, role_named
from leadglass.terms.errors import UserFault
from leadglass.terms.principal import Action, Role


def test_roles_are_chosen_of_those_that_fit() -> None:
    assert role_named("clinician", PEOPLE) is Role.CLINICIAN
    for wrong, among in (("king", PEOPLE), ("device", PEOPLE), ("administrator", PROGRAMS), ("", PEOPLE)):
        with pytest.raises(UserFault) as fault:
            role_named(wrong, among)
        assert all(role in fault.value.advice for role in among)


def test_actions() -> None:
    assert actions_named(["query", "view"]) == {Action.QUERY, Action.VIEW}
    assert actions_named([]) == frozenset()
    with pytest.raises(UserFault):
        actions_named(["query", "peek"])


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30d", timedelta(days=30)),
        ("12h", timedelta(hours=12)),
        (" 2w ", timedelta(weeks=2)),
        ("45m", timedelta(minutes=45)),
    ],
)
def test_spans(text: str, span: timedelta) -> None:
    assert lifetime_named(text) == span


@pytest.mark.parametrize("text", ["", "0d", "30", "d", "-1d", "1y", "999999d", "1.5h"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(UserFault):
        lifetime_named(text)


def test_dates_are_utc_unless_they_say_otherwise() -> None:
    assert date_named("2026-11-20") == datetime(2026, 11, 20, tzinfo=UTC)
    assert date_named("2026-11-20T14:30+02:00") == datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    assert timedelta(hours=23) < datetime.now(UTC) - date_named("24h") < timedelta(hours=25)
    with pytest.raises(UserFault):
        date_named("tomorrow")

"""Who looked at a study: one row a person, exact counts, and what is no look left out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from helpers.callers import NOW
from leadglass.gate.ledger import Disclosed, Entry, Event, Outcome
from leadglass.gate.looks import Look, looks_at

STUDY = "1.2.3"


def entry(minute: int, event: Event = Event.EPISODE_OPENED, **fields: Any) -> Entry:
    values: dict[str, Any] = {
        "at": NOW + timedelta(minutes=minute),
        "event": event,
        "principal": "usr-1",
        "action": "view",
        "door": "console",
        "study_instance_uid": STUDY,
    }
    return Entry(**(values | fields))


def looks(*entries: Entry) -> list[Look]:
    return looks_at(STUDY, sorted(entries, key=lambda one: one.at, reverse=True))


def test_episodes_and_listings_of_a_person_are_one_row() -> None:
    shown = Disclosed(STUDY, "p")
    [look] = looks(
        entry(0, Event.QUERIED, name="ann", action="query", door="https", study_instance_uid="", disclosed=(shown,)),
        entry(1, name="ann", roles=("clinician",), episode="e1"),
        entry(2, Event.EPISODE_PROGRESS, episode="e1", counts={"instances": 3}),
        entry(3, Event.EPISODE_CLOSED, episode="e1", counts={"instances": 5}),
        entry(4, name="ann", episode="e2", action="download"),
        entry(5, Event.EPISODE_PROGRESS, episode="e2", counts={"instances": 2}, action="download"),  # and a crash
    )
    assert (look.principal, look.name, look.times, look.instances) == ("usr-1", "ann", 3, 7)
    assert (look.first_at, look.last_at) == (NOW, NOW + timedelta(minutes=5))
    assert look.actions == ("download", "query", "view")
    assert look.doors == ("console", "https")


def test_whoever_looked_last_comes_first() -> None:
    found = looks(
        entry(0, name="ann", episode="e1"),
        entry(1, name="bob", principal="usr-2", episode="e2"),
        entry(2, Event.EPISODE_CLOSED, episode="e1"),
        entry(3, name="", principal="dev-9", episode="e3"),
    )
    assert [look.name for look in found] == ["dev-9", "ann", "bob"]


def test_two_people_at_one_device_are_two() -> None:
    found = looks(
        entry(0, name="station with ann", principal="dev-1", episode="e1"),
        entry(1, name="station with bob", principal="dev-1", episode="e2"),
        entry(2, Event.EPISODE_CLOSED, principal="dev-1", episode="e2", counts={"instances": 4}),
        entry(3, Event.EPISODE_CLOSED, principal="dev-1", episode="e1", counts={"instances": 1}),
    )
    assert [(look.name, look.instances) for look in found] == [("station with ann", 1), ("station with bob", 4)]


def test_what_is_no_look() -> None:
    assert not looks(
        entry(0, Event.REFUSED, outcome=Outcome.REFUSED),
        entry(1, action="store", episode="e1"),
        entry(2, action="delete", episode="e2"),
        entry(3, study_instance_uid="1.2.33", episode="e3"),
        entry(4, Event.QUERIED, action="query", study_instance_uid="", disclosed=(Disclosed("1.2.34", "p"),)),
        entry(5, Event.LEDGER_READ, action="", detail={"study": STUDY}),
    )

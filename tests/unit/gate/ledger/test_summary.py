"""Episodes folded into lines."""

from __future__ import annotations

from helpers.ledgers import START
from leadglass.gate.ledger import Entry, EpisodeState, EpisodeSummary, Event, summarise


def told(event: Event, episode: str = "", **counts: int) -> Entry:
    return Entry(at=START, event=event, episode=episode, counts=counts)


def folded(*entries: Entry) -> list[tuple[str, str]]:
    return [(e.first.episode, e.words) for e in summarise(entries) if isinstance(e, EpisodeSummary)]


def test_a_closed_episode_is_exact_whatever_came_before() -> None:
    entries = (
        told(Event.EPISODE_OPENED, "a"),
        told(Event.EPISODE_PROGRESS, "a", instances=3),
        told(Event.EPISODE_OPENED, "b"),
        told(Event.EPISODE_CLOSED, "a", instances=5, bytes=7),
        told(Event.EPISODE_CLOSED, "b"),
    )
    assert folded(*entries) == [("a", "5 instances, 7 bytes"), ("b", "nothing")]


def test_a_restart_tells_a_crash_from_an_open_episode() -> None:
    crashed = (told(Event.EPISODE_OPENED, "a"), told(Event.LEDGER_OPENED), told(Event.EPISODE_OPENED, "b"))
    assert folded(*crashed) == [("a", "ended by a crash; at least nothing"), ("b", "still open; at least nothing")]


def test_an_episode_whose_beginning_is_out_of_sight_is_still_told() -> None:
    assert folded(told(Event.EPISODE_CLOSED, "a", instances=2)) == [("a", "2 instances")]


def test_other_entries_pass_through_in_order() -> None:
    entries = [told(Event.LEDGER_OPENED), told(Event.QUERIED), told(Event.REFUSED)]
    assert list(summarise(entries)) == entries


def test_times_span_the_episode() -> None:
    (summary,) = summarise([told(Event.EPISODE_OPENED, "a")])
    assert isinstance(summary, EpisodeSummary)
    assert (summary.first.at, summary.last_at, summary.state) == (START, START, EpisodeState.OPEN)

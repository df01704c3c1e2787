"""Episodes as people read them: one line each, with what is known of their counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from leadglass.gate.ledger.entry import Entry, Event

__all__ = ["EpisodeState", "EpisodeSummary", "summarise"]


class EpisodeState(StrEnum):
    CLOSED = "closed"  # the counts are exact
    CRASHED = "ended by a crash"  # a server started again without having closed it
    OPEN = "still open"  # or its server is gone and has not been started again


@dataclass(frozen=True, slots=True)
class EpisodeSummary:
    """All entries of one episode, folded. Fields of the principal come from its opening entry, if that is in sight."""

    first: Entry
    last_at: datetime
    counts: Mapping[str, int]
    state: EpisodeState

    @property
    def words(self) -> str:
        """What came of it: "12 instances, 345 bytes", or "ended by a crash; at least 12 instances"."""
        counted = ", ".join(f"{count} {name}" for name, count in sorted(self.counts.items(), reverse=True)) or "nothing"
        return counted if self.state is EpisodeState.CLOSED else f"{self.state}; at least {counted}"


_FOLDED = (Event.EPISODE_OPENED, Event.EPISODE_PROGRESS, Event.EPISODE_CLOSED)


def summarise(entries: Iterable[Entry]) -> Iterator[Entry | EpisodeSummary]:
    """Fold episode entries into summaries, each yielded when it is known how it ended; other entries pass through.

    Give it what `search(..., with_sessions=True)` yields: only a later ledger-opened entry tells a crash from an
    episode that is still open.
    """
    running: dict[str, EpisodeSummary] = {}
    for entry in entries:
        if entry.event == Event.LEDGER_OPENED:
            yield from (replace(episode, state=EpisodeState.CRASHED) for episode in running.values())
            running.clear()
        if entry.event not in _FOLDED or not entry.episode:
            yield entry
            continue
        known = running.get(entry.episode, EpisodeSummary(entry, entry.at, {}, EpisodeState.OPEN))
        known = replace(known, last_at=entry.at, counts=entry.counts or known.counts)
        if entry.event == Event.EPISODE_CLOSED:
            running.pop(entry.episode, None)
            yield replace(known, state=EpisodeState.CLOSED)
        else:
            running[entry.episode] = known
    yield from running.values()

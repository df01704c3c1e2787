"""A case: one leak, from the day it was found to the proof that it is closed. Folded from its events, pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from leadglass.survey.cases.events import (
    Closed,
    Dismissed,
    Event,
    Moved,
    NoticeSent,
    NoticeWritten,
    Opened,
    OwnerFound,
    Reopened,
    Seen,
    Unanswered,
)
from leadglass.survey.recognising import Features

__all__ = ["Case", "CaseState", "cases_of"]

_LeakEvent = Opened | Seen | Reopened | Moved


class CaseState(StrEnum):
    """Where it stands."""

    OPEN = "open"
    CLOSED = "closed"
    DISMISSED = "dismissed"


@dataclass(slots=True)
class Case:
    """One leak and all that happened to it."""

    id: str
    opened: Opened
    last_seen: _LeakEvent
    state: CaseState = CaseState.OPEN
    closed_at: datetime | None = None
    times_reopened: int = 0
    owners: list[OwnerFound] = field(default_factory=list)
    notices_sent: list[NoticeSent] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    history: list[Event] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Where it is now."""
        return self.last_seen.address

    @property
    def noticed_at(self) -> datetime | None:
        """When its owner was first told that it stands open; legal clocks run from then at the latest. Of a leak that
        was closed meanwhile he is to be told anew."""
        told: list[datetime] = []
        for event in reversed(self.history):
            if isinstance(event, Opened | Reopened):
                break
            if isinstance(event, NoticeSent):
                told.append(event.at)  # may be noted afterwards
        return min(told, default=None)

    @property
    def looked_at(self) -> datetime:
        """When a run last said something of it."""
        return max(event.at for event in self.history if isinstance(event, _LeakEvent | Closed | Unanswered))

    @property
    def silent_since(self) -> datetime | None:
        """When it was first found silent since it was last seen open."""
        since = None
        for event in reversed(self.history):
            if isinstance(event, _LeakEvent):
                break
            if isinstance(event, Unanswered):
                since = event.at
        return since

    @property
    def days_open(self) -> int:
        """Whole days from opening to closing, or to the last event."""
        return ((self.closed_at or max(event.at for event in self.history)) - self.opened.at).days

    @property
    def features(self) -> Features:
        """What the archive would keep if it moved."""
        seen = self.last_seen
        return Features(
            certificates=frozenset(seen.certificates),
            organisation=self.opened.organisation,
            software=seen.software,
            records=seen.records or 0,
        )

    def take(self, event: Event) -> None:
        """The next thing that happened."""
        self.history.append(event)
        match event:
            case Opened() | Seen() | Reopened() | Moved():
                self._leaks(event)
            case Closed():
                self.state, self.closed_at = CaseState.CLOSED, event.at
            case Dismissed():
                self.state, self.closed_at = CaseState.DISMISSED, event.at
            case OwnerFound():
                self.owners.append(event)
            case NoticeSent():
                self.notices_sent.append(event)
            case NoticeWritten() | Unanswered():
                pass  # the history has it

    def _leaks(self, event: _LeakEvent) -> None:
        self.last_seen = event
        self.times_reopened += isinstance(event, Reopened)
        self.state, self.closed_at = CaseState.OPEN, None
        if event.address not in self.addresses:
            self.addresses.append(event.address)


def cases_of(events: Iterable[Event]) -> dict[str, Case]:
    """All cases by id, in the order they were opened. Events of a case that was never opened are left out."""
    cases: dict[str, Case] = {}
    for event in events:
        if isinstance(event, Opened):
            cases.setdefault(event.case, Case(event.case, event, event))
        if event.case in cases:
            cases[event.case].take(event)
    return cases

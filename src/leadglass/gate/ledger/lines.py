"""An entry, or an episode folded from several, as one line for people. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadglass.gate.ledger.entry import Entry
from leadglass.gate.ledger.summary import EpisodeSummary

__all__ = ["Line", "line_of"]


@dataclass(frozen=True, slots=True)
class Line:
    """Plain fields, empty where the entry has none. Names and reasons are what people wrote: hostile to whoever shows
    them unescaped."""

    at: datetime
    event: str
    outcome: str
    who: str  # the principal's name, or its id where it has none
    principal: str
    action: str
    study: str
    door: str
    address: str
    reason: str
    what: str  # counts and details in words
    entry: int | None  # its number in the ledger


def line_of(item: Entry | EpisodeSummary) -> Line:
    entry = item.first if isinstance(item, EpisodeSummary) else item
    return Line(
        at=entry.at,
        event="access" if isinstance(item, EpisodeSummary) else str(entry.event),
        outcome=str(entry.outcome),
        who=entry.name or entry.principal,
        principal=entry.principal,
        action=entry.action,
        study=entry.study_instance_uid,
        door=entry.door,
        address=entry.address,
        reason=entry.reason,
        what=item.words if isinstance(item, EpisodeSummary) else _words(entry),
        entry=entry.tree_index,
    )


def _words(entry: Entry) -> str:
    parts = [f"{count} {name.removesuffix('s') if count == 1 else name}" for name, count in entry.counts.items()]
    parts += [f"{name} {_word(value)}" for name, value in entry.detail.items() if value != ""]
    return ", ".join(parts)


def _word(value: str | int | bool) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)

"""Who looked at a study: the ledger's entries about it, one row for each who did. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from leadglass.gate.ledger import Entry, Event, Outcome
from leadglass.terms.principal import Action

__all__ = ["Look", "looks_at"]

MAX_ENTRIES: Final = 50_000
"""Entries about one study that are looked at, the newest."""
_EPISODES: Final = frozenset({Event.EPISODE_OPENED, Event.EPISODE_PROGRESS, Event.EPISODE_CLOSED})
_NOT_LOOKS: Final = frozenset({Action.STORE.value, Action.DELETE.value, Action.VERIFY.value})


@dataclass(frozen=True, slots=True)
class Look:
    """One person, device or program. `instances` counts what was released; being listed in a search counts as one of
    `times` with the action "query"."""

    principal: str
    name: str
    roles: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    times: int
    instances: int
    actions: tuple[str, ...]
    doors: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    first: Entry  # names its principal, which later entries of an episode do not
    last_at: datetime
    times: int = 0
    actions: set[str] = field(default_factory=set)
    doors: set[str] = field(default_factory=set)
    instances: dict[str, int] = field(default_factory=dict)  # so far, by episode


def looks_at(study_uid: str, newest_first: Iterable[Entry]) -> list[Look]:
    """Everybody who was shown or sent anything of the study; whoever looked last comes first."""
    newest = list(islice((entry for entry in newest_first if _is_look(entry, study_uid)), MAX_ENTRIES))
    tallies: dict[tuple[str, str], _Tally] = {}
    by_episode: dict[str, _Tally] = {}
    for entry in reversed(newest):
        tally = by_episode.get(entry.episode)
        if tally is None:
            tally = tallies.setdefault((entry.principal, entry.name), _Tally(entry, entry.at))
            tally.times += 1
        if entry.episode:
            by_episode[entry.episode] = tally
            tally.instances[entry.episode] = entry.counts.get("instances", tally.instances.get(entry.episode, 0))
        tally.last_at = entry.at
        tally.actions.add(entry.action)
        tally.doors.add(entry.door)
    return sorted(map(_look, tallies.values()), key=lambda look: look.last_at, reverse=True)


def _is_look(entry: Entry, study_uid: str) -> bool:
    if entry.outcome != Outcome.ALLOWED or entry.action in _NOT_LOOKS:
        return False
    if entry.event in _EPISODES:
        return entry.study_instance_uid == study_uid
    return entry.event == Event.QUERIED and any(one.study_instance_uid == study_uid for one in entry.disclosed)


def _look(tally: _Tally) -> Look:
    return Look(
        principal=tally.first.principal,
        name=tally.first.name or tally.first.principal,
        roles=tally.first.roles,
        first_at=tally.first.at,
        last_at=tally.last_at,
        times=tally.times,
        instances=sum(tally.instances.values()),
        actions=tuple(sorted(tally.actions - {""})),
        doors=tuple(sorted(tally.doors - {""})),
    )

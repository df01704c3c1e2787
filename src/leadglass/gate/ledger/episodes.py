"""Access episodes: one durable entry before the first byte, exact counts afterwards.

A radiologist who scrolls 2,000 slices touches one study through one door: that is one episode. Its opening entry is
durable before anything is released; what follows is counted in memory, written every few seconds as progress, and
closed with the final counts when the study has been left alone for a while. After a crash an episode has no closing
entry: readers then say "at least" (see `summary`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Protocol

from leadglass.gate.ledger.entry import Entry, Event
from leadglass.terms.errors import LedgerFault
from leadglass.terms.evidence import Door
from leadglass.terms.principal import Action, Principal

__all__ = ["Access", "EpisodeSettings", "EpisodeUse", "Episodes", "Sink"]


class Sink(Protocol):
    """What episodes need of a ledger."""

    async def append(self, entry: Entry) -> int: ...
    def append_soon(self, entry: Entry) -> None: ...


@dataclass(frozen=True, slots=True)
class EpisodeSettings:
    linger_seconds: float = 30.0
    """An access episode without any use for so long is closed."""
    progress_seconds: float = 5.0
    """How often new counts are written: what a crash can leave uncounted."""
    most_open: int = 32_768
    """Open episodes kept in memory (law 5); above it, idle ones close early, then nothing more is released."""


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody is about to touch one study. Equal principal, study, action, door and address share an episode."""

    principal: Principal
    action: Action
    study_instance_uid: str
    patient: str  # pseudonym
    door: Door
    address: str
    because: tuple[str, ...] = ()  # ids of grants
    association: str = ""  # set for stores: an episode of its own, closed as soon as its last use is released

    @property
    def key(self) -> tuple[str, ...]:
        return (
            self.principal.id,
            self.principal.name,  # a device with a person: another person at the same device is another access
            self.study_instance_uid,
            self.action,
            self.door,
            self.address,
            self.association,
        )

    def entry(self, at: datetime, event: Event, episode: str, counts: dict[str, int]) -> Entry:
        """An entry of this episode; only the opening one says all that is known of the principal."""
        opening = event is Event.EPISODE_OPENED
        return Entry(
            at=at,
            event=event,
            principal=self.principal.id,
            name=self.principal.name if opening else "",
            roles=tuple(sorted(self.principal.roles)) if opening else (),
            strength=self.principal.strength.name.lower() if opening else "",
            door=self.door,
            address=self.address,
            action=self.action,
            study_instance_uid=self.study_instance_uid,
            patient=self.patient,
            because=self.because if opening else (),
            episode=episode,
            counts=counts,
            detail={"association": self.association} if self.association and opening else {},
        )


@dataclass(slots=True, eq=False)
class _Episode:
    access: Access
    id: str
    opening: asyncio.Task[int]
    uses: int = 0
    counts: dict[str, int] = field(default_factory=lambda: {"instances": 0, "bytes": 0, "failures": 0})
    written: dict[str, int] = field(default_factory=dict)  # counts that the ledger has been given
    idle_since: float = 0.0

    @property
    def nonzero(self) -> dict[str, int]:
        return {name: count for name, count in self.counts.items() if count}


class EpisodeUse:
    """One use of an episode: a context manager. `release` may be called more than once."""

    __slots__ = ("_episode", "_episodes", "_released")

    def __init__(self, episodes: Episodes, episode: _Episode) -> None:
        self._episodes = episodes
        self._episode = episode
        self._released = False

    @property
    def episode_id(self) -> str:
        return self._episode.id

    def count(self, instances: int = 0, octets: int = 0, failures: int = 0) -> None:
        """Count what was released or taken in, up to the `release` of this use."""
        if self._released:
            raise ValueError("this use of the episode is over")
        counts = self._episode.counts
        counts["instances"] += instances
        counts["bytes"] += octets
        counts["failures"] += failures

    def release(self) -> None:
        """This use is over. An access episode lingers for the next request; an ingest episode closes at once."""
        if not self._released:
            self._released = True
            self._episodes.released(self._episode)

    def __enter__(self) -> EpisodeUse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Episodes:
    """All open episodes of a server, in one event loop."""

    def __init__(self, ledger: Sink, clock: Callable[[], datetime], settings: EpisodeSettings | None = None) -> None:
        self._ledger = ledger
        self._clock = clock
        self._settings = settings or EpisodeSettings()
        self._open: dict[tuple[str, ...], _Episode] = {}
        self._unwritten: list[Entry] = []  # closing entries that the ledger would not take yet
        self._ticker: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def open_count(self) -> int:
        return len(self._open)

    async def open(self, access: Access) -> EpisodeUse:
        """A use of the episode for this access; its opening entry is durable. LedgerFault: release nothing."""
        if self._closed:
            raise LedgerFault("the server is stopping: nothing more is released")
        episode = self._open.get(access.key) or self._begin(access)
        episode.uses += 1
        try:
            await asyncio.shield(episode.opening)  # others may wait for the same entry
        except BaseException:
            self.released(episode)
            raise
        return EpisodeUse(self, episode)

    def released(self, episode: _Episode) -> None:
        """For `EpisodeUse` only."""
        episode.uses -= 1
        episode.idle_since = asyncio.get_running_loop().time()
        if episode.uses == 0 and episode.access.association:
            self._finish(episode)

    def tick(self, now: float) -> None:
        """Write progress, close what was left alone. `now` is the event loop's time; called every few seconds."""
        for episode in list(self._open.values()):
            if not episode.uses and now - episode.idle_since >= self._settings.linger_seconds:
                self._finish(episode)
            elif episode.counts != episode.written and episode.opening.done():
                self._progress(episode)
        self._hand_over()

    async def close(self) -> None:
        """Close every episode: call after the doors are shut and before the ledger is closed.

        LedgerFault if the ledger would not take all of the counts.
        """
        self._closed = True
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.wait([self._ticker])
        await asyncio.gather(*(episode.opening for episode in self._open.values()), return_exceptions=True)
        for episode in list(self._open.values()):
            self._finish(episode)
        self._hand_over()
        if self._unwritten:
            raise LedgerFault(f"the closing counts of {len(self._unwritten)} episodes could not be recorded")

    def _begin(self, access: Access) -> _Episode:
        self._make_room()
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick_forever())
        name = secrets.token_hex(8)
        entry = access.entry(self._clock(), Event.EPISODE_OPENED, name, {})
        episode = _Episode(access, name, asyncio.create_task(self._ledger.append(entry)))
        episode.written = dict(episode.counts)
        episode.opening.add_done_callback(lambda opening: self._opened(episode, opening))
        self._open[access.key] = episode
        return episode

    def _opened(self, episode: _Episode, opening: asyncio.Task[int]) -> None:
        """An episode that could not be opened is none: the next request tries again."""
        if opening.cancelled() or opening.exception() is not None:
            self._forget(episode)

    def _make_room(self) -> None:
        most = self._settings.most_open
        if len(self._open) + len(self._unwritten) < most:
            return
        idle = min((e for e in self._open.values() if not e.uses), key=lambda e: e.idle_since, default=None)
        if idle is None or len(self._unwritten) >= most:
            raise LedgerFault(f"{most} studies are being accessed at once: nothing more is released")
        self._finish(idle)

    def _progress(self, episode: _Episode) -> None:
        entry = episode.access.entry(self._clock(), Event.EPISODE_PROGRESS, episode.id, episode.nonzero)
        try:
            self._ledger.append_soon(entry)
        except LedgerFault:
            return  # the counts stay here and are written with the next progress or at the close
        episode.written = dict(episode.counts)

    def _finish(self, episode: _Episode) -> None:
        if not self._forget(episode):
            return
        entry = episode.access.entry(self._clock(), Event.EPISODE_CLOSED, episode.id, episode.nonzero)
        self._unwritten.append(entry)
        self._hand_over()

    def _forget(self, episode: _Episode) -> bool:
        """False if it was forgotten before."""
        if self._open.get(episode.access.key) is not episode:
            return False
        del self._open[episode.access.key]
        return True

    def _hand_over(self) -> None:
        while self._unwritten:
            try:
                self._ledger.append_soon(self._unwritten[0])
            except LedgerFault:
                return  # kept, in order, for the next tick
            del self._unwritten[0]

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(self._settings.progress_seconds)
            self.tick(asyncio.get_running_loop().time())

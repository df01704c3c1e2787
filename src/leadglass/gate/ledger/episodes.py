"""Access episodes: one durable entry before the first byte, exact counts afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Protocol

from leadglass.gate.ledger.entry import Entry
from leadglass.terms.evidence import Door
from leadglass.terms.principal import Action, Principal

__all__ = ["Access", "EpisodeUse", "Episodes", "Sink"]


class Sink(Protocol):
    """What episodes need of a ledger."""

    async def append(self, entry: Entry) -> int: ...
    def append_soon(self, entry: Entry) -> None: ...


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody is about to touch one study. Equal principal, study, action, door and address share an episode."""

    principal: Principal
    action: Action
    study_instance_uid: str
    patient: str  # pseudonym
    door: Door
    address: str
    because: tuple[str, ...] = ()
    association: str = ""  # set for stores: one episode per association, closed when its last use is released


class EpisodeUse:
    """One use of an episode. A context manager; `release` may be called more than once."""

    episode_id: str

    def count(self, instances: int = 0, octets: int = 0, failures: int = 0) -> None:
        """Count what was released or taken in."""
        raise NotImplementedError

    def release(self) -> None:
        """This use is over. An access episode lingers for the next request; an ingest episode closes at once."""
        raise NotImplementedError

    def __enter__(self) -> EpisodeUse:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Episodes:
    """All open episodes of a server."""

    def __init__(self, ledger: Sink, clock: Callable[[], datetime]) -> None:
        raise NotImplementedError

    async def open(self, access: Access) -> EpisodeUse:
        """A use of the episode for this access. Its opening entry is durable on return; LedgerFault: release nothing."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close every episode: call before the ledger is closed."""
        raise NotImplementedError

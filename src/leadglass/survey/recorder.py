"""What a campaign hands to whoever keeps its records: each observation, with the connections it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from leadglass.net.conversing import Outcome, TlsOffer
from leadglass.survey.conversation import Said, Talk
from leadglass.survey.level import Level
from leadglass.survey.observation import Observation

__all__ = ["Recorded", "Recorder", "recorded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One connection, as it may be kept: made by `recorded`, which leaves out what may not."""

    kind: str  # Talk.kind
    level: Level  # Talk.level
    tls: TlsOffer | None
    outcome: Outcome
    drawn: tuple[str, ...] = ()  # by chance, since the connection before
    said: tuple[Said, ...] = ()
    tally: Mapping[str, int | bool | str] | None = None  # in place of `said`


class Recorder(Protocol):
    """Keeps the records of one run."""

    def record(self, observation: Observation, calls: Sequence[Recorded]) -> None:
        """Keep it, soon. Each number comes once. StorageFault if the disk did not take earlier ones."""

    def close(self) -> None:
        """All of it is on disk when this returns."""


def recorded(
    talk: Talk, tls: TlsOffer | None, said: Iterable[Said], outcome: Outcome, drawn: Sequence[str] = ()
) -> Recorded:
    """A connection whose talk is over, as evidence. Above ACCESS nothing that was said is kept, only the tally."""
    tally = talk.tally
    if tally is None and talk.level > Level.ACCESS:
        tally = {}  # it should have counted; what it heard is not kept all the same
    kept = () if tally is not None else tuple(_reduced(talk, _stretches(said)))
    return Recorded(
        kind=talk.kind, level=talk.level, tls=tls, outcome=outcome, drawn=tuple(drawn), said=kept, tally=tally
    )


def _stretches(said: Iterable[Said]) -> Iterable[Said]:
    """Portions of one side in a row, joined: how the network cut them proves nothing."""
    by_us, portions = True, list[bytes]()
    for part in said:
        if part.by_us is not by_us and portions:
            yield Said(by_us, b"".join(portions))
            portions = []
        by_us = part.by_us
        if part.data:
            portions.append(part.data)
    if portions:
        yield Said(by_us, b"".join(portions))


def _reduced(talk: Talk, stretches: Iterable[Said]) -> Iterable[Said]:
    for stretch in stretches:
        if stretch.by_us:
            yield stretch
        elif kept := talk.reduced(stretch.data):
            yield Said(False, kept)

"""A survey in small: a probe that says one thing, a plan of loopback ports, a recorder in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from leadglass.net.conversing import Ending, Patience
from leadglass.survey.conversation import Talk
from leadglass.survey.courier import Courier
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Observation, Sighting, Try, Verdict
from leadglass.survey.pace import Pacer
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.recorder import Recorded
from leadglass.survey.scope import Pace, Rates, Refusal
from leadglass.survey.services import Service
from leadglass.survey.target import Target

__all__ = ["CALLER", "FAST", "Anything", "Hello", "Kept", "Ports", "courier", "hello", "targets"]

CALLER = Caller(calling_ae_title="TEST", user_agent="Leadglass/test", contact="security@example.org")
_QUICK = Pace(packets_per_second=1_000_000, associations_per_second=1_000_000)
FAST = Rates(packets_per_second=1_000_000, associations_per_second=1_000_000, per_network=_QUICK, per_host=_QUICK)


class Hello(Talk):
    """Says hello with a word of chance; anything in return ends it."""

    kind = "hello"

    def __init__(self, word: str = "", level: Level = Level.PRESENCE) -> None:
        super().__init__()
        self.word = word
        self.level = level  # type: ignore[misc]  # of one talk, for tests
        self.heard = b""

    def begin(self) -> bytes:
        return b"hello " + self.word.encode()

    def receive(self, data: bytes) -> bytes:
        self.heard += data
        self.is_over = True
        return b""


def hello(target: Target, caller: Caller, chance: Chance) -> Probe:
    """One connection; open if it was answered."""
    talk = Hello(chance.word(4))
    outcome = yield Call(talk)
    tries = (Try(act=Act.QUERY, how="hello", verdict=Verdict.OPEN),) if talk.heard else ()
    return Sighting(ending=outcome.ending, tries=tries)


@dataclass
class Anything:
    """A warrant that allows everything, or what `refusals` does not name; notes what it was asked."""

    refusals: dict[int, Refusal] = field(default_factory=dict)  # by port
    asked: list[tuple[str, int, Level]] = field(default_factory=list)
    left: float = inf

    def permits(self, address: str, port: int, level: Level, now: datetime) -> Refusal | None:
        self.asked.append((address, port, level))
        return self.refusals.get(port)

    def seconds_left(self, address: str, now: datetime) -> float:
        return self.left


class Kept:
    """A recorder in memory."""

    def __init__(self) -> None:
        self.observations: list[Observation] = []
        self.calls: list[Sequence[Recorded]] = []

    def record(self, observation: Observation, calls: Sequence[Recorded]) -> None:
        self.observations.append(observation)
        self.calls.append(tuple(calls))

    def close(self) -> None:
        """Nothing to do."""

    def endings(self) -> set[Ending]:
        return {observation.sighting.ending for observation in self.observations}


class Ports(Sequence[Target]):
    """A plan of these targets that notes how far it was read."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self._targets = targets
        self.read: list[int] = []

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, index: int) -> Target:  # type: ignore[override]
        self.read.append(index)
        return self._targets[index]

    def __iter__(self) -> Iterator[Target]:
        return iter(self._targets)


def targets(*doors: tuple[str, int], level: Level = Level.ACCESS) -> Ports:
    """Targets that the probe `hello` looks at."""
    return Ports([Target(address=address, port=port, service=Service.DICOM, level=level) for address, port in doors])


def courier(warrant: Anything | None = None, *, for_answer: float = 20.0, **options: object) -> Courier:
    """A courier in no hurry to be gentle. Who owes it an answer on a busy machine gets the time."""
    patience = Patience(to_connect=0.5, for_answer=for_answer, in_all=5 * for_answer)
    return Courier(warrant or Anything(), Pacer(FAST), patience, **options)  # type: ignore[arg-type]

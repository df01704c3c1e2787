"""Playing a probe against a real peer, over sockets, without a scope: for tests that started the peer themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count

from leadglass.net.conversing import Conversation, Ending, Outcome, Patience, converse
from leadglass.range.law import Law
from leadglass.range.manner import Action, Manner, Pause, Reset
from leadglass.survey.conversation import Said, Talk
from leadglass.survey.level import Level
from leadglass.survey.observation import Sighting, Try
from leadglass.survey.probe import Call, Caller, Prober
from leadglass.survey.services import Service
from leadglass.survey.target import Target

__all__ = ["CALLER", "CountingChance", "Overheard", "Played", "local", "play", "play_in_memory", "replay"]

CALLER = Caller(calling_ae_title="SURVEYOR", user_agent="Leadglass (survey@example.org)", contact="survey@example.org")


class CountingChance:
    """The same identifiers in each run, another one with each call."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count(1)

    def uid(self) -> str:
        return f"2.25.{7 * 10**30 + next(self._numbers)}"

    def word(self, length: int) -> str:
        return f"N{next(self._numbers):0{length - 1}d}"


@dataclass
class Overheard(Conversation):
    """A talk, and all that passes on its connection."""

    talk: Talk
    said: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ceiling = self.talk.ceiling

    @property
    def is_over(self) -> bool:
        return self.talk.is_over

    def begin(self) -> bytes:
        return self._say(self.talk.begin())

    def receive(self, data: bytes) -> bytes:
        self.said.append(Said(by_us=False, data=bytes(data)))
        return self._say(self.talk.receive(data))

    def hung_up(self) -> None:
        self.talk.hung_up()

    def _say(self, data: bytes) -> bytes:
        if data:
            self.said.append(Said(by_us=True, data=data))
        return data


@dataclass
class Played:
    """What came of it."""

    sighting: Sighting
    calls: list[tuple[Call, Outcome, tuple[Said, ...]]]

    def tried(self, how: str) -> Try | None:
        """The last try of that name."""
        return next((done for done in reversed(self.sighting.tries) if done.how == how), None)

    def verdict(self, how: str) -> str:
        """Its verdict; "" if it was not tried."""
        done = self.tried(how)
        return str(done.verdict) if done else ""

    @property
    def heard(self) -> bytes:
        """All bytes that came."""
        return b"".join(part.data for _, _, said in self.calls for part in said if not part.by_us)


def local(port: int, level: Level, records_cap: int = 1_000_000) -> Target:
    """The DICOM service at a port of this machine."""
    return Target(address="127.0.0.1", port=port, service=Service.DICOM, level=level, records_cap=records_cap)


async def play(prober: Prober, whom: Target, patience: Patience | None = None) -> Played:
    """The probe to its end."""
    probe = prober(whom, CALLER, CountingChance())
    calls: list[tuple[Call, Outcome, tuple[Said, ...]]] = []
    try:
        call = next(probe)
        while True:
            assert call.talk.level <= whom.level
            heard = Overheard(call.talk)
            outcome = await converse(whom.address, whom.port, heard, tls=call.tls, patience=patience or Patience())
            calls.append((call, outcome, tuple(heard.said)))
            call = probe.send(outcome)
    except StopIteration as end:
        return Played(end.value, calls)


def play_in_memory(
    prober: Prober, whom: Target, manner: Callable[[Law], Manner], law: Law, portion: int = 1 << 16
) -> Played:
    """The probe to its end, with a simulated peer whose bytes come in portions of that size. No TLS is spoken there."""
    probe = prober(whom, CALLER, CountingChance())
    calls: list[tuple[Call, Outcome, tuple[Said, ...]]] = []
    try:
        call = next(probe)
        while True:
            assert call.talk.level <= whom.level
            heard = Overheard(call.talk)
            ending = Ending.TLS_FAILED if call.tls else _converse(heard, manner(law), portion)
            outcome = Outcome(ending=ending, seconds_to_connect=0.0)
            calls.append((call, outcome, tuple(heard.said)))
            call = probe.send(outcome)
    except StopIteration as end:
        return Played(end.value, calls)


def _converse(heard: Overheard, manner: Manner, portion: int) -> Ending:
    due: Iterator[Action] = iter(manner.opened())
    due = chain(due, manner.received(heard.begin()))
    while not heard.is_over:
        action = next(due, None)
        if action is None:
            heard.hung_up()
            return Ending.STALLED
        if isinstance(action, bytes):
            for at in range(0, len(action), portion):
                if not heard.is_over and (said := heard.receive(action[at : at + portion])):
                    due = chain(due, list(manner.received(said)))
        elif not isinstance(action, Pause):
            heard.hung_up()
            return Ending.RESET if isinstance(action, Reset) else Ending.HUNG_UP
    return Ending.OVER


def replay(prober: Prober, played: Played, whom: Target) -> Sighting:
    """The sighting that the kept parts of the transcripts lead to."""
    probe = prober(whom, CALLER, CountingChance())
    try:
        call = next(probe)
        for old, outcome, said in played.calls:
            if old.talk.tally is not None:
                call.talk.recall(old.talk.tally)
            elif outcome.seconds_to_connect is not None:
                call.talk.begin()
                for part in old.talk.kept(said):
                    if not part.by_us:
                        call.talk.receive(part.data)
                if not call.talk.is_over:
                    call.talk.hung_up()
            call = probe.send(outcome)
    except StopIteration as end:
        sighting = end.value
        assert isinstance(sighting, Sighting)
        return sighting
    raise AssertionError("the probe asks for more connections than were recorded")

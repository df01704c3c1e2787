"""A probe played again from its evidence, without a network: it must see the same again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Final

from leadglass.net.conversing import Outcome
from leadglass.survey.conversation import Talk
from leadglass.survey.observation import Sighting
from leadglass.survey.probe import Call, Caller, Prober
from leadglass.survey.records import entries
from leadglass.survey.services import Service

__all__ = ["Difference", "RecordedChance", "differences", "replayed"]

_NEVER_DRAWN: Final = "0"


@dataclass(frozen=True, slots=True)
class Difference:
    """What a probe saw or did otherwise than the evidence says."""

    number: int  # of the observation
    what: str


class RecordedChance:
    """Gives what was drawn then."""

    def __init__(self, drawn: Iterable[str]) -> None:
        self._drawn = iter(drawn)

    def uid(self) -> str:
        """The next that was drawn; one that nobody drew if there is none: the replay will differ, and say so."""
        return next(self._drawn, _NEVER_DRAWN)

    def word(self, length: int) -> str:
        """As `uid`."""
        return next(self._drawn, _NEVER_DRAWN * length)


def replayed(entry: entries.Seen, caller: Caller, prober: Prober) -> Sighting:
    """What the probe makes of the recorded connections. ValueError in words if it asks for other ones."""
    chance = RecordedChance(word for call in entry.calls for word in call.drawn)
    probe = prober(entry.target, caller, chance)
    calls = iter(entry.calls)
    outcome: Outcome | None = None
    while True:
        try:
            asked = next(probe) if outcome is None else probe.send(outcome)
        except StopIteration as end:
            if next(calls, None) is not None:
                raise ValueError("it asks for fewer connections") from None
            sighting: Sighting = end.value
            return sighting
        outcome = _play(asked, next(calls, None))


def differences(entry: entries.Seen, caller: Caller, probers: Mapping[Service, Prober]) -> Iterator[Difference]:
    """Where a replay differs; nothing if it sees the same. What was imported cannot be replayed and is passed over."""
    if entry.source != "probe":
        return
    prober = probers.get(entry.target.service)
    if prober is None or entry.calls_left_out:
        why = "no probe of this version speaks that" if prober is None else "its transcript was too long to keep"
        yield Difference(entry.number, f"not replayed: {why}")
        return
    try:
        sighting = replayed(entry, caller, prober)
    except ValueError as fault:
        yield Difference(entry.number, str(fault))
        return
    recorded = entries.observation_of(entry, "").sighting
    for field in fields(Sighting):
        if getattr(sighting, field.name) != getattr(recorded, field.name):
            yield Difference(entry.number, f"`{field.name}` is not what was recorded")


def _play(asked: Call, kept: entries.Call | None) -> Outcome:
    """Let the talk hear what was heard then."""
    talk = asked.talk
    if kept is None:
        raise ValueError(f"it asks for one connection more: {talk.kind}")
    if (talk.kind, asked.tls) != (kept.talk, kept.tls):
        raise ValueError(f"it asks for {talk.kind} where {kept.talk} was recorded")
    if kept.tally is not None:
        talk.recall(kept.tally)
        talk.is_over = True
    elif kept.said or kept.outcome.seconds_to_connect is not None:
        _hear(talk, kept)
    return kept.outcome


def _hear(talk: Talk, kept: entries.Call) -> None:
    spoken = talk.begin()
    for words in kept.said:
        if words.by_us:
            length = words.data.length if isinstance(words.data, entries.Digest) else len(words.data)
            if words.data not in (spoken[:length], entries.Digest.of(spoken[:length])):
                raise ValueError(f"{talk.kind}: it says something else than what was recorded")
            spoken = spoken[length:]
        elif isinstance(words.data, bytes):
            spoken += talk.receive(words.data)
    if not talk.is_over:
        talk.hung_up()

"""Runs, and talks whose evidence is kept."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from helpers.sightings import AT, observation
from leadglass.net.conversing import Ending, Outcome
from leadglass.survey.conversation import Said, Talk
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, DicomFacts, Observation, Sighting, Try, Verdict
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.recorder import Recorded
from leadglass.survey.records import Begun, RunWriter
from leadglass.survey.target import Target

__all__ = [
    "CALLER",
    "CountingTalk",
    "Greeting",
    "begun",
    "greeting_prober",
    "heard",
    "outcome",
    "silent",
    "written",
]

CALLER = Caller(calling_ae_title="SURVEY", user_agent="Leadglass (survey@example.org)", contact="survey@example.org")


class Greeting(Talk):
    """Says a word drawn by chance, and hears whether the answer begins with "open"."""

    kind = "greeting"
    level = Level.ACCESS

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word
        self.answer = b""

    def begin(self) -> bytes:
        return self.word.encode()

    def receive(self, data: bytes) -> bytes:
        self.answer += data
        self.is_over = self.is_over or self.answer.endswith(b".")
        return b""

    def reduced(self, heard: bytes) -> bytes:
        return heard[:4] + b"." if heard.endswith(b".") else heard[:4]


class CountingTalk(Talk):
    """Hears what must not be kept, and keeps how long it was."""

    kind = "counting"
    level = Level.COUNTS

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def begin(self) -> bytes:
        return b"how many?"

    def receive(self, data: bytes) -> bytes:
        self.count += len(data)
        self.is_over = True
        return b""

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        return {"count": self.count}

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        self.count = int(tally["count"])


def greeting_prober(target: Target, caller: Caller, chance: Chance) -> Probe:
    """Greets, and counts where it may."""
    talk = Greeting(chance.word(8))
    first = yield Call(talk)
    facts = None
    if target.level >= Level.COUNTS:
        counting = CountingTalk()
        yield Call(counting)
        facts = DicomFacts(association="accepted", max_pdu_length=counting.count)
    verdict = Verdict.OPEN if talk.answer.startswith(b"open") else Verdict.CLOSED
    return Sighting(ending=first.ending, tries=(Try(act=Act.SPEAK, how="A-ASSOCIATE", verdict=verdict),), facts=facts)


def begun(**changes: Any) -> Begun:
    """The first entry of a run."""
    given = {"id": "a run", "at": AT, "scope_digest": "", "level": Level.ACCESS, "product": "leadglass 0"}
    return Begun(**({**given, "caller": CALLER} | changes))


def outcome(ending: Ending = Ending.OVER, **changes: Any) -> Outcome:
    """A connection that was made."""
    return Outcome(**({"ending": ending, "seconds_to_connect": 0.001, "bytes_sent": 1, "bytes_received": 1} | changes))


def silent(number: int, ending: Ending = Ending.SILENT) -> Observation:
    """Nobody answered."""
    return observation(number, Sighting(ending=ending))


def heard(word: str, answer: bytes, *, drawn: tuple[str, ...] | None = None) -> Recorded:
    """A greeting as it went."""
    said = (Said(True, word.encode()), Said(False, answer))
    return Recorded(Call(Greeting(word)), outcome(), (word,) if drawn is None else drawn, said)


def written(folder: Path, *observations: Observation, scope: bytes = b"") -> Path:
    """A run's folder with these in it, closed."""
    digest = sha256(scope).hexdigest() if scope else ""
    writer = RunWriter.create(folder, begun(scope_digest=digest), scope=scope)
    for each in observations:
        writer.record(each, [])
    writer.close({"targets": len(observations)})
    return folder

"""Where a run's observations go. The records keep them on disk; tests keep them in a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from leadglass.net.conversing import Outcome
from leadglass.survey.conversation import Said
from leadglass.survey.observation import Observation
from leadglass.survey.probe import Call

__all__ = ["Recorded", "Recorder"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One connection of a probe, when it is over."""

    call: Call
    """The talk as it stands at its end, and what TLS was offered. Its `tally`, if it has one, is kept instead of what
    was said."""
    outcome: Outcome
    drawn: tuple[str, ...] = ()
    """What the probe drew by chance since its connection before, in order."""
    said: tuple[Said, ...] = ()
    """What passed, above TLS, in order; portions of one side in a row are joined. Not reduced yet (`Talk.reduced`)."""


class Recorder(Protocol):
    """Takes observations as they come, in any order of their numbers, each number once."""

    def record(self, observation: Observation, calls: Sequence[Recorded]) -> None:
        """Keep it. Quick: the run waits meanwhile. May buffer up to a second; StorageFault if it cannot keep it."""

    def close(self) -> None:
        """Everything recorded is on disk when this returns. Nothing may be recorded afterwards."""

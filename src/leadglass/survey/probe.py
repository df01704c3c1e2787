"""A probe: a generator that asks for connections, one after another, and ends in an observation.

    def presence(target: Target, level: Level, chance: Chance) -> Probe:
        talk = Echo(...)
        answer = yield Call(talk)
        if answer.outcome.ending is Ending.RESET: ...
        return Sighting(...)

It decides, it never does: `courier.py` asks the warrant, waits for the pace, lets net play the talk and gives the
outcome back; `records/replay.py` does the same from the evidence log without a network. So a probe may not look at a
clock, and takes its random identifiers from `chance`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from leadglass.net.conversing import Outcome, TlsOffer
from leadglass.survey.conversation import Talk
from leadglass.survey.observation import Sighting
from leadglass.survey.target import Target

__all__ = ["Call", "Caller", "Chance", "Probe", "Prober"]


@dataclass(frozen=True, slots=True)
class Call:
    """One connection to the probe's own target, please. Refused unless `talk.level` is granted."""

    talk: Talk
    tls: TlsOffer | None = None


Probe: TypeAlias = Generator[Call, Outcome, Sighting]


class Chance(Protocol):
    """Random identifiers, drawn anew for each target and written into its evidence, so that a replay draws the same."""

    def uid(self) -> str:
        """A UID of the 2.25 branch that nobody has ever issued."""

    def word(self, length: int) -> str:
        """Upper-case letters and digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """How we say who we are, on every door. Made from the scope's contact."""

    calling_ae_title: str  # up to 16 characters
    user_agent: str  # names Leadglass and the contact
    contact: str

    @property
    def name(self) -> str:
        """For fields that are too narrow for the User-Agent, or take no blanks: "Leadglass:security@example.org"."""
        return f"Leadglass:{self.contact}" if self.contact else "Leadglass"


Prober: TypeAlias = Callable[[Target, Caller, Chance], Probe]
"""One per service; `probes/__init__.py` has the table."""

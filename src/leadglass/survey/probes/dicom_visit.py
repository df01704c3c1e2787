"""What is known so far of one target, while the DICOM probe is at it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeAlias

from leadglass.net.conversing import Ending, Handshake, Outcome, TlsOffer
from leadglass.survey.conversation import Talk
from leadglass.survey.observation import Counts, Sign, Try
from leadglass.survey.probe import Call, Caller
from leadglass.survey.probes.dicom_talk import Asking
from leadglass.survey.target import Target

__all__ = ["Calls", "Visit"]

Calls: TypeAlias = Generator[Call, Outcome, None]
"""A part of a probe."""


@dataclass(slots=True)
class Visit:
    """Grows with each connection."""

    target: Target
    caller: Caller
    called_ae_title: str
    tls: TlsOffer | None = None  # what further connections are made with
    talks: list[Asking] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)  # of the talks, one each
    shaken: list[Handshake] = field(default_factory=list)
    counts: Counts | None = None
    samples: tuple[str, ...] = ()  # Study Instance UIDs to look for kinds in, until that was done
    kinds: tuple[str, ...] = ()
    signs: list[Sign] = field(default_factory=list)

    def ask(self, talk: Asking) -> Calls:
        """One more connection on which questions are put."""
        self.talks.append(talk)
        self.outcomes.append((yield from self.call(talk)))

    def call(self, talk: Talk, tls: TlsOffer | None = None) -> Generator[Call, Outcome, Outcome]:
        """One more connection, for other things."""
        outcome = yield Call(talk, tls or self.tls)
        if outcome.handshake:
            self.shaken.append(outcome.handshake)
        return outcome

    @property
    def talk(self) -> Asking:
        """The one that came furthest; of equals the first."""
        return max(self.talks, key=lambda talk: (talk.accept is not None, bool(talk.association)))

    @property
    def ending(self) -> Ending:
        """Of the last connection on which questions were put."""
        return self.outcomes[-1].ending

    @property
    def tries(self) -> tuple[Try, ...]:
        """What was asked of it, on all connections."""
        return tuple(done for talk in self.talks for done in talk.tries)

    @property
    def handshakes(self) -> tuple[Handshake, ...]:
        """One for each offer: the first of each, as later ones show the same."""
        seen = {handshake.offer: handshake for handshake in reversed(self.shaken)}
        return tuple(sorted(seen.values(), key=lambda handshake: handshake.offer))

"""A visit to one web port: who asks, on which terms, and what was found.

Shared by all that look behind the first page.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from leadglass.net.conversing import Outcome, TlsOffer
from leadglass.survey.fingerprint_http import Page, page_of
from leadglass.survey.level import Level
from leadglass.survey.observation import Collection, Counts, Sign, Software, Try
from leadglass.survey.probe import Call, Caller, Chance
from leadglass.survey.probes.http_asking import NO_ANSWER, Answer, Ask
from leadglass.survey.probes.http_counting import HttpCounts, HttpKinds
from leadglass.survey.probes.http_talk import HttpAccess, HttpTalk
from leadglass.survey.target import Target
from leadglass.terms.ceilings import MAX_WEB_REQUESTS, MAX_WEB_SAMPLES

__all__ = ["UNKNOWN", "Found", "Look", "Visit", "origin_of"]

UNKNOWN: Final = Software()
_TALKS: Final[Mapping[Level, type[HttpTalk]]] = {
    Level.PRESENCE: HttpTalk,
    Level.ACCESS: HttpAccess,
    Level.COUNTS: HttpCounts,
    Level.KINDS: HttpKinds,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What looking for one product brought."""

    tries: tuple[Try, ...] = ()
    software: Software = UNKNOWN
    counts: Counts | None = None
    collections: tuple[Collection, ...] = ()
    signs: tuple[Sign, ...] = ()


Look: TypeAlias = Generator[Call, Outcome, Found]
"""How every product's file looks: asks on the way, and returns what it found."""


@dataclass(slots=True, kw_only=True)
class Visit:
    """One port, after its first page was read."""

    target: Target
    caller: Caller
    chance: Chance
    tls: TlsOffer | None
    answers: list[Answer]
    """The first page, and if that led on, where it led."""
    path: str = "/"  # of the last of them
    requests: int = 0
    roots: list[str] = field(default_factory=list)
    """Where DICOMweb is to be looked for first, because a product said so."""
    kinds: set[str] = field(default_factory=set)
    """Kinds of personal data that some records here have something filled in of."""

    @property
    def landing(self) -> Answer:
        """The last of the first pages."""
        return self.answers[-1]

    @property
    def page(self) -> Page:
        """What the landing was recognised as."""
        return page_of(self.landing.body)

    @property
    def samples(self) -> int:
        """How many records may be looked at here."""
        return min(self.target.samples_cap, MAX_WEB_SAMPLES) if self.may(Level.KINDS) else 0

    def may(self, level: Level) -> bool:
        """Whether so much was granted."""
        return self.target.level >= level

    def ask(self, *asks: Ask, level: Level = Level.PRESENCE) -> Generator[Call, Outcome, list[Answer]]:
        """The answers, in order; NO_ANSWER for those that never came. As few connections as the peer allows."""
        answers: list[Answer] = []
        while len(answers) < len(asks) and self.requests < MAX_WEB_REQUESTS:
            asks_now = asks[len(answers) :][: MAX_WEB_REQUESTS - self.requests]
            talk = _TALKS[level](asks_now, origin_of(self.target, self.tls), self.caller.user_agent)
            yield Call(talk, self.tls)
            self.requests += max(1, len(talk.answers))
            if not talk.answers:
                break
            answers += talk.answers
        return answers + [NO_ANSWER] * (len(asks) - len(answers))


def origin_of(target: Target, tls: TlsOffer | None) -> str:
    """Scheme, name and port (RFC 9110 §4.3.1), without the port where it is the usual one."""
    name = target.host_name or (f"[{target.address}]" if ":" in target.address else target.address)
    port = "" if target.port == (443 if tls else 80) else f":{target.port}"
    return f"{'https' if tls else 'http'}://{name}{port}"

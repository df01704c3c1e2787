"""The way in to a web port: in clear or on TLS, and which TLS.

Plain first, unless the port is usually TLS; then the other, if the first answer says so or there was none.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Final

from leadglass.net.conversing import Ending, Handshake, Outcome, TlsOffer
from leadglass.survey.fingerprint_http import page_of
from leadglass.survey.observation import Act, Try, Verdict
from leadglass.survey.probe import Call, Caller
from leadglass.survey.probes.handshake import HandshakeTalk
from leadglass.survey.probes.http_asking import NO_ANSWER, Answer, Ask
from leadglass.survey.probes.http_headers import SECURED
from leadglass.survey.probes.http_keeping import page
from leadglass.survey.probes.http_talk import HttpTalk
from leadglass.survey.probes.http_visit import origin_of
from leadglass.survey.target import Target
from leadglass.terms.ceilings import MAX_LANDING_PAGE

__all__ = ["HOW", "Door", "first_page", "not_spoken", "open_door"]

HOW: Final = "landing page"
_USUALLY_TLS: Final = frozenset({443, 8043, 8443, 9443})
_NEVER_TLS: Final = frozenset({80})
"""Unless the answer in clear says so: TLS alert, nginx's 400."""
_NO_CONNECTION: Final = frozenset({Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE})
_NO_USE: Final = frozenset({Ending.STALLED, Ending.FLOODED})
_HTML: Final = "text/html, application/json;q=0.9, */*;q=0.8"


def first_page(path: str) -> Ask:
    """A page that is looked at for what it is."""
    return Ask(path, page, _HTML, MAX_LANDING_PAGE)


@dataclass(slots=True)
class Door:
    """What became of the first question."""

    ending: Ending | None = None
    answer: Answer = NO_ANSWER
    tls: TlsOffer | None = None
    language: str = ""
    handshakes: list[Handshake] = field(default_factory=list)

    @property
    def speaks_tls(self) -> bool | None:
        return any(shaken.version for shaken in self.handshakes) if self.handshakes else None


def open_door(target: Target, caller: Caller) -> Generator[Call, Outcome, Door]:
    """The first page, in clear or on TLS, and what TLS there is."""
    door, is_deaf = Door(), False
    secured = (TlsOffer.MODERN, TlsOffer.RETIRED)
    for tls in (*secured, None) if target.port in _USUALLY_TLS else (None, *secured):
        if tls is TlsOffer.RETIRED and is_deaf:
            continue
        talk = HttpTalk([first_page("/")], origin_of(target, tls), caller.user_agent)
        outcome = yield Call(talk, tls)
        door.ending = door.ending or outcome.ending
        door.handshakes += [outcome.handshake] if outcome.handshake else []
        door.language = talk.language or door.language
        is_deaf = tls is TlsOffer.MODERN and not outcome.bytes_received  # whoever is to refuse TLS 1.2 must say so
        if talk.answers:
            door.answer, door.tls = talk.answers[0], tls
        is_answered = bool(talk.answers) and not _wants_tls(talk.answers[0])
        is_dumb = target.port in _NEVER_TLS and not talk.language
        is_hopeless = outcome.ending in _NO_CONNECTION | _NO_USE or talk.language == "other" or is_dumb
        if is_answered or is_hopeless or (outcome.handshake and outcome.handshake.version):
            break
    if door.tls is TlsOffer.MODERN:
        outcome = yield Call(HandshakeTalk(), TlsOffer.RETIRED)
        door.handshakes += [outcome.handshake] if outcome.handshake else []
    return door


def _wants_tls(answer: Answer) -> bool:
    return page_of(answer.body).kind == "HTTPS wanted" or answer.headers.get("location") == SECURED


def not_spoken(door: Door) -> tuple[Try, ...]:
    """The try of a port that answered no HTTP."""
    if door.ending in _NO_CONNECTION:
        return ()
    verdict = Verdict.NOT_OFFERED if door.language else Verdict.UNCLEAR
    return (Try(act=Act.SPEAK, how=HOW, verdict=verdict, code=door.language),)

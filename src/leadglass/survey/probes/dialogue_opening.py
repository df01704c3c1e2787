"""How every neighbour's probe begins: in clear, on TLS if that is wanted; and what the beginning says."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from leadglass.net.conversing import Ending, Handshake, Outcome, TlsOffer
from leadglass.survey.observation import Act, Try, Verdict
from leadglass.survey.probe import Call
from leadglass.survey.probes.dialogue import Dialogue

__all__ = ["NO_CONNECTION", "Opening", "opening", "spoken"]

NO_CONNECTION: Final = frozenset({Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE})
_LEFT: Final = frozenset({Ending.HUNG_UP, Ending.RESET, Ending.OVER})

T = TypeVar("T", bound=Dialogue)
T_co = TypeVar("T_co", bound=Dialogue, covariant=True)


@dataclass(frozen=True, slots=True)
class Opening(Generic[T_co]):
    """A first talk that went as far as it goes."""

    talk: T_co
    ending: Ending  # of the first connection
    tls: TlsOffer | None = None  # what the talk was spoken on
    handshakes: tuple[Handshake, ...] = ()
    speaks_tls: bool | None = None


def opening(make: Callable[[], T]) -> Generator[Call, Outcome, Opening[T]]:
    """The talk in clear, and once more on TLS if the peer hung up on it or answered with a TLS alert."""
    talk = make()
    first = yield Call(talk)
    if talk.is_spoken or talk.language == "other" or first.ending not in _LEFT:
        return Opening(talk, first.ending)
    secured = make()
    second = yield Call(secured, TlsOffer.MODERN)
    shaken = second.handshake
    handshakes = (shaken,) if shaken is not None else ()
    speaks_tls = bool(shaken and shaken.version)
    if not secured.is_spoken:
        return Opening(talk, first.ending, None, handshakes, speaks_tls)
    return Opening(secured, first.ending, TlsOffer.MODERN, handshakes, speaks_tls)


def spoken(talk: Dialogue, how: str, ending: Ending) -> tuple[Try, ...]:
    """Whether the protocol is spoken there; nothing if there was no connection."""
    if ending in NO_CONNECTION:
        return ()
    if talk.is_spoken:
        return (Try(act=Act.SPEAK, how=how, verdict=Verdict.OPEN),)
    verdict = Verdict.NOT_OFFERED if talk.language else Verdict.UNCLEAR
    return (Try(act=Act.SPEAK, how=how, verdict=verdict, code=talk.language),)

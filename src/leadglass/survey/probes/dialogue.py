"""A talk that goes message by message, and how every neighbour's probe reads its beginning.

What is transcribed of a peer's messages is only what was understood of them: each protocol says in `_kept` how a
message looks that holds nothing else. Texts of a peer's own choosing never enter the evidence.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from leadglass.net.conversing import Ending, Handshake, Outcome, TlsOffer
from leadglass.survey.conversation import Talk
from leadglass.survey.observation import Act, Try, Verdict
from leadglass.survey.probe import Call

__all__ = ["NO_CONNECTION", "STRANGER", "Dialogue", "Opening", "opening", "spoken"]

NO_CONNECTION: Final = frozenset({Ending.REFUSED, Ending.SILENT, Ending.UNREACHABLE})
STRANGER: Final = b""
"""In place of a message: these bytes are another language."""

_TLS_ALERT: Final = b"\x15\x03"
_LEFT: Final = frozenset({Ending.HUNG_UP, Ending.RESET, Ending.OVER})


class Dialogue(Talk):
    """Cuts what comes into messages and answers each. Subclasses say what a message is and what follows it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_spoken = False
        """The protocol was recognised."""
        self.language = ""
        """If it was not: "" nothing was heard, "tls", "other"."""
        self._buffer = bytearray()

    def begin(self) -> bytes:
        return b""

    def receive(self, data: bytes) -> bytes:
        self._buffer += b"" if self.is_over else data
        if data and not self.is_spoken:
            self.language = "tls" if self._buffer.startswith(_TLS_ALERT) else "other"
        said = b""
        while not self.is_over:
            message = self._cut(self._buffer)
            if message is None:
                break
            if message == STRANGER:
                self.is_over = True
            else:
                said += self._in_turn(self._answer(message))
        return said

    def reduced(self, heard: bytes) -> bytes:
        """The messages as far as they were understood; of another language, what kind it was."""
        buffer, kept = bytearray(heard), b""
        while message := self._cut(buffer):
            kept += self._kept(message)
        if not self.is_spoken and heard:
            return _TLS_ALERT if heard.startswith(_TLS_ALERT) else b"?"
        return kept + (b"?" if buffer else b"")

    def _in_turn(self, said: bytes) -> bytes:
        """Nothing, and the end, if the peer has answered what it was not asked yet: it does not listen."""
        if said and self._buffer and not self.is_over:
            self.is_over = True
            return b""
        return said

    @abstractmethod
    def _cut(self, buffer: bytearray) -> bytes | None:
        """Takes the next message off the buffer. STRANGER if it can be none, None if there is more to come."""

    @abstractmethod
    def _answer(self, message: bytes) -> bytes:
        """What to say to it."""

    @abstractmethod
    def _kept(self, message: bytes) -> bytes:
        """A message that is understood as this one is, and says nothing else."""


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

"""One connection's talk, and the transcript it leaves.

A transcript is evidence: played back into a new conversation of the same kind it leads to the same verdict. It may hold
no patient data. What a level above ACCESS brings is therefore never transcribed; such a conversation says what it
counted in `tally`, and `recall` takes that back in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

from leadglass.survey.level import Level
from leadglass.terms.ceilings import KIB

__all__ = ["Said", "Talk"]

_CEILING: Final = 64 * KIB


class Said(NamedTuple):
    """Bytes in one direction."""

    by_us: bool
    data: bytes


class Talk(ABC):
    """Base of all conversations of the survey. Subclasses are pure and take whatever comes without raising."""

    kind: ClassVar[str]
    """Its name in the evidence log."""
    level: ClassVar[Level] = Level.PRESENCE
    """What must be granted before it may be spoken."""
    ceiling: int = _CEILING
    window: int = 0
    """Bytes that a peer may send ahead of our reading; 0: as many as the system likes. A small one for a talk that
    stops its peer in the middle of what it should not have begun to say."""

    def __init__(self) -> None:
        self.is_over = False

    @abstractmethod
    def begin(self) -> bytes:
        """What to say first; b"" to wait for a greeting."""

    @abstractmethod
    def receive(self, data: bytes) -> bytes:
        """Bytes came, in any portions. Returns what to say now."""

    def hung_up(self) -> None:
        """Nothing more will come."""
        self.is_over = True

    @property
    def tally(self) -> Mapping[str, int | bool | str] | None:
        """In place of a transcript, for what must not be transcribed; None: the bytes themselves may be kept."""
        return None

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:  # noqa: ARG002 - for those who override it
        """Take in what `tally` said, instead of bytes."""
        raise AssertionError("this conversation keeps its transcript")

    def reduced(self, heard: bytes) -> bytes:
        """What of the peer's bytes may be kept. Fed to a new conversation it must lead to the same verdict. Asked when
        the talk is over, once for each stretch of bytes that the peer sent without a word of ours in between.

        By default all of it; text of a peer's own choosing (pages, listings) is cut down to what was recognised.
        """
        return heard

    def kept(self, said: Sequence[Said]) -> tuple[Said, ...]:
        """The transcript as it may be kept. By default each of the peer's turns is `reduced` by itself."""
        return tuple([part if part.by_us else Said(False, self.reduced(part.data)) for part in said])

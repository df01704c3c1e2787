"""What we tell a peer whose data set cannot be read. No text here ever holds a value (law 6)."""

from __future__ import annotations

from typing import Final

from leadglass.terms.errors import CeilingReached, PeerAnswer, PeerViolation

__all__ = ["CANNOT_UNDERSTAND", "DOES_NOT_MATCH", "EndsTooEarly", "malformed", "mismatch", "tag_text", "too_much"]

CANNOT_UNDERSTAND: Final = PeerAnswer(status=0xC000)
"""Error: cannot understand (PS3.4 tables B.2-1, C.4-1)."""
DOES_NOT_MATCH: Final = PeerAnswer(status=0xA900)
"""Error: data set does not match SOP class (PS3.4 table B.2-1)."""


class EndsTooEarly(PeerViolation):
    """The bytes end within an element; `needed` bytes would be needed to go on."""

    def __init__(self, needed: int) -> None:
        super().__init__("the data set ends within an element", answer=CANNOT_UNDERSTAND, clause="PS3.5 §7.1")
        self.needed = needed


def malformed(what: str, clause: str = "PS3.5 §7.1") -> PeerViolation:
    """The violation for bytes that are not a data set."""
    return PeerViolation(what, answer=CANNOT_UNDERSTAND, clause=clause)


def mismatch(what: str, clause: str) -> PeerViolation:
    """The violation for a readable data set that lacks what its kind must have."""
    return PeerViolation(what, answer=DOES_NOT_MATCH, clause=clause)


def too_much(ceiling: str, limit: int, seen: int) -> CeilingReached:
    """The violation for a data set that goes over a ceiling."""
    return CeilingReached(ceiling, limit, seen, answer=CANNOT_UNDERSTAND)


def tag_text(tag: int) -> str:
    """A tag as people write it."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"

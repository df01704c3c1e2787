"""How far a survey may go with a system: what its owner granted, and no further (law 4)."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Level"]


class Level(IntEnum):
    """Each level includes those below it."""

    IMPORTS = 0
    """Nothing on the wire: only what others have seen."""
    PRESENCE = 1
    """Is it there, what is it: TCP, TLS, A-ASSOCIATE with Verification, HTTP landing page, greeting."""
    ACCESS = 2
    """Would it serve a stranger: asked for a random, never-issued identifier. No patient byte moves."""
    COUNTS = 3
    """How much: counts only."""
    KINDS = 4
    """Which kinds of personal data: presence of attributes on a capped sample, never a value."""

    @property
    def words(self) -> str:
        """What it grants, for people."""
        return _WORDS[self]


_WORDS = {
    Level.IMPORTS: "nothing is sent; imported scans only",
    Level.PRESENCE: "see what is there and what it is",
    Level.ACCESS: "find out whether it would serve a stranger, by asking for something that does not exist",
    Level.COUNTS: "count records and images",
    Level.KINDS: "find out which kinds of personal data are there, on a small sample, keeping no value",
}

"""What a simulated service does on one connection. Pure: bytes in, actions out; `serving.py` performs them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

__all__ = ["Action", "HangUp", "Manner", "Pause", "Reset"]


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before the next action."""

    seconds: float


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close after what was sent has left."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Close at once with a TCP reset."""


Action: TypeAlias = bytes | Pause | HangUp | Reset
"""Bytes are sent."""


class Manner(Protocol):
    """One connection's behaviour. The answers may be generators: they are taken only as fast as the peer reads, so
    an answer of millions of records needs no memory."""

    def opened(self) -> Iterable[Action]:
        """The peer is connected (and has finished the TLS handshake, where there is one)."""

    def received(self, data: bytes) -> Iterable[Action]:
        """Bytes came, in any portions. Never raises."""

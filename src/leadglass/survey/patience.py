"""How long to wait for an answer to a SYN: learnt from those that came."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from leadglass.net.conversing import Patience

__all__ = ["ConnectTimes"]

_FIRST: Final = 0.5
"""Seconds, as long as nobody has answered; the second call then waits as long as patience allows."""
_LEAST: Final = 0.2
"""Hosts nearby answer at once, and the next one may be on the other side of the world."""
_ENOUGH: Final = 8


class ConnectTimes:
    """Smoothed time and deviation, as TCP keeps them for its own timer (RFC 6298 §2)."""

    def __init__(self, patience: Patience) -> None:
        self._most = patience
        self._smoothed = self._deviation = 0.0
        self._count = 0
        self._waits = replace(patience, to_connect=min(_FIRST, patience.to_connect))

    @property
    def is_known(self) -> bool:
        """Whether enough have answered to judge."""
        return self._count >= _ENOUGH

    def took(self, seconds: float) -> None:
        """A connection stood after so long."""
        self._count += 1
        if self._count == 1:
            self._smoothed, self._deviation = seconds, seconds / 2
        else:
            self._deviation += (abs(seconds - self._smoothed) - self._deviation) / 4
            self._smoothed += (seconds - self._smoothed) / 8
        wait = min(max(self._smoothed + 4 * self._deviation, _LEAST), self._most.to_connect)
        if not 0.9 < wait / self._waits.to_connect < 1.1:
            self._waits = replace(self._most, to_connect=wait)

    def patience(self, attempt: int) -> Patience:
        """For the first call (0), or the ones after it: each waits three times as long as the one before."""
        if not attempt:
            return self._waits
        if not self._count:
            return self._most
        return replace(self._most, to_connect=min(self._waits.to_connect * 3**attempt, self._most.to_connect))

"""How many connections, how long, how much: the numbers of one door, and the count of who is inside."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from leadglass.terms.ceilings import (
    ARTIM_SECONDS,
    IDLE_SECONDS,
    MAX_CONNECTIONS,
    MAX_CONNECTIONS_PER_ADDRESS,
    MAX_PDU_LENGTH_OFFERED,
    MAX_SEND_BACKLOG,
)

__all__ = ["Connections", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers a connection lives by. All have their reason in `terms.ceilings`; tests make them small."""

    max_connections: int = MAX_CONNECTIONS
    max_connections_per_address: int = MAX_CONNECTIONS_PER_ADDRESS
    max_pdu_length: int = MAX_PDU_LENGTH_OFFERED
    max_send_backlog: int = MAX_SEND_BACKLOG
    artim_seconds: float = ARTIM_SECONDS
    idle_seconds: float = IDLE_SECONDS


class Connections:
    """Counts open connections, in all and by address. Doors that share one share its ceilings."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._by_address: Counter[str] = Counter()
        self._total = 0
        self._room = asyncio.Event()
        self._room.set()

    @property
    def total(self) -> int:
        return self._total

    def enter(self, address: str) -> bool:
        """Count a connection in; False, and not counted, if its address has too many already."""
        if self._by_address[address] >= self._limits.max_connections_per_address:
            return False
        self._by_address[address] += 1
        self._total += 1
        if self._total >= self._limits.max_connections:
            self._room.clear()
        return True

    def leave(self, address: str) -> None:
        """Count a connection out that `enter` counted in."""
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        self._total -= 1
        self._room.set()

    async def wait_for_room(self) -> None:
        """Return when there is room for one more; the kernel's queue holds callers until then."""
        await self._room.wait()

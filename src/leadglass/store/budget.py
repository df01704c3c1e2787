"""The memory of all incoming objects together: who must pause, who may go on, and who has to let go.

Above the pause mark everybody pauses except the few oldest objects, so that something always gets finished and
memory comes free. An object whose sender stands still meanwhile is given up, so that one slow sender cannot stop
the others. Above the ceiling itself nothing more is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Final, Protocol

from leadglass.terms.ceilings import MAX_INCOMING_TOTAL
from leadglass.terms.errors import CeilingReached, PeerAnswer

__all__ = ["OUT_OF_RESOURCES", "IncomingBudget", "Member"]

OUT_OF_RESOURCES: Final = PeerAnswer(status=0xA700)
"""Refused: out of resources (PS3.4 table B.2-1)."""
ALWAYS_MOVING: Final = 4
"""So many of the oldest unfinished objects never pause for memory."""
STALL_SECONDS: Final = 10.0
"""A sender that gives nothing for so long while others wait for memory loses its object."""


class Member(Protocol):
    """An unfinished object, as the budget sees it."""

    last_write: float
    is_waiting: bool

    def wake(self) -> None:
        """Memory came free: look again."""

    def give_up(self, fault: CeilingReached) -> None:
        """Release what is held; every later write raises `fault`."""


class IncomingBudget:
    """Counts bytes. Used from the event loop only."""

    def __init__(self, clock: Callable[[], float], total: int = MAX_INCOMING_TOTAL) -> None:
        self._clock = clock
        self._total = total
        self._pause_mark = total - total // 4
        self._held = 0
        self._unfinished: dict[Member, None] = {}

    @property
    def held(self) -> int:
        """Bytes held now."""
        return self._held

    def enter(self, member: Member) -> None:
        """A new object; it is the youngest."""
        self._unfinished[member] = None

    def leave(self, member: Member) -> None:
        """The object is finished or given up: it takes no more, but what it holds still counts. Idempotent."""
        if self._unfinished.pop(member, self) is None and self._held > self._pause_mark:
            self._wake_all()

    def charge(self, member: Member, size: int) -> None:
        """Count `size` more bytes; CeilingReached if that is over the ceiling."""
        if self._held + size > self._total:
            raise CeilingReached("MAX_INCOMING_TOTAL", self._total, self._held + size, answer=OUT_OF_RESOURCES)
        self._held += size
        member.last_write = self._clock()

    def release(self, size: int) -> None:
        """`size` bytes came free."""
        was_short = self._held > self._pause_mark
        self._held -= size
        if was_short and self._held <= self._pause_mark:
            self._wake_all()

    def must_pause(self, member: Member) -> bool:
        """True if `member` should not be fed now."""
        return self._held > self._pause_mark and member not in islice(self._unfinished, ALWAYS_MOVING)

    def give_up_stalled(self) -> None:
        """Give up objects that stand still, if memory is short."""
        if self._held <= self._pause_mark:
            return
        limit = self._clock() - STALL_SECONDS
        for member in [m for m in self._unfinished if not m.is_waiting and m.last_write < limit]:
            member.give_up(CeilingReached("MAX_INCOMING_TOTAL", self._pause_mark, self._held, answer=OUT_OF_RESOURCES))

    def _wake_all(self) -> None:
        for member in list(self._unfinished):
            member.wake()

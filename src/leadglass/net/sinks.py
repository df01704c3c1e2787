"""Two sinks every service needs: one that collects a short data set, one that lets it run away."""

from __future__ import annotations

from leadglass.terms.ceilings import MAX_IDENTIFIER
from leadglass.terms.errors import CeilingReached, LeadglassError, PeerAnswer

__all__ = ["BytesSink", "DiscardSink"]

_OUT_OF_RESOURCES = 0xA700


class BytesSink:
    """Collects a data set of at most `limit` bytes in memory: identifiers and N-SERVICE data sets."""

    __slots__ = ("_collected", "_limit", "fault")

    def __init__(self, limit: int = MAX_IDENTIFIER) -> None:
        self.fault: LeadglassError | None = None
        self._limit = limit
        self._collected = bytearray()

    @property
    def data(self) -> bytes:
        """What has come so far."""
        return bytes(self._collected)

    @property
    def congested(self) -> bool:
        return False

    def write(self, data: memoryview) -> None:
        """Keep a copy; CeilingReached (status A700) beyond the limit."""
        length = len(self._collected) + len(data)
        if length > self._limit:
            raise CeilingReached("MAX_IDENTIFIER", self._limit, length, answer=PeerAnswer(status=_OUT_OF_RESOURCES))
        self._collected += data

    def finish(self) -> None:
        """Nothing to do: all is here."""

    def discard(self) -> None:
        self._collected = bytearray()

    async def wait_relieved(self) -> None:
        """Never congested."""


class DiscardSink:
    """Takes everything and keeps nothing but the count. `fault` may say why."""

    __slots__ = ("fault", "length")

    def __init__(self, fault: LeadglassError | None = None) -> None:
        self.fault = fault
        self.length = 0

    @property
    def congested(self) -> bool:
        return False

    def write(self, data: memoryview) -> None:
        self.length += len(data)

    def finish(self) -> None:
        """Nothing to do."""

    def discard(self) -> None:
        """Nothing to do."""

    async def wait_relieved(self) -> None:
        """Never congested."""

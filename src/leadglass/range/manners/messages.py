"""A simulated service that is spoken to in messages: the base of the databases and shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from leadglass.range.law import Law
from leadglass.range.manner import Action, HangUp
from leadglass.terms.ceilings import MAX_RANGE_REQUEST

__all__ = ["MessageManner"]


class MessageManner(ABC):
    """Cuts requests out of what comes and answers each. What is no request ends the connection."""

    def __init__(self, law: Law) -> None:
        self._law = law
        self._buffer = bytearray()
        self._is_over = False

    def opened(self) -> Iterable[Action]:
        return ()

    def received(self, data: bytes) -> Iterable[Action]:
        if self._is_over:
            return
        self._buffer += data
        while not self._is_over:
            size = self._size()
            if size is None and len(self._buffer) <= MAX_RANGE_REQUEST:
                return
            if size is None or not 0 < size <= MAX_RANGE_REQUEST:
                yield from self._end()
            elif len(self._buffer) < size:
                return
            else:
                request = bytes(self._buffer[:size])
                del self._buffer[:size]
                yield from self._answer(request)

    def _end(self, *said: bytes) -> list[Action]:
        self._is_over = True
        return [*said, HangUp()]

    @abstractmethod
    def _size(self) -> int | None:
        """Bytes of the request the buffer begins with, whole or not; 0 if it is none, None if too early to tell."""

    @abstractmethod
    def _answer(self, request: bytes) -> Iterable[Action]:
        """What a whole request is answered."""

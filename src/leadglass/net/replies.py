"""Where the responses to our own requests arrive, each to its request (PS3.7 §9.1: by message ID)."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from leadglass.dicom.dimse.messages import Response
from leadglass.terms.errors import LeadglassError

__all__ = ["Replies", "Reply", "ReplyBox"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A response and its data set, if it had one."""

    message: Response
    data_set: bytes | None = field(default=None, repr=False)


class ReplyBox:
    """The responses to one request, in order."""

    __slots__ = ("_fault", "_replies", "_waiter")

    def __init__(self) -> None:
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._fault: LeadglassError | None = None

    def put(self, reply: Reply) -> None:
        self._replies.append(reply)
        self._wake()

    def fail(self, fault: LeadglassError) -> None:
        """No more will come."""
        self._fault = fault
        self._wake()

    async def next(self) -> Reply:
        """The next response; raises what `fail` was told once none is left."""
        while not self._replies:
            if self._fault is not None:
                raise self._fault
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._replies.popleft()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Replies:
    """All requests of ours that are not yet fully answered, by message ID."""

    __slots__ = ("_boxes", "_last_id")

    def __init__(self) -> None:
        self._boxes: dict[int, ReplyBox] = {}
        self._last_id = 0

    def __bool__(self) -> bool:
        return bool(self._boxes)

    def next_message_id(self) -> int:
        """An id from 1 to 65535 that no open request has."""
        while True:
            self._last_id = self._last_id % 0xFFFF + 1
            if self._last_id not in self._boxes:
                return self._last_id

    def open(self, message_id: int) -> ReplyBox | None:
        """A box for a new request; None if the id is taken."""
        if message_id in self._boxes:
            return None
        box = self._boxes[message_id] = ReplyBox()
        return box

    def close(self, message_id: int) -> None:
        self._boxes.pop(message_id, None)

    def find(self, message_id: int) -> ReplyBox | None:
        return self._boxes.get(message_id)

    def fail(self, fault: LeadglassError) -> None:
        """Nothing will be answered any more."""
        for box in self._boxes.values():
            box.fail(fault)

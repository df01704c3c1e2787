"""Where the responses to our own requests arrive, each to its request (PS3.7 §9.1: by message ID)."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from leadglass.dicom.dimse.messages import Response
from leadglass.dicom.dimse.statuses import is_pending
from leadglass.terms.errors import LeadglassError

__all__ = ["Replies", "Reply", "ReplyBox"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A response and its data set, if it had one."""

    message: Response
    data_set: bytes | None = field(default=None, repr=False)


class ReplyBox:
    """The responses to one request, in order."""

    __slots__ = ("_fault", "_replies", "_waiter", "is_abandoned")

    def __init__(self) -> None:
        self.is_abandoned = False
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._fault: LeadglassError | None = None

    @property
    def is_complete(self) -> bool:
        """True if the final response is in."""
        return bool(self._replies) and not is_pending(self._replies[-1].message.status)

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

    @property
    def are_awaited(self) -> bool:
        """True while somebody waits for a response."""
        return any(not box.is_abandoned for box in self._boxes.values())

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

    def expects(self, message_id: int) -> bool:
        """True if a response to this request may come."""
        return message_id in self._boxes

    def deliver(self, reply: Reply) -> None:
        """Put a response into its box; the final one to a request nobody waits for any more closes the matter."""
        message_id = reply.message.message_id_being_responded_to
        box = self._boxes[message_id]
        if not box.is_abandoned:
            box.put(reply)
        elif not is_pending(reply.message.status):
            del self._boxes[message_id]

    def close(self, message_id: int) -> None:
        """The request has been answered, or was never sent."""
        self._boxes.pop(message_id, None)

    def abandon(self, message_id: int) -> None:
        """Nobody waits any more; if the peer has not answered in full, it still will."""
        box = self._boxes[message_id]
        box.is_abandoned = True
        if box.is_complete:
            del self._boxes[message_id]

    def fail(self, fault: LeadglassError) -> None:
        """Nothing will be answered any more."""
        for box in self._boxes.values():
            box.fail(fault)

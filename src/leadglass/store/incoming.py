"""An object while it arrives: in one warm buffer up to MAX_INCOMING_IN_MEMORY, spooled encrypted beyond that.

    MEMORY    all bytes lie in one buffer, copied once from the receive buffer
    SPOOLING  full segments go to a `Spool` on the spooler's thread; the first buffer stays, for `head`
    FINISHED  all bytes came
    GONE      appended or discarded, or given up: nothing is held any more

Everything here runs on the event loop; only the spool's own methods run on the spooler's thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from leadglass.store.budget import OUT_OF_RESOURCES, IncomingBudget
from leadglass.store.buffers import BufferPool
from leadglass.store.objects import FIRST_SEGMENT, NEXT_SEGMENT, SEGMENT
from leadglass.store.spool import Spool
from leadglass.terms.ceilings import MAX_INCOMING_IN_MEMORY, MAX_OBJECT
from leadglass.terms.errors import CeilingReached, LeadglassError, LocalViolation, StorageFault

__all__ = ["Incoming", "Workshop"]

_HEAD_SEGMENTS: Final = MAX_INCOMING_IN_MEMORY // SEGMENT
_HEAD_CAPACITY: Final = FIRST_SEGMENT + (_HEAD_SEGMENTS - 1) * NEXT_SEGMENT
"""What whole segments of MAX_INCOMING_IN_MEMORY hold: 104 bytes less than it."""
_SEGMENTS_IN_FLIGHT: Final = 2
"""Segments of one object that may wait for the disk before its sender must pause."""
_LOOK_AGAIN_SECONDS: Final = 2.0
"""A paused object looks so often whether somebody else stands still."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What all incoming objects of one journal share."""

    budget: IncomingBudget
    heads: BufferPool
    segments: BufferPool
    spooler: Executor
    new_spool: Callable[[], Spool]

    @classmethod
    def furnish(cls, budget: IncomingBudget, spooler: Executor, new_spool: Callable[[], Spool]) -> Workshop:
        """A workshop with pools of its own."""
        heads = BufferPool(_HEAD_CAPACITY, keep=16)
        return cls(budget, heads, BufferPool(NEXT_SEGMENT, keep=16), spooler, new_spool)


class _State(Enum):
    RECEIVING = auto()
    FINISHED = auto()
    GONE = auto()


class Incoming:
    """One object on its way in; see `port.IncomingObject` for what its users may rely on."""

    def __init__(self, workshop: Workshop, prefix: bytes) -> None:
        self.fault: LeadglassError | None = None  # kept for whoever feeds us; see net's DataSink
        self.dataset_offset = len(prefix)
        self.last_write = 0.0
        self.is_waiting = False
        self._workshop = workshop
        self._loop = asyncio.get_running_loop()
        self._relief = asyncio.Event()
        self._state = _State.RECEIVING
        self._given_up: LeadglassError | None = None
        self._head = workshop.heads.take()
        self._held = 0  # what the budget counts for us
        self._buffer = self._head  # where bytes go now
        self._filled = 0  # of it
        self._plaintext_length = 0
        self._spool: Spool | None = None
        self._segments_sent = 0
        self._in_flight = 0
        workshop.budget.enter(self)
        self.write(memoryview(prefix))

    # --- what came so far ----------------------------------------------------------------------------------

    @property
    def length(self) -> int:
        """Bytes of the data set that came so far."""
        return self._plaintext_length - self.dataset_offset

    @property
    def plaintext_length(self) -> int:
        """Bytes of the Part-10 file that came so far."""
        return self._plaintext_length

    @property
    def head(self) -> memoryview:
        """The first bytes of the data set. Void after `append` or `discard`."""
        return self._head[self.dataset_offset : min(self._plaintext_length, _HEAD_CAPACITY)]

    @property
    def head_is_whole(self) -> bool:
        """True if `head` is all that came so far."""
        return self._spool is None

    # --- bytes in ------------------------------------------------------------------------------------------

    def write(self, data: memoryview) -> None:
        """Take a copy of `data`. Raises what made the object impossible, at once and ever after."""
        if self._given_up is not None:
            raise self._given_up
        if self._state is not _State.RECEIVING:
            raise LocalViolation("wrote to an object that is finished or gone")
        size = len(data)
        if self._plaintext_length + size > MAX_OBJECT:
            raise CeilingReached("MAX_OBJECT", MAX_OBJECT, self._plaintext_length + size, answer=OUT_OF_RESOURCES)
        self._workshop.budget.charge(self, size)
        self._held += size
        end = self._filled + size
        if end > len(self._buffer):
            self._fill_and_send(data)
        else:
            self._buffer[self._filled : end] = data
            self._filled = end
        self._plaintext_length += size

    def _fill_and_send(self, data: memoryview) -> None:
        """Copy `data` across buffers. A full buffer is sent when one more byte comes: then it is not the last."""
        while data:
            room = len(self._buffer) - self._filled
            if room == 0:
                self._send_full_buffer()
                continue
            part = data[:room]
            self._buffer[self._filled : self._filled + len(part)] = part
            self._filled += len(part)
            data = data[len(part) :]

    def _send_full_buffer(self) -> None:
        if self._spool is None:
            self._spool = self._workshop.new_spool()
            start = 0
            for number in range(_HEAD_SEGMENTS):
                end = FIRST_SEGMENT + number * NEXT_SEGMENT
                self._send(self._head[start:end], None)
                start = end
        else:
            self._send(self._buffer, self._buffer)
        self._buffer = self._workshop.segments.take()
        self._filled = 0

    def _send(self, plaintext: memoryview, lent: memoryview | None) -> None:
        assert self._spool is not None
        try:
            done = self._workshop.spooler.submit(self._spool.write_segment, self._segments_sent, plaintext)
        except RuntimeError as error:
            raise StorageFault("the journal is closed") from error
        self._in_flight += 1
        self._segments_sent += 1
        done.add_done_callback(lambda future: self._loop.call_soon_threadsafe(self._sent, future, lent))

    def _sent(self, future: Future[None], lent: memoryview | None) -> None:
        self._in_flight -= 1
        if lent is not None:
            self._give_segment(lent)
        fault = future.exception()
        if fault is not None and self._given_up is None:
            self.give_up(fault if isinstance(fault, LeadglassError) else StorageFault("the spool failed"))
        self._release_if_gone()
        self.wake()

    # --- pausing -------------------------------------------------------------------------------------------

    @property
    def congested(self) -> bool:
        """True if whoever feeds this object must pause until `wait_relieved` returns."""
        if self._state is not _State.RECEIVING:
            return False
        return self._in_flight > _SEGMENTS_IN_FLIGHT or self._workshop.budget.must_pause(self)

    async def wait_relieved(self) -> None:
        """Return when writing may go on, or has become impossible."""
        self.is_waiting = True
        try:
            while self.congested:
                self._relief.clear()
                try:
                    await asyncio.wait_for(self._relief.wait(), _LOOK_AGAIN_SECONDS)
                except TimeoutError:
                    self._workshop.budget.give_up_stalled()
        finally:
            self.is_waiting = False
            self.last_write = self._loop.time()

    def wake(self) -> None:
        """Look again whether we are still congested."""
        self._relief.set()

    # --- endings -------------------------------------------------------------------------------------------

    def finish(self) -> None:
        """All bytes came."""
        if self._given_up is not None:
            raise self._given_up
        if self._state is not _State.RECEIVING:
            raise LocalViolation("finished an object twice, or after it was gone")
        self._state = _State.FINISHED
        self._workshop.budget.leave(self)

    def give_up(self, fault: LeadglassError) -> None:
        """This object cannot be had: release it; `write`, `finish` and `append` raise `fault` from now on."""
        self._given_up = fault
        self.discard()
        self.wake()

    def discard(self) -> None:
        """Forget the object; nothing of it stays on disk. Does nothing once the journal has it."""
        if self._state is _State.GONE:
            return
        self._state = _State.GONE
        self._workshop.budget.leave(self)
        if self._spool is not None:
            self._discard_spool(self._spool)
        self._release_if_gone()

    def _discard_spool(self, spool: Spool) -> None:
        spool.is_cancelled = True
        try:
            done = self._workshop.spooler.submit(spool.discard)
        except RuntimeError:  # the journal is closed, so its spooler is idle
            spool.discard()
            return
        self._in_flight += 1
        done.add_done_callback(lambda future: self._loop.call_soon_threadsafe(self._sent, future, None))

    def hand_over(self) -> None:
        """For the journal: the object is its own from now on. Raises the object's fault if it has one."""
        if self._given_up is not None:
            raise self._given_up
        if self._state is not _State.FINISHED:
            raise LocalViolation("appended an object that is not finished, or is gone")
        self._state = _State.GONE
        self._in_flight += 1  # keeps the buffers until `handled`

    def handled(self) -> None:
        """For the journal: it is done with the object, for good or ill."""
        self._in_flight -= 1
        self._release_if_gone()

    @property
    def spool(self) -> Spool | None:
        """For the journal: where the full segments went, or None if all is in `last_bytes`."""
        return self._spool

    @property
    def last_bytes(self) -> memoryview:
        """For the journal: the whole Part-10 file if there is no spool, else its last segment."""
        return self._buffer[: self._filled]

    def _release_if_gone(self) -> None:
        if self._state is not _State.GONE or self._in_flight or not self._head:
            return
        if self._spool is not None:
            self._give_segment(self._buffer)
        self._workshop.heads.give(self._head)
        self._head = self._buffer = memoryview(b"")
        self._workshop.budget.release(self._held)
        self._held = 0

    def _give_segment(self, view: memoryview) -> None:
        used = min(self._held, len(view))
        self._held -= used
        self._workshop.budget.release(used)
        self._workshop.segments.give(view)

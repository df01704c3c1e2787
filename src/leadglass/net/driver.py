"""The only place where a socket, a clock and the upper layer engine meet.

The engine decides, the driver does: feed what was read, hand on the events, write what is to be sent, hang up when the
engine is done, wake it when its timer is due. Beyond that the driver knows two things the engine cannot: whether
the peer still takes what we write, and whether silence is the peer's or our own.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable
from typing import Final, Protocol, cast

from leadglass.dicom.upperlayer import Association, Event, State
from leadglass.net.errors import AssociationLost
from leadglass.net.limits import Limits
from leadglass.net.sockets import rearm_quickack
from leadglass.terms.ceilings import KIB

__all__ = ["RECEIVE_BUFFER", "Driver", "Owner", "receive_buffer"]

RECEIVE_BUFFER: Final = 256 * KIB
_LINGER_SECONDS: Final = 5.0
"""After hanging up, so long may the last bytes take to leave."""
_MIN_PROGRESS: Final = KIB
"""Bytes of an unfinished message a peer must send per idle period: a byte now and then is no conversation."""

_SILENCE: Final = {
    State.AWAITING_REQUEST: "no association request came in time",
    State.ESTABLISHED: "the peer fell silent",
}

Buffer = bytes | bytearray | memoryview


def receive_buffer() -> memoryview:
    """A buffer to read into. All connections of one event loop may share one: reading, and all that is done with what
    was read, happens in one step of the loop, and nothing keeps a view of it beyond that."""
    return memoryview(bytearray(RECEIVE_BUFFER))


class Owner(Protocol):
    """Who hears what the driver learns."""

    def happened(self, event: Event) -> None:
        """An event of the engine."""

    @property
    def is_occupied(self) -> bool:
        """True while our side owes the next step: then the peer's silence is only manners."""

    @property
    def commands_received(self) -> int:
        """Whole commands received so far."""

    def gave_up(self, why: str) -> None:
        """The peer was too slow or silent for too long, and is being left."""


class Driver(asyncio.BufferedProtocol):
    """One connection. `closed` is resolved when it is gone."""

    def __init__(
        self,
        engine: Association,
        owner: Owner,
        sock: socket.socket,
        buffer: memoryview,
        limits: Limits,
        *,
        on_connected: Callable[[asyncio.Transport], None] | None = None,
        on_first_bytes: Callable[[memoryview], None] | None = None,
    ) -> None:
        self.engine = engine
        self.lost_because: Exception | None = None
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[None] = self._loop.create_future()
        self._owner = owner
        self._socket = sock
        self._buffer = buffer
        self._limits = limits
        self._on_connected = on_connected
        self._on_first_bytes = on_first_bytes
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._linger: asyncio.TimerHandle | None = None
        self._holds: set[str] = set()  # why we do not read
        self._drained: asyncio.Future[None] | None = None  # set while the peer does not take what we write
        self._backlog_seen = 0
        self._received = 0
        self._commands_seen = 0
        self._counting_since = 0.0

    # --- what asyncio tells ----------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        stream = self._transport = cast(asyncio.Transport, transport)  # uvloop's have the methods, not the base class
        stream.set_write_buffer_limits(high=self._limits.max_send_backlog)
        if self._on_connected is not None:
            self._on_connected(stream)
        if not stream.is_closing():
            self.engine.connection_opened(self._loop.time())
            self._pump()

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        data = self._buffer[:nbytes]
        if self._on_first_bytes is not None:
            self._on_first_bytes(data)
            self._on_first_bytes = None
        now = self._loop.time()
        if not self._received:
            self._counting_since = now
        self._received += nbytes
        self.engine.receive_data(data, now)
        self._pump()
        rearm_quickack(self._socket)

    def eof_received(self) -> None:
        self.hang_up()  # the transport would close itself too, but wait for ever for a peer that does not read

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost_because = exc
        for timer in (self._timer, self._linger):
            if timer is not None:
                timer.cancel()
        self._timer = self._linger = None
        self.engine.receive_eof(self._loop.time())
        self._pump()
        self.resume_writing()
        if not self.closed.done():
            self.closed.set_result(None)

    def pause_writing(self) -> None:
        if self._drained is None:
            self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        if self._drained is not None:
            self._drained.set_result(None)
            self._drained = None

    # --- what the owner asks ---------------------------------------------------------------------------------

    @property
    def idle_seconds(self) -> float:
        """How long either side may keep the other waiting."""
        return self._limits.idle_seconds

    @property
    def is_open(self) -> bool:
        """True while messages can be sent."""
        return self.engine.state in (State.ESTABLISHED, State.AWAITING_LOCAL_RELEASE)

    def send(self, buffers: Iterable[Buffer]) -> None:
        """Write whole P-DATA-TF PDUs in one go. AssociationLost if the association is over."""
        if not self.is_open:
            raise AssociationLost("the association is over")
        self.engine.send_p_data(buffers, self._loop.time())
        self._pump()

    async def drain(self) -> None:
        """Return when the backlog is below its ceiling, or the connection gone."""
        while self._drained is not None:
            await asyncio.shield(self._drained)

    def act(self, verb: Callable[[float], None]) -> None:
        """Ask something of the engine (`verb` is given the time), then do what it wants done."""
        verb(self._loop.time())
        self._received = 0  # what was said until now has had its answer
        self._pump()

    def abort(self, source: int = 0, reason: int = 0) -> None:
        """A-ABORT, and hang up. Harmless if already over."""
        self.act(lambda now: self.engine.abort(now, source, reason))

    def hold(self, why: str) -> None:
        """Stop reading until `unhold(why)`; what one buffer holds is still handed on."""
        if not self._holds and self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
        self._holds.add(why)

    def unhold(self, why: str) -> None:
        if why not in self._holds:
            return
        self._holds.discard(why)
        if not self._holds and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def let_go(self) -> None:
        """The association is over: read on, to hear the peer's farewell, and let nobody wait for it to read."""
        for why in tuple(self._holds):
            self.unhold(why)
        self.resume_writing()

    def hang_up(self) -> None:
        """Close after what is left to write, but wait for that only so long."""
        if self._transport is None or self._linger is not None or self.closed.done():
            return
        self._transport.close()
        self._linger = self._loop.call_later(_LINGER_SECONDS, self.cut)

    def cut(self) -> None:
        """Close now; what is left to write is lost."""
        if self._transport is not None:
            self._transport.abort()

    # --- after every call into the engine --------------------------------------------------------------------

    def _pump(self) -> None:
        engine, transport = self.engine, self._transport
        while events := engine.events():
            for event in events:
                self._owner.happened(event)
        buffers = engine.data_to_send()
        if transport is None or self.closed.done():
            return
        if buffers and not transport.is_closing():
            if len(buffers) == 1:
                transport.write(buffers[0])
            else:
                transport.writelines(buffers)
        if engine.close_expected:
            self.hang_up()
        else:
            self._arm()

    def _arm(self) -> None:
        due = self.engine.timer()
        if due is None:
            return
        if self._timer is not None:
            if due >= self._timer_due:  # nearly always: it wakes early and looks again
                return
            self._timer.cancel()
        self._timer_due = due
        self._timer = self._loop.call_at(due, self._wake)

    def _wake(self) -> None:
        self._timer = None
        if self._transport is None or self._transport.is_closing():
            return
        now = self._loop.time()
        if self._owner.is_occupied or (self.is_open and (self._holds or self._drained is not None)):
            if self._is_write_stalled():
                self._owner.gave_up("the peer stopped reading")
                self.abort(source=2)
                self.cut()
                return
            self._timer_due = now + self._limits.idle_seconds
            self._timer = self._loop.call_at(self._timer_due, self._wake)
            return
        if self._is_dribbling(now):
            self._owner.gave_up("the peer sends next to nothing")
            self.abort(source=2)
            return
        before = self.engine.state
        self.engine.handle_timer(now)
        if self.engine.state is not before and before in _SILENCE:
            self._owner.gave_up(_SILENCE[before])
        self._pump()

    def _is_write_stalled(self) -> bool:
        """True if the peer has not taken a byte since we last looked."""
        backlog = self._transport.get_write_buffer_size() if self._drained is not None and self._transport else 0
        stalled = backlog > 0 and backlog == self._backlog_seen
        self._backlog_seen = backlog
        return stalled

    def _is_dribbling(self, now: float) -> bool:
        """True if for an idle period there were bytes, but next to none, and no whole command."""
        if not self._received or now - self._counting_since < self._limits.idle_seconds:
            return False
        commands = self._owner.commands_received
        is_dribbling = self._received < _MIN_PROGRESS and commands == self._commands_seen and self.is_open
        self._received, self._commands_seen = 0, commands
        return is_dribbling and now < (self.engine.timer() or 0)  # else it is plain silence

"""A world on the wire, and on nobody else's network.

A listener for each door: then every other port of every address is closed, as on real machines. For worlds too large
for that one listener a port hears all of 127.0.0.0/8, and resets what comes to an address without a service.
"""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import TracebackType
from typing import Final, cast

from leadglass.net.answering import (
    BACKLOG,
    Suites,
    TlsContext,
    TlsEnd,
    is_loopback,
    listening_at,
    listening_on_loopback,
    local_address,
    reset,
    server_context,
)
from leadglass.range.certificates import identity_of
from leadglass.range.law import Law
from leadglass.range.manner import Action, HangUp, Manner, Pause, Reset
from leadglass.range.world import Door, TlsManner, World
from leadglass.terms.ceilings import MAX_RANGE_ANSWERS_WAITING, MAX_RANGE_OWN_LISTENERS, MAX_RANGE_SEND_BACKLOG

__all__ = ["RangeServer"]

_SUITES: Final[Mapping[TlsManner, Suites]] = {TlsManner.MODIFIED: Suites.MODIFIED, TlsManner.RETIRED: Suites.RETIRED}
"""Of the others: those of today."""


class RangeServer:
    """The server of a world: `async with RangeServer(...) as server`, or `start` and `stop`."""

    def __init__(
        self,
        world: World,
        law: Law,
        *,
        port_offset: int = 0,
        latency: float = 0.0,
        own_listeners: int = MAX_RANGE_OWN_LISTENERS,
    ) -> None:
        """`port_offset` is added to every port of the world; `latency` (seconds) to what each of its doors has. A world
        of no more than `own_listeners` doors has a socket for each, if that leaves half of what this process may open.
        """
        self.world = world
        self.law = law
        self.port_offset = port_offset
        self.latency = latency
        doors = sum(len(system.doors) for system in world.systems)
        self.has_own_listeners = doors <= min(own_listeners, _descriptors() // 2)
        """Whether every door is a socket of its own, and every other port closed."""
        self.connections = 0
        """Taken so far."""
        self.reset = 0
        """Reset at once, because no system of the world has a service there."""
        self.strangers = 0
        """Reset at once, because they did not come to an address of 127.0.0.0/8."""
        self.guests: set[_Guest] = set()
        self._servers: list[asyncio.Server] = []
        self._contexts: dict[TlsManner, TlsContext] = {}

    async def start(self) -> None:
        """Open all ports, or none: UserFault says which one cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            for world_port, doors in _doors_by_port(self.world).items():
                port = world_port + self.port_offset
                own = (listening_at(address, port) for address in doors)
                for listening in own if self.has_own_listeners else (listening_on_loopback(port),):
                    self._servers.append(
                        await loop.create_server(_guest_maker(self, doors), sock=listening, backlog=BACKLOG)
                    )
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close the ports and cut every connection."""
        for server in self._servers:
            server.close()
        for guest in tuple(self.guests):
            guest.cut()
        for server in self._servers:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(server.wait_closed(), 1.0)
        self._servers.clear()

    def tls_context(self, manner: TlsManner) -> TlsContext:
        """The server's side of this way of TLS."""
        if manner not in self._contexts:
            identity = identity_of(manner)
            self._contexts[manner] = server_context(
                identity.certificate,
                identity.key,
                _SUITES.get(manner, Suites.BCP195),
                client_authority=identity.certificate if manner is TlsManner.CLIENT_CERTIFICATE else b"",
            )
        return self._contexts[manner]

    async def __aenter__(self) -> RangeServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


def _descriptors() -> int:
    """How many this process may have open."""
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def _doors_by_port(world: World) -> Mapping[int, Mapping[str, Door]]:
    doors: dict[int, dict[str, Door]] = {}
    for system in world.systems:
        for door in system.doors:
            doors.setdefault(door.port, {})[system.address] = door
    return doors


def _guest_maker(server: RangeServer, doors: Mapping[str, Door]) -> Callable[[], _Guest]:
    return lambda: _Guest(server, doors)


class _Guest(asyncio.Protocol):
    """One connection: hands bytes to a manner, and performs what it answers no faster than the peer reads."""

    __slots__ = ("_door", "_doors", "_is_paused", "_manner", "_server", "_timer", "_tls", "_transport", "_waiting")

    def __init__(self, server: RangeServer, doors: Mapping[str, Door]) -> None:
        self._server = server
        self._doors = doors
        self._waiting: deque[Iterator[Action]] = deque()  # answers, the first of which is being given
        self._is_paused = False  # the peer does not read
        self._timer: asyncio.Handle | None = None  # the next action has its time
        self._manner: Manner | None = None  # None: nothing to say yet, or ever again
        self._tls: TlsEnd | None = None
        self._transport: asyncio.Transport
        self._door: Door

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        server = self._server
        address = local_address(transport)
        door = self._doors.get(address)
        server.connections += 1
        if door is None:
            if is_loopback(address):
                server.reset += 1
            else:
                server.strangers += 1
            reset(self._transport)
            return
        self._door = door
        server.guests.add(self)
        if door.uses_tls:
            self._tls = TlsEnd(server.tls_context(door.tls))
        else:
            self._open()

    def _open(self) -> None:
        self._manner = self._door.manner(self._server.law)
        self._answer(self._manner.opened())

    def data_received(self, data: bytes) -> None:
        if self._tls is not None:
            data = self._unwrapped(self._tls, data)
        if data and self._manner is not None:
            self._answer(self._manner.received(data))

    def _unwrapped(self, tls: TlsEnd, data: bytes) -> bytes:
        """Plain text. The end of the handshake opens the conversation; without one the connection is closed."""
        was_open = tls.is_open
        data = tls.receive(data)
        self._transport.write(tls.take())
        if tls.has_failed:
            self._end(HangUp())
        elif tls.is_open and not was_open:
            self._open()
        return data

    def eof_received(self) -> None:
        """Who says nothing more gets what is under way to its socket, and no more."""
        self._manner = None
        self._waiting.clear()

    def _answer(self, actions: Iterable[Action]) -> None:
        if not actions:
            return
        latency = self._door.latency + self._server.latency
        if latency:
            actions = _delayed(latency, actions)
        self._waiting.append(iter(actions))
        waiting = len(self._waiting)
        if waiting == 1 and not self._is_paused:
            self._go_on()
        elif waiting > MAX_RANGE_ANSWERS_WAITING:
            self._transport.pause_reading()

    def _go_on(self) -> None:
        """Give answers until the peer is full, a pause is due, or it was enough for one turn."""
        self._timer = None
        transport, waiting, tls = self._transport, self._waiting, self._tls
        sent = 0
        while waiting:
            for action in waiting[0]:
                if type(action) is bytes:
                    if tls is not None:
                        tls.send(action)
                        transport.write(tls.take())
                    else:
                        transport.write(action)
                    sent += len(action)
                    if self._is_paused or transport.is_closing():  # full, or gone while we spoke
                        return
                    if sent > MAX_RANGE_SEND_BACKLOG:  # others want a turn too
                        self._timer = asyncio.get_running_loop().call_soon(self._go_on)
                        return
                elif isinstance(action, Pause):
                    self._timer = asyncio.get_running_loop().call_later(action.seconds, self._go_on)
                    return
                else:
                    self._end(action)
                    return
            if waiting:  # not cut meanwhile
                waiting.popleft()
                if len(waiting) == MAX_RANGE_ANSWERS_WAITING:
                    transport.resume_reading()

    def _end(self, action: Action) -> None:
        self._manner = None
        self._waiting.clear()
        if isinstance(action, Reset):
            reset(self._transport)
        elif isinstance(action, HangUp):
            if self._tls is not None:
                self._tls.close()
                self._transport.write(self._tls.take())
            self._transport.close()

    def pause_writing(self) -> None:
        self._is_paused = True

    def resume_writing(self) -> None:
        self._is_paused = False
        if self._waiting and self._timer is None:
            self._go_on()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it ended, it is over
        self._manner = None
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._server.guests.discard(self)

    def cut(self) -> None:
        """Close now."""
        self._transport.abort()


def _delayed(seconds: float, actions: Iterable[Action]) -> Iterator[Action]:
    yield Pause(seconds)
    yield from actions

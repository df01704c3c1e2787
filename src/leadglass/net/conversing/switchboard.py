"""All open lines of one event loop: which socket is ready, and whose time is up.

A survey opens thousands of connections a second, each for a few hundred bytes. On Linux the lines share one epoll of
their own, which the event loop watches as a single descriptor: that costs half of what its transports or its readers
do. Elsewhere the loop's readers serve. Deadlines are kept on a wheel that ticks; nothing is armed or cancelled for a
single line.
"""

from __future__ import annotations

import asyncio
import select
from typing import Final, Protocol
from weakref import WeakKeyDictionary

__all__ = ["TICK", "Readers", "Subscriber", "Switchboard", "switchboard"]

TICK: Final = 0.02
"""Seconds: so much later than its deadline a line may be told."""
_AT_ONCE: Final = 256
"""Events taken before the event loop has its turn."""


class Subscriber(Protocol):
    """One end of a line."""

    descriptor: int
    deadline: float
    """In the loop's time. May be moved at any time: looked at when the one it had before is reached."""
    spoke: int
    """The switchboard's own note: where on its wheel the line hangs."""

    def readable(self) -> None:
        """Something came, or the peer is gone."""

    def writable(self) -> None:
        """The connection stands or has failed, or there is room again."""

    def time_is_up(self) -> None:
        """The deadline has passed. The line must have hung up, or moved it, when this returns."""


class _Watch(Protocol):
    """Tells which descriptors are ready."""

    def add(self, line: Subscriber) -> None:
        """For writing first: a connection that stands is writable."""

    def turn(self, line: Subscriber, *, writing: bool) -> None:
        """From now on for reading, and for writing as well or not."""

    def remove(self, line: Subscriber) -> None:
        """Its descriptor is about to be closed."""

    def close(self) -> None: ...


class _Epoll:
    """Linux: an epoll within the loop's own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._lines: dict[int, Subscriber] = {}
        self._epoll = select.epoll()
        loop.add_reader(self._epoll.fileno(), self._pump)

    def add(self, line: Subscriber) -> None:
        self._lines[line.descriptor] = line
        self._epoll.register(line.descriptor, select.EPOLLOUT)

    def turn(self, line: Subscriber, *, writing: bool) -> None:
        self._epoll.modify(line.descriptor, select.EPOLLIN | select.EPOLLOUT if writing else select.EPOLLIN)

    def remove(self, line: Subscriber) -> None:
        del self._lines[line.descriptor]  # a closed descriptor leaves the epoll by itself

    def _pump(self) -> None:
        get = self._lines.get
        for descriptor, events in self._epoll.poll(0, _AT_ONCE):
            line = get(descriptor)
            if line is None:  # gone since the events were taken
                continue
            if events & select.EPOLLOUT:
                line.writable()
                if get(descriptor) is not line:
                    continue
            if events & ~select.EPOLLOUT:  # also errors: reading says which
                line.readable()

    def close(self) -> None:
        self._loop.remove_reader(self._epoll.fileno())
        self._epoll.close()


class Readers:
    """Everywhere: the loop's own readers and writers."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def add(self, line: Subscriber) -> None:
        self._loop.add_writer(line.descriptor, line.writable)

    def turn(self, line: Subscriber, *, writing: bool) -> None:
        self._loop.add_reader(line.descriptor, line.readable)
        if writing:
            self._loop.add_writer(line.descriptor, line.writable)
        else:
            self._loop.remove_writer(line.descriptor)

    def remove(self, line: Subscriber) -> None:
        self._loop.remove_reader(line.descriptor)
        self._loop.remove_writer(line.descriptor)

    def close(self) -> None:
        """Nothing of its own to close."""


class Switchboard:
    """Of one event loop. Holds nothing while no line is open."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watch: _Watch | None = None
        self._wheel: dict[int, set[Subscriber]] = {}
        self._open = 0
        self.standing = 0
        """Lines whose peer has answered: kept by the lines."""
        self._turned_to = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_busy(self) -> bool:
        """Whether any line is open."""
        return self._open > 0

    def open(self, line: Subscriber) -> None:
        """Watch it; it is told `writable` when its connection stands or has failed."""
        if self._watch is None:
            self._watch = _Epoll(self._loop) if hasattr(select, "epoll") else Readers(self._loop)
            self._turned_to = int(self._loop.time() / TICK)
            self._timer = self._loop.call_later(TICK, self._tick)
        self._watch.add(line)
        self._open += 1
        self._put(line)

    def turn(self, line: Subscriber, *, writing: bool) -> None:
        """From now on tell it `readable`, and `writable` too if it has something left to send."""
        assert self._watch is not None  # the line is open
        self._watch.turn(line, writing=writing)

    def close(self, line: Subscriber) -> None:
        """Forget it; its socket is still open."""
        assert self._watch is not None  # the line is open
        self._watch.remove(line)
        self._wheel[line.spoke].discard(line)
        self._open -= 1
        if not self._open:
            self._watch.close()
            self._watch = None
            self._wheel.clear()
            if self._timer is not None:
                self._timer.cancel()

    def _put(self, line: Subscriber) -> None:
        spoke = int(line.deadline / TICK) + 1
        if spoke <= self._turned_to:
            spoke = self._turned_to + 1
        line.spoke = spoke
        lines = self._wheel.get(spoke)
        if lines is None:
            lines = self._wheel[spoke] = set()
        lines.add(line)

    def _tick(self) -> None:
        now = self._loop.time()
        self._timer = self._loop.call_later(TICK, self._tick)
        reached = int(now / TICK)
        due = [spoke for spoke in range(self._turned_to + 1, reached + 1) if spoke in self._wheel]
        self._turned_to = max(self._turned_to, reached)
        for spoke in due:
            for line in tuple(self._wheel.get(spoke, ())):
                if line in self._wheel.get(spoke, ()):  # nobody closed it meanwhile
                    self._look_at(line, now)
            self._wheel.pop(spoke, None)

    def _look_at(self, line: Subscriber, now: float) -> None:
        if line.deadline <= now:
            line.time_is_up()
        hangs = self._wheel.get(line.spoke)
        if hangs is not None and line in hangs:  # not closed: it has moved its deadline
            hangs.discard(line)
            self._put(line)


_BOARDS: WeakKeyDictionary[asyncio.AbstractEventLoop, Switchboard] = WeakKeyDictionary()


def switchboard() -> Switchboard:
    """The running event loop's."""
    loop = asyncio.get_running_loop()
    board = _BOARDS.get(loop)
    if board is None:
        board = _BOARDS[loop] = Switchboard(loop)
    return board

"""A clock and a transport moved by hand, for testing the driver without waiting and without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

__all__ = ["ManualLoop", "ManualTransport"]


class _Timer:
    def __init__(self, due: float, call: Callable[[], object]) -> None:
        self.due = due
        self.call = call
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class ManualLoop:
    """What the driver needs of an event loop. Time stands still until `advance`."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._timers: list[_Timer] = []

    def time(self) -> float:
        return self.now

    def create_future(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()

    def call_at(self, due: float, call: Callable[[], object]) -> _Timer:
        timer = _Timer(due, call)
        self._timers.append(timer)
        return timer

    def call_later(self, delay: float, call: Callable[[], object]) -> _Timer:
        return self.call_at(self.now + delay, call)

    def advance(self, seconds: float) -> None:
        """Let time pass; timers fire in order, at their time."""
        end = self.now + seconds
        while due := sorted((t for t in self._timers if not t.is_cancelled and t.due <= end), key=lambda t: t.due):
            timer = due[0]
            self._timers.remove(timer)
            self.now = max(self.now, timer.due)
            timer.call()
        self.now = end

    def as_loop(self) -> asyncio.AbstractEventLoop:
        return cast(asyncio.AbstractEventLoop, self)


class ManualTransport:
    """Keeps what is written; takes it from the driver only as far as `taken` says."""

    def __init__(self) -> None:
        self.written = bytearray()
        self.writes = 0
        self.backlog = 0
        self.is_reading = True
        self.how_closed = ""
        self.high_water = 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self.high_water = high or 0

    def get_write_buffer_size(self) -> int:
        return self.backlog

    def write(self, data: Any) -> None:
        self.written += data
        self.writes += 1

    def writelines(self, buffers: Any) -> None:
        self.written += b"".join(buffers)
        self.writes += 1

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def is_closing(self) -> bool:
        return bool(self.how_closed)

    def close(self) -> None:
        self.how_closed = self.how_closed or "closed"

    def abort(self) -> None:
        self.how_closed = "cut"

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def as_transport(self) -> asyncio.Transport:
        return cast(asyncio.Transport, self)

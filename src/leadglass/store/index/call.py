"""One call of an index function on its way to a database thread and back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Call"]


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """An index function, its arguments, and where its caller awaits the answer."""

    fn: Callable[..., Any]
    args: tuple[Any, ...]
    durable: bool
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]

    @classmethod
    def of(cls, fn: Callable[..., Any], args: tuple[Any, ...], *, durable: bool) -> Call:
        """A call made now, on the running loop."""
        loop = asyncio.get_running_loop()
        return cls(fn, args, durable, loop, loop.create_future())

    def answer(self, value: object, error: Exception | None = None) -> None:
        """Tells the caller, from the database's thread. The hop back costs more than most statements."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(_settle, self.future, value, error)


def _settle(future: asyncio.Future[Any], value: object, error: Exception | None) -> None:
    if future.done():  # the caller was cancelled meanwhile
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)

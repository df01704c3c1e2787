"""The practice range for tests: in this process, or in one of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from helpers.ports import free_port
from leadglass.range.law import Law
from leadglass.range.serving import RangeServer
from leadglass.range.world import World
from leadglass.range.worlds import load
from leadglass.terms.ceilings import MAX_RANGE_OWN_LISTENERS
from leadglass.terms.errors import UserFault

__all__ = ["address_of", "free_offset", "running", "served"]

_TRIES = 20
_LAST_OFFSET = 21_000


@asynccontextmanager
async def running(
    world: World, *, latency: float = 0.0, own_listeners: int = MAX_RANGE_OWN_LISTENERS
) -> AsyncIterator[tuple[RangeServer, Law]]:
    """The world in this process, on ports that nobody holds: `server.port_offset` says how far they are shifted."""
    law = Law()
    async with contextlib.AsyncExitStack() as stack:
        for left in reversed(range(_TRIES)):
            server = RangeServer(world, law, port_offset=free_offset(), latency=latency, own_listeners=own_listeners)
            try:
                await stack.enter_async_context(server)
            except UserFault:
                if not left:
                    raise
            else:
                break
        yield server, law


@contextmanager
def served(
    profile: str,
    *options: str,
    scale: int = 1,
    latency_ms: int = 0,
    said: Path | None = None,
    again_at: int | None = None,
) -> Iterator[int]:
    """`leadglass range serve` in a process of its own, when all its doors are open; its port offset.

    `again_at`: the offset of one that was served before. What it says, at its end too, is written to the file `said`.
    """
    offset = free_offset() if again_at is None else again_at
    command = [sys.executable, "-m", "leadglass", "range", "serve", profile, *options]
    command += ["--port-offset", str(offset), "--scale", str(scale), "--latency", str(latency_ms)]
    with said.open("wb") if said is not None else TemporaryFile() as out:
        process = subprocess.Popen(command, stdout=out, env={**os.environ, "PYTHONUNBUFFERED": "1"})
        try:
            _wait_for_its_greeting(process, out)
            yield offset
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)


def _wait_for_its_greeting(process: subprocess.Popen[bytes], out: IO[bytes]) -> None:
    gives_up_at = time.monotonic() + 60
    while not os.fstat(out.fileno()).st_size:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args!r} ended with {process.returncode} before it said anything")
        assert time.monotonic() < gives_up_at, f"{process.args!r} said nothing"
        time.sleep(0.02)


def address_of(profile: str, port: int) -> str:
    """The first system of a profile that has something at this port."""
    return next(s.address for s in load(profile).systems if any(door.port == port for door in s.doors))


def free_offset() -> int:
    """A number to add to all ports of a world, such that they most likely are free.

    Up to 11112 they stay below those that Linux gives to outgoing connections.
    """
    while (port := free_port()) > _LAST_OFFSET:
        pass
    return port

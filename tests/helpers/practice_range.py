"""The practice range for tests: in this process, or in one of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from helpers.ports import free_port, wait_for_port
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
    *,
    probed_port: int,
    scale: int = 1,
    latency_ms: int = 0,
    said: Path | None = None,
    again_at: int | None = None,
) -> Iterator[int]:
    """`leadglass range serve` in a process of its own; its port offset. `probed_port`: one that the profile has.
    `again_at`: the offset of one that was served before.

    What it says, at its end too, is written to the file `said`.
    """
    offset = free_offset() if again_at is None else again_at
    command = [sys.executable, "-m", "leadglass", "range", "serve", profile, "--json"]
    command += ["--port-offset", str(offset), "--scale", str(scale), "--latency", str(latency_ms)]
    with (said or Path(os.devnull)).open("wb") as out:
        process = subprocess.Popen(command, stdout=out, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        wait_for_port(probed_port + offset, process, address=address_of(profile, probed_port))
        yield offset
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)


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

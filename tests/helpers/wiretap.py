"""A wire with an ear on it: a local port that leads to another one and keeps every byte that passes, both ways.

With TLS the relay is the TLS client, so what it keeps is the plaintext: nothing a server says can hide from a search.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

__all__ = ["Wiretap", "wiretap"]

_FAREWELL = 1.0  # seconds that the last bytes may take


@dataclass
class Wiretap:
    """`said` went to the far end, `heard` came from it. `fault` is what ended a connection with an error."""

    port: int = 0
    said: bytearray = field(default_factory=bytearray)
    heard: bytearray = field(default_factory=bytearray)
    fault: str = ""


@asynccontextmanager
async def wiretap(port: int, *, tls: ssl.SSLContext | None = None, source: str = "127.0.0.1") -> AsyncIterator[Wiretap]:
    """Relays connections to 127.0.0.1:`port`, calling from the loopback address `source`, while the block runs."""
    tap = Wiretap()
    relays: set[asyncio.Task[None]] = set()

    async def relay(near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        relays.add(task)
        task.add_done_callback(relays.discard)
        try:
            far, forth = await asyncio.open_connection("127.0.0.1", port, ssl=tls, local_addr=(source, 0))
        except (OSError, ssl.SSLError) as fault:
            tap.fault = _words(fault)
            back.transport.abort()
            return
        async with asyncio.TaskGroup() as both:
            both.create_task(_pump(near, forth, tap, tap.said))
            both.create_task(_pump(far, back, tap, tap.heard))

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    tap.port = server.sockets[0].getsockname()[1]
    try:
        yield tap
    finally:
        server.close()
        if relays:
            await asyncio.wait(relays, timeout=_FAREWELL)
        for task in relays:
            task.cancel()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter, tap: Wiretap, kept: bytearray) -> None:
    try:
        while data := await source.read(1 << 16):
            kept += data
            sink.write(data)
            await sink.drain()
    except (OSError, ssl.SSLError) as fault:
        tap.fault = tap.fault or _words(fault)
    finally:
        with suppress(OSError, ssl.SSLError):
            sink.close()


def _words(fault: OSError) -> str:
    return (fault.reason or "") if isinstance(fault, ssl.SSLError) else type(fault).__name__

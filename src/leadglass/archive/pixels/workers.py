"""The pool that turns and draws pixels: a hostile image costs its own worker, and delays nobody who can use another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from leadglass.archive.pixels.faults import TranscodingFault
from leadglass.archive.pixels.worker import Order, Worker
from leadglass.dicom.drawing import Drawing
from leadglass.dicom.transcodable import can_turn
from leadglass.terms.ceilings import MAX_FRAME, MIB

__all__ = ["PixelLimits", "PixelWorkers"]


@dataclass(frozen=True, slots=True)
class PixelLimits:
    """Ceilings of the pool and of each worker in it."""

    workers: int = 2
    """Processes; each is started when all others are busy."""
    waiting: int = 256
    """Images that may wait for a worker; the next one is refused at once."""
    seconds: float = 60.0
    """For turning a whole object."""
    frame_seconds: float = 15.0
    """For one frame, decoded or drawn."""
    address_space: int = 2048 * MIB
    largest: int = 512 * MIB
    """Bytes of a file that is taken at all, and of what is taken back."""
    largest_picture: int = 64 * MIB
    """Bytes of one drawn frame."""


class PixelWorkers:
    """Worker processes, started when first needed and again after one was killed; one object at a time each."""

    def __init__(self, limits: PixelLimits | None = None) -> None:
        self._limits = limits or PixelLimits()
        self._resting = [Worker(self._limits.address_space) for _ in range(self._limits.workers)]
        self._all = tuple(self._resting)
        self._turn = asyncio.Semaphore(self._limits.workers)
        self._waiting = 0
        self.holding = asyncio.Semaphore(2 * self._limits.workers)
        """Held by whoever has a frame in memory for a worker: one that works, and one behind it."""

    @property
    def pids(self) -> list[int]:
        """The processes there are now."""
        return [worker.pid for worker in self._all if worker.pid is not None]

    def can_turn(self, transfer_syntax: str, target: str) -> bool:
        """True if objects in `transfer_syntax` can (usually) be turned into `target`."""
        return can_turn(transfer_syntax, target)

    async def transcode(self, part10: bytes | memoryview, target: str) -> bytes:
        """The data set of a Part-10 file in `target`. TranscodingFault if that cannot be, or not within the limits."""
        limits = self._limits
        return await self._ask({"do": "transcode", "target": target}, part10, limits.seconds, limits.largest)

    async def decode(self, part10: bytes | memoryview) -> bytes:
        """The pixels of a Part-10 file that holds one frame: uncompressed, little endian, without padding.

        TranscodingFault as for `transcode`.
        """
        return await self._ask(
            {"do": "decode"}, part10, self._limits.frame_seconds, min(self._limits.largest, MAX_FRAME)
        )

    async def render(self, part10: bytes | memoryview, drawing: Drawing) -> bytes:
        """The picture of a Part-10 file that holds one frame, drawn as asked. TranscodingFault if there is none."""
        order = {"do": "render", **drawing.to_json()}
        return await self._ask(order, part10, self._limits.frame_seconds, self._limits.largest_picture)

    async def close(self) -> None:
        """Ends the workers, after what they are at."""
        for _ in self._all:
            await self._turn.acquire()
        for worker in self._all:
            await worker.end()
        for _ in self._all:
            self._turn.release()

    async def _ask(self, order: Order, part10: bytes | memoryview, seconds: float, most: int) -> bytes:
        if len(part10) > self._limits.largest:
            raise TranscodingFault(f"an object of {len(part10) // MIB} MiB is too large to be transcoded")
        async with self._worker() as worker:
            return await worker.ask(order, part10, seconds=seconds, most=most)

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[Worker]:
        """A worker nobody else has: the one used last, so that a second is started only when it is needed."""
        if self._waiting >= self._limits.waiting:
            raise TranscodingFault(f"{self._waiting} images wait already: try again later")
        self._waiting += 1
        try:
            await self._turn.acquire()
        finally:
            self._waiting -= 1
        worker = self._resting.pop()
        try:
            yield worker
        finally:
            self._resting.append(worker)
            self._turn.release()

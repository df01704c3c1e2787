"""What the journal does alone, without network, index or gate: appends and reads per second.

    .venv/bin/python bench/journal.py [DIRECTORY]

Each line: object size, objects in flight, objects per second, MB/s, median and 99th percentile latency, CPU per object.
The directory (default bench/scratch) must lie on the disk to be measured.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median, quantiles

import uvloop

from leadglass.store.journal import Journal
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location

PIECE = 128 * 1024
PREFIX = bytes(400)


async def store(journal: Journal, data: memoryview, key: StudyKey) -> Location:
    """One object, fed in pieces of a PDU's size."""
    incoming = journal.incoming(PREFIX)
    for start in range(0, len(data), PIECE):
        incoming.write(data[start : start + PIECE])
        if incoming.congested:
            await incoming.wait_relieved()
    incoming.finish()
    return await journal.append(incoming, key)


def report(work: str, size: int, lanes: int, count: int, took: float, cpu: float, latencies: list[float]) -> None:
    """Print one line."""
    p99 = quantiles(latencies, n=100)[98] if len(latencies) > 1 else latencies[0]
    print(
        f"{work:8} {size:>11,} B × {lanes}: {count / took:9,.0f}/s {count * size / took / 1e6:8,.0f} MB/s"
        f"   p50 {median(latencies) * 1e6:8,.0f} µs  p99 {p99 * 1e6:8,.0f} µs   cpu {cpu / count * 1e6:6,.0f} µs"
    )


async def appends(journal: Journal, size: int, lanes: int, count: int) -> list[Location]:
    """`count` appends by `lanes` senders."""
    data, key, latencies = memoryview(os.urandom(size)), StudyKey.generate(), []
    places: list[Location] = []

    async def lane() -> None:
        for _ in range(count // lanes):
            begun = time.perf_counter()
            places.append(await store(journal, data, key))
            latencies.append(time.perf_counter() - begun)

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(lane() for _ in range(lanes)))
    report("append", size, lanes, count, time.perf_counter() - begun, time.process_time() - cpu, latencies)
    for whole in (False, True):
        await reads(journal, places, key, lanes, whole)
    return places


async def reads(journal: Journal, places: list[Location], key: StudyKey, lanes: int, whole: bool) -> None:
    """All of `places` by `lanes` readers; the first pass comes from the disk."""
    latencies: list[float] = []
    waiting = iter(places)

    async def lane() -> None:
        for place in waiting:
            begun = time.perf_counter()
            if whole and place.plaintext_length < 4 << 20:
                await journal.read_whole(place, key)
            else:
                async for _ in journal.read(place, key):
                    pass
            latencies.append(time.perf_counter() - begun)

    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(lane() for _ in range(lanes)))
    took = time.perf_counter() - begun
    report(
        "whole" if whole else "cold",
        places[0].plaintext_length,
        lanes,
        len(places),
        took,
        time.process_time() - cpu,
        latencies,
    )


async def main(directory: Path) -> None:
    """All sizes."""
    journal = Journal.open(directory / "volumes")
    for size, lanes, count in (
        (8_800, 1, 3000),
        (8_800, 4, 8000),
        (525_000, 1, 1000),
        (525_000, 4, 2000),
        (100_000_000, 1, 4),
        (100_000_000, 4, 8),
    ):
        await appends(journal, size, lanes, count)
    await journal.close()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MiB, of which 100 MB is the data sent")


if __name__ == "__main__":
    parent = Path(sys.argv[1] if len(sys.argv) > 1 else "bench/scratch")
    parent.mkdir(parents=True, exist_ok=True)
    home = Path(tempfile.mkdtemp(dir=parent))
    try:
        uvloop.run(main(home))
    finally:
        shutil.rmtree(home)

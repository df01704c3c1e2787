"""A scene prepares the servers and then measures one of them at a time, as often as asked; it fills several rows.

Storing rows start a new server for every measurement, so that none inherits the other's index or page cache.
Query and retrieve rows load every server once and then ask them in turn.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench import data
from bench.light import WARM_UP
from bench.machine import Usage
from bench.rows import EARLY, ORTHANC, OURS, STORESCP, Sample
from bench.senders import light, start_light, storescu
from bench.servers import RUN, Server, Wanted
from bench.tls import make_tls_files
from helpers.ports import free_port

Samples = dict[str, dict[str, Sample]]  # row → server or window → sample
Measure = Callable[[str], Samples]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where things are and how much to do. `scale` shrinks every amount, for a try-out."""

    work: Path
    scale: float
    ingest: int
    numbers: Iterator[int]

    def some(self, amount: int) -> int:
        return max(data.SHARES, int(amount * self.scale))

    def new_directory(self, kind: str) -> Path:
        return self.work / "servers" / f"{next(self.numbers):03d}-{kind}"


@dataclass(frozen=True, slots=True)
class Scene:
    rows: Sequence[str]
    kinds: Sequence[str]
    open: Callable[[Bench, Sequence[str]], AbstractContextManager[Measure]]
    once: bool = False  # too long to repeat


def new_bench(work: Path, scale: float, ingest: int) -> Bench:
    return Bench(work, scale, ingest, count(1))


# --- storing -------------------------------------------------------------------------------------------------


def storing(row: str, size: int, amount: int, senders: int, *, no_delay: bool = True, tls: bool = False) -> Scene:
    """storescu from `senders` processes into a server that has just started."""

    @contextlib.contextmanager
    def open_(bench: Bench, _kinds: Sequence[str]) -> Iterator[Measure]:
        files = data.ct_files(bench.work, bench.some(amount), size)
        warm_up = data.warm_up_file(bench.work)
        keys = make_tls_files(bench.work / "tls") if tls else None
        shares = [files.folders] if senders == 1 else [[folder] for folder in files.folders]

        def measure(kind: str) -> Samples:
            with RUN[kind](Wanted(bench.new_directory(kind), tls=keys)) as server:
                storescu(server, [[warm_up]])
                with Usage(server.pid) as usage:
                    seconds = storescu(server, shares, no_delay=no_delay)
            beside = {
                "mb_per_s": files.size / seconds / 1e6,
                "server_cpu_ms": 1000 * usage.cpu_seconds / files.files,
                "peak_rss_mb": usage.peak_mb,
            }
            return {row: {kind: Sample(files.files / seconds, beside)}}

        yield measure

    return Scene([row], [OURS, ORTHANC, STORESCP], open_)


@contextlib.contextmanager
def multi_frame(bench: Bench, _kinds: Sequence[str]) -> Iterator[Measure]:
    """Four multi-frames of 105 MB at once: what counts is the server's memory."""
    files = data.multi_frame_files(bench.work, bench.some(200))
    warm_up = data.warm_up_file(bench.work)

    def measure(kind: str) -> Samples:
        with RUN[kind](Wanted(bench.new_directory(kind))) as server:
            storescu(server, [[warm_up]])
            with Usage(server.pid) as usage:
                seconds = storescu(server, [[folder] for folder in files.folders])
        return {"multi-frame-rss": {kind: Sample(usage.peak_mb, {"mb_per_s": files.size / seconds / 1e6})}}

    yield measure


@contextlib.contextmanager
def ingest(bench: Bench, _kinds: Sequence[str]) -> Iterator[Measure]:
    """Many small instances from four light senders into one server: is it as fast at the end as at the beginning?"""
    amount = max(4, min(bench.ingest, int(bench.ingest * bench.scale)))
    window = min(5000, amount // 4)

    def measure(kind: str) -> Samples:
        with RUN[kind](Wanted(bench.new_directory(kind))) as server:
            reports = light(server, "store", 4, "--count", str(amount), "--per-study", "100")
        moments = sorted(moment for report in reports for moment in report["moments"])
        early = (window - 1) / (moments[window - 1] - moments[0])
        late = (window - 1) / (moments[-1] - moments[-window])
        return {
            "ingest-late": {
                kind: Sample(late, {"stored": float(amount)}),
                EARLY: Sample(early, {"window": float(window)}),
            }
        }

    yield measure


# --- queries and retrieval -----------------------------------------------------------------------------------


def finding(studies: int) -> Scene:
    """One study per patient; each query names one patient and has one answer."""
    rows = {clients: f"find-{studies}-{clients}" for clients in (1, 4)}

    @contextlib.contextmanager
    def open_(bench: Bench, kinds: Sequence[str]) -> Iterator[Measure]:
        amount = bench.some(studies)
        with contextlib.ExitStack() as stack:
            servers = {kind: stack.enter_context(RUN[kind](Wanted(bench.new_directory(kind)))) for kind in kinds}
            for server in servers.values():
                light(server, "store", 4, "--count", str(amount), "--per-study", "1")

            def measure(kind: str) -> Samples:
                return {row: {kind: _queries(servers[kind], clients, amount)} for clients, row in rows.items()}

            yield measure

    return Scene(list(rows.values()), [OURS, ORTHANC], open_)


def _queries(server: Server, clients: int, studies: int) -> Sample:
    with Usage(server.pid) as usage:
        reports = light(server, "find", clients, "--count", str(studies))
    queries = sum(report["queries"] for report in reports)
    return Sample(
        sum(report["queries"] / report["seconds"] for report in reports),
        {
            "p50_ms": max(report["p50_ms"] for report in reports),
            "p99_ms": max(report["p99_ms"] for report in reports),
            "server_cpu_ms": 1000 * usage.cpu_seconds / (queries + WARM_UP * clients),
        },
    )


@contextlib.contextmanager
def retrieving(bench: Bench, kinds: Sequence[str]) -> Iterator[Measure]:
    """Studies of 100 slices of 525 KB over the requester's association, and sent to a sink that counts."""
    files = data.ct_files(bench.work, bench.some(1000), 512)
    sink_port = free_port()
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(start_light("sink", sink_port))
        stack.callback(sink.terminate)
        servers: dict[str, Server] = {}
        for kind in kinds:
            servers[kind] = stack.enter_context(RUN[kind](Wanted(bench.new_directory(kind), sink_port)))
            storescu(servers[kind], [[folder] for folder in files.folders])
        studies = data.ct_study_uids(bench.some(1000), 512)

        def measure(kind: str) -> Samples:
            return {
                f"{verb}-{clients}": {kind: _retrievals(servers[kind], verb, clients, studies, files)}
                for verb in ("get", "move")
                for clients in (1, 4)
            }

        yield measure


def _retrievals(server: Server, verb: str, clients: int, studies: Sequence[str], files: data.DataSet) -> Sample:
    """All studies, dealt to the clients; MB/s of all of them together."""
    wanted = [word for study in studies for word in ("--study", study)]
    with Usage(server.pid) as usage:
        reports = light(server, verb, clients, *wanted)
    instances = sum(report["instances"] for report in reports)
    megabytes = instances * files.size / files.files / 1e6
    return Sample(
        megabytes / max(report["seconds"] for report in reports),
        {"server_cpu_ms": 1000 * usage.cpu_seconds / instances, "instances": float(instances)},
    )


SCENES: dict[str, Scene] = {
    "store-large-1": storing("store-large-1", 512, 1000, 1),
    "store-large-4": storing("store-large-4", 512, 1000, 4),
    "store-small-1": storing("store-small-1", 64, 2000, 1),
    "store-small-4": storing("store-small-4", 64, 2000, 4),
    "store-nagle": storing("store-nagle", 64, 100, 1, no_delay=False),
    "store-tls-4": storing("store-tls-4", 512, 1000, 4, tls=True),
    "multi-frame": Scene(["multi-frame-rss"], [OURS, ORTHANC, STORESCP], multi_frame),
    "ingest": Scene(["ingest-late"], [OURS], ingest, once=True),
    "retrieve": Scene(["get-1", "get-4", "move-1", "move-4"], [OURS, ORTHANC], retrieving),
    "find-1000": finding(1000),
    "find-20000": finding(20000),
}

"""The rows of the web door (bench/scenes.py: of the DICOM doors): both sides over TLS, the same clients for all."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence

from bench import data
from bench.light import WARM_UP
from bench.light_web import ROOT
from bench.machine import Usage
from bench.rows import ORTHANC, ORTHANC_PLAIN, OURS, Sample
from bench.scenes import Bench, Measure, Samples, Scene
from bench.senders import light, light_web, storescu
from bench.servers import RUN, Server, Wanted
from helpers.slow_readers import read_slowly


def stowing(clients: int) -> Scene:
    """Requests of ten instances into a server that has just started."""
    row = f"stow-{clients}"

    @contextlib.contextmanager
    def open_(bench: Bench, _kinds: Sequence[str]) -> Iterator[Measure]:
        files = data.ct_files(bench.work, bench.some(1000), 512)
        warm_up = data.warm_up_file(bench.work)
        folders = [word for folder in files.folders for word in ("--folder", str(folder))]

        def measure(kind: str) -> Samples:
            with RUN[kind](Wanted(bench.new_directory(kind))) as server:
                light_web(server, "stow", 1, "--folder", str(warm_up))
                with Usage(*server.web.pids) as usage:
                    reports = light_web(server, "stow", clients, *folders)
            seconds = max(report["seconds"] for report in reports)
            beside = {
                "mb_per_s": files.size / seconds / 1e6,
                "server_cpu_ms": 1000 * usage.cpu_seconds / files.files,
                "peak_rss_mb": usage.peak_mb,
            }
            return {row: {kind: Sample(files.files / seconds, beside)}}

        yield measure

    return Scene([row], [OURS, ORTHANC, ORTHANC_PLAIN], open_)


@contextlib.contextmanager
def viewing(bench: Bench, kinds: Sequence[str]) -> Iterator[Measure]:
    """Studies of 100 slices of 525 KB: whole, frame by frame, and their metadata."""
    files = data.ct_files(bench.work, bench.some(1000), 512)
    studies = data.ct_study_uids(bench.some(1000), 512)
    named = [word for study in studies for word in ("--study", study)]
    with contextlib.ExitStack() as stack:
        servers: dict[str, Server] = {}
        for kind in kinds:
            servers[kind] = stack.enter_context(RUN[kind](Wanted(bench.new_directory(kind))))
            storescu(servers[kind], [[folder] for folder in files.folders])

        def measure(kind: str) -> Samples:
            server = servers[kind]
            rows = {f"wado-{clients}": {kind: _studies(server, clients, named)} for clients in (1, 4)}
            rows["wado-frame"] = {kind: _waits(server, "frame", *named)}
            rows["metadata"] = {kind: _waits(server, "metadata", *named)}
            return rows

        yield measure


def _studies(server: Server, clients: int, named: Sequence[str]) -> Sample:
    """All studies four times over, dealt to the clients; MB/s of all of them together."""
    with Usage(*server.web.pids) as usage:
        reports = light_web(server, "study", clients, *[*named] * 4)
    megabytes = sum(report["data_bytes"] for report in reports) / 1e6
    seconds = max(report["seconds"] for report in reports)
    return Sample(megabytes / seconds, {"server_cpu_ms_per_mb": 1000 * usage.cpu_seconds / megabytes})


@contextlib.contextmanager
def searching(bench: Bench, kinds: Sequence[str]) -> Iterator[Measure]:
    """1,000 studies of one patient each."""
    amount = bench.some(1000)
    with contextlib.ExitStack() as stack:
        servers = {kind: stack.enter_context(RUN[kind](Wanted(bench.new_directory(kind)))) for kind in kinds}
        for server in servers.values():
            light(server, "store", 4, "--count", str(amount), "--per-study", "1")

        def measure(kind: str) -> Samples:
            return {
                f"qido-{question}": {
                    kind: _waits(servers[kind], "search", "--question", question, "--count", str(amount))
                }
                for question in ("patient", "date", "name", "page", "all")
            }

        yield measure


def _waits(server: Server, verb: str, *arguments: str) -> Sample:
    """The median wait of one client that asks and asks."""
    with Usage(*server.web.pids) as usage:
        [report] = light_web(server, verb, 1, *arguments)
    beside = {
        "p99_ms": report["p99_ms"],
        "kb": report["kb"],
        "server_cpu_ms": 1000 * usage.cpu_seconds / (report["answers"] + WARM_UP),
    }
    return Sample(report["p50_ms"], beside)


@contextlib.contextmanager
def slow_readers(bench: Bench, _kinds: Sequence[str]) -> Iterator[Measure]:
    """200 clients that take 100 KB/s of a study of 100 MB each; what counts is the server's memory."""
    files = data.large_study_files(bench.work, bench.some(200))
    path = f"{ROOT}/studies/{data.LARGE_STUDY.study_instance_uid}"

    def measure(kind: str) -> Samples:
        with RUN[kind](Wanted(bench.new_directory(kind))) as server:
            storescu(server, [files.folders])
            token = server.web.options[-1]
            with Usage(*server.web.pids) as usage:
                reading = read_slowly(server.web.port, token, path, clients=200, rate=100_000, seconds=30)
                readers = asyncio.run(reading)
        if any(reader.was_cut or reader.status != 200 for reader in readers):
            raise SystemExit("a slow reader was refused or cut off")
        beside = {"kb_per_s_each": sum(reader.taken for reader in readers) / len(readers) / 30 / 1000}
        return {"slow-readers": {kind: Sample(usage.peak_mb, beside)}}

    yield measure


SCENES: dict[str, Scene] = {
    "stow-1": stowing(1),
    "stow-4": stowing(4),
    "view": Scene(["wado-1", "wado-4", "wado-frame", "metadata"], [OURS, ORTHANC, ORTHANC_PLAIN], viewing),
    "search": Scene(
        [f"qido-{q}" for q in ("patient", "date", "name", "page", "all")], [OURS, ORTHANC, ORTHANC_PLAIN], searching
    ),
    "slow-readers": Scene(["slow-readers"], [OURS], slow_readers, once=True),
}

"""The survey against Nmap's dicom-ping at its best setting, and against the practice range.

Nmap associates; ours associates, echoes, releases in order and writes evidence. Both are timed by what they need once
their program has started: Nmap by its own figure.
"""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

from bench.light_dicom_many import address
from bench.rows import NMAP, OURS, Sample
from bench.scenes import Bench, Measure, Samples, Scene
from bench.servers import ROOT
from bench.survey_truth import COLUMNS, asked_beyond, untruths
from helpers.practice_range import served
from helpers.scopes import hasty_scope
from leadglass.app.practising import scope_of
from leadglass.range.worlds import load
from leadglass.survey.level import Level
from leadglass.survey.records import Run
from leadglass.survey.scope import SigningKey, sign

_PORT: Final = 11112  # one of those that Nmap's script looks at
_NMAP: Final = [
    *("nmap", "-n", "-Pn", "--script", "dicom-ping", "-T5", "--min-parallelism", "512", "--max-parallelism", "1024"),
    *("--min-hostgroup", "4096", "--max-retries", "1"),
]


def pinging(row: str, *, delay: float = 0.0, is_silent: bool = False) -> Scene:
    """5,000 loopback hosts, in which 7 of 8 are silent or none."""

    @contextlib.contextmanager
    def open_(bench: Bench, _kinds: Sequence[str]) -> Iterator[Measure]:
        count = max(64, int(5000 * bench.scale))
        bench.work.mkdir(parents=True, exist_ok=True)
        addresses = bench.work / f"{row}.txt"
        addresses.write_text("\n".join(map(address, range(count))))
        scope = _signed(bench.work / f"{row}.toml", hasty_scope(f"{address(0)}-{address(count - 1)}", ports=[_PORT]))
        with contextlib.ExitStack() as stack:
            stack.enter_context(_hosts("hosts", "--delay", str(delay)))
            if is_silent:
                stack.enter_context(_hosts("silence", "--addresses", str(count)))

            def measure(kind: str) -> Samples:
                expected = (count + 7) // 8 if is_silent else count
                if kind == NMAP:
                    sample = _nmap(addresses, count, expected)
                else:
                    sample = _per_second(_ours(bench, scope, "--echo"), count, expected)
                return {row: {kind: sample}}

            yield measure

    return Scene([row], [OURS, NMAP], open_)


def whole_world(level: Level) -> Callable[[Bench, Sequence[str]], AbstractContextManager[Measure]]:
    """All 2,300 archives of 2019. No figure unless all that is said of them is true, and nothing else was asked.

    At level 3 their 24.3 million records are counted; at level 2 what counts is who stands open.
    """

    @contextlib.contextmanager
    def open_(bench: Bench, _kinds: Sequence[str]) -> Iterator[Measure]:
        bench.work.mkdir(parents=True, exist_ok=True)
        said = bench.work / f"world-2019-{int(level)}.said"
        world = load("world-2019")
        with _range("world-2019", said=said) as offset:
            scope = _world_scope(bench, "world-2019", level, offset)

            def measure(_kind: str) -> Samples:
                folder = bench.new_directory("survey")
                report = _ours_into(folder, scope)
                columns = COLUMNS if level >= Level.COUNTS else ("systems", "viewers")
                _demand(untruths(Run.open(folder).systems(), world, columns), "the survey is not true")
                return _of_the_world(level, report, world.truth_in_all().records)

            yield measure
        _demand(asked_beyond(int(level), said), "the survey asked for more than its level")

    return open_


def _of_the_world(level: Level, report: dict[str, Any], records: int) -> Samples:
    if level >= Level.COUNTS:
        beside = _beside(report, "seconds", "connections", "seconds_to_close", "peak_mb")
        return {"count-world": {OURS: Sample(records / report["seconds"], beside)}}
    return {
        "world-2019": {
            OURS: Sample(report["seconds"], _beside(report, "open", "cpu_seconds", "seconds_to_close", "peak_mb"))
        }
    }


@contextlib.contextmanager
def assessing(bench: Bench, _kinds: Sequence[str]) -> Iterator[Measure]:
    """The DICOM ports of the 590 open archives: everything that level 2 asks."""
    with _range("world-2019") as offset:
        scope = _world_scope(bench, "world-2019", Level.ACCESS, offset)
        doors = _open_doors("world-2019", offset)
        only = _written(bench.work / "open.txt", doors)

        def measure(_kind: str) -> Samples:
            report = _ours(bench, scope, "--only", str(only))
            return {
                "assess-open": {
                    OURS: Sample(len(doors) / report["seconds"], _beside(report, "open", "connections", "cpu_seconds"))
                }
            }

        yield measure


@contextlib.contextmanager
def counting(bench: Bench, _kinds: Sequence[str]) -> Iterator[Measure]:
    """Level 3 at the open archives of 2019, with one record in fifty."""
    scale = 50
    records = sum(system.truth.records for system in load("world-2019", scale).systems if system.truth.is_open)
    with _range("world-2019", scale) as offset:
        scope = _world_scope(bench, "world-2019", Level.COUNTS, offset)
        only = _written(bench.work / "open.txt", _open_doors("world-2019", offset))

        def measure(_kind: str) -> Samples:
            report = _ours(bench, scope, "--only", str(only))
            return {"count-records": {OURS: Sample(records / report["seconds"], _beside(report, "connections"))}}

        yield measure


@contextlib.contextmanager
def million(bench: Bench, _kinds: Sequence[str]) -> Iterator[Measure]:
    """1,048,576 targets that refuse: what counts is memory."""
    count = int((1 << 20) * bench.scale)
    bench.work.mkdir(parents=True, exist_ok=True)
    addresses = f"127.64.0.0-{IPv4Address('127.64.0.0') + count - 1}"
    scope = _signed(bench.work / "million.toml", hasty_scope(addresses, ports=[9]))

    def measure(_kind: str) -> Samples:
        report = _ours(bench, scope)
        beside = {"targets_per_s": report["looked_at"] / report["seconds"], "targets": report["looked_at"]}
        return {"million-rss": {OURS: Sample(report["peak_mb"], beside)}}

    yield measure


# --- the two ---------------------------------------------------------------------------------------------------


def _ours(bench: Bench, scope: Path, *options: str) -> dict[str, Any]:
    return _ours_into(bench.new_directory("survey"), scope, *options)


def _ours_into(folder: Path, scope: Path, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.light_survey", "--scope", str(scope), "--out", str(folder), *options]
    client = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert client.stdout is not None
    if client.stdout.readline() != "ready\n":
        raise SystemExit(f"the survey did not start: it ended with {client.wait()}")
    answer, _ = client.communicate("go\n")
    report: dict[str, Any] = json.loads(answer)
    if client.returncode or report["why_stopped"] or report["faults"]:
        raise SystemExit(f"the survey did not come to its end: {report}")
    return report


def _per_second(report: dict[str, Any], count: int, expected: int) -> Sample:
    if report["answered"] < expected * 0.999:
        raise SystemExit(f"only {report['answered']} of {expected} hosts were found")
    return Sample(
        count / report["seconds"],
        _beside(report, "answered", "connections", "cpu_seconds", "seconds_to_close", "peak_mb"),
    )


def _nmap(addresses: Path, count: int, expected: int) -> Sample:
    command = [*_NMAP, "-p", str(_PORT), "-iL", str(addresses)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = done.stdout.count("DICOM Service Provider discovered")
    seconds = re.search(r"scanned in ([\d.]+) seconds", done.stdout)
    if seconds is None:
        raise SystemExit(f"Nmap said no time: {done.stdout[-300:]}{done.stderr[-300:]}")
    return Sample(count / float(seconds.group(1)), {"answered": float(found), "missed": float(expected - found)})


def _demand(faults: Sequence[str], what: str) -> None:
    if faults:
        raise SystemExit(f"{what}:\n" + "\n".join(faults[:20]))


def _beside(report: dict[str, Any], *names: str) -> dict[str, float]:
    return {name: float(report[name]) for name in names}


# --- what they are measured on -----------------------------------------------------------------------------------


@contextlib.contextmanager
def _hosts(verb: str, *options: str) -> Iterator[None]:
    command = [sys.executable, "-m", "bench.light_dicom_many", verb, "--port", str(_PORT), *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    if process.stdout.readline() != "ready\n":
        raise SystemExit(f"the light {verb} did not start: {process.wait()}")
    try:
        yield
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def _range(profile: str, scale: int = 1, said: Path | None = None) -> Iterator[int]:
    with contextlib.ExitStack() as stack:
        for left in reversed(range(5)):
            try:
                offset = stack.enter_context(served(profile, "--json", scale=scale, said=said))
                break
            except RuntimeError:  # another program holds one of its ports: shift them elsewhere
                if not left:
                    raise
        yield offset


def _world_scope(bench: Bench, profile: str, level: Level, offset: int) -> Path:
    bench.work.mkdir(parents=True, exist_ok=True)
    return _signed(bench.work / f"{profile}-{int(level)}.toml", scope_of(load(profile, 1000), level, offset))


def _open_doors(profile: str, offset: int) -> list[str]:
    """Where the open archives speak DICOM: their first door but those of the web."""
    web = {80, 443, 8042, 8043, 8080, 8443}
    systems = [system for system in load(profile, 1000).systems if system.truth.is_open]
    ports = [next((door.port for door in system.doors if door.port not in web), 0) for system in systems]
    return [f"{s.address}:{port + offset}" for s, port in zip(systems, ports, strict=True) if port]


def _written(path: Path, lines: Sequence[str]) -> Path:
    path.write_text("\n".join(lines))
    return path


def _signed(path: Path, text: str) -> Path:
    path.write_text(text)
    sign(path, SigningKey.load_or_make(path.with_suffix(".key")), signer="bench", now=datetime.now(UTC))
    return path


SCENES: dict[str, Scene] = {
    "survey-echo": pinging("survey-echo"),
    "survey-echo-50ms": pinging("survey-echo-50ms", delay=50),
    "survey-silent": pinging("survey-silent", is_silent=True),
    "world-2019": Scene(["world-2019"], [OURS], whole_world(Level.ACCESS)),
    "assess-open": Scene(["assess-open"], [OURS], assessing),
    "count-records": Scene(["count-records"], [OURS], counting),
    "count-world": Scene(["count-world"], [OURS], whole_world(Level.COUNTS), once=True),
    "million": Scene(["million-rss"], [OURS], million, once=True),
}

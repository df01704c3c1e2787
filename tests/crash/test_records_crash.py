"""SIGKILL at any moment of a survey: the evidence stays readable, its chain whole, and nothing is recorded twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from helpers import evidencecheck
from leadglass.survey.records import Run, RunWriter, numbers_in, parquet
from leadglass.survey.records.chain import shards
from leadglass.survey.records.entries import Nothing, Resumed, Seen
from leadglass.survey.records.reading import entries_in

ROUNDS = int(os.environ.get("LEADGLASS_CRASH_ROUNDS", "6"))
TESTS = Path(__file__).parents[1]


def run_and_kill(folder: Path, after: float) -> int:
    """Let a child record for `after` seconds; the highest number that it began to record."""
    child = subprocess.Popen(
        [sys.executable, "-m", "helpers.records_child", str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(TESTS)])},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(after)
    os.kill(child.pid, signal.SIGKILL)
    said = child.stdout.read().splitlines(keepends=True)
    child.wait()
    return max((int(line) for line in said if line.endswith(b"\n")), default=0)


def times_recorded(folder: Path) -> Counter[int]:
    counts: Counter[int] = Counter()
    for _, entry in entries_in(folder):
        if isinstance(entry, Seen):
            counts[entry.number] += 1
        elif isinstance(entry, Nothing):
            counts.update(number for first, last in entry.ranges for number in range(first, last + 1))
    return counts


@pytest.mark.crash
def test_killed_at_random_moments(tmp_path: Path) -> None:
    folder, chance, known = tmp_path / "run", random.Random(), 0
    for _ in range(ROUNDS):
        begun_last = run_and_kill(folder, chance.uniform(0.0, 0.4))
        counts = times_recorded(folder)
        assert set(counts.values()) <= {1}
        assert max(counts, default=0) <= max(begun_last, known)
        assert len(numbers_in(folder)) == len(counts) >= known
        known = len(counts)
    assert known > 0
    before = parquet.has_tables(folder, len(shards(folder)))
    assert not before  # nobody closed it
    Run.open(folder)
    assert parquet.has_tables(folder, len(shards(folder)))
    RunWriter.resume(folder, scope_digest="").close()
    assert Run.open(folder).verify().problems == ()
    assert sum(isinstance(entry, Resumed) for _, entry in entries_in(folder)) == ROUNDS
    evidencecheck.check(folder)


@pytest.mark.crash
def test_a_line_torn_anywhere_is_cut(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    run_and_kill(folder, 0.2)
    shard = shards(folder)[0]
    whole = shard.read_bytes()
    lines = whole.splitlines(keepends=True)
    end = len(b"".join(lines[:4]))
    for length in range(end - len(lines[3]) + 1, end, 97):
        shard.write_bytes(whole[:length])
        writer = RunWriter.resume(folder, scope_digest="")
        writer.close()
        assert Run.open(folder).verify().problems == ()

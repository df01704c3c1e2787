"""SIGKILL at any moment: what was acknowledged is there byte for byte, and nothing is there by half."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.objects_in import PREFIX, content
from leadglass.store.check import CheckedRecord, check_volumes
from leadglass.store.journal import Journal
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location

ROUNDS = int(os.environ.get("LEADGLASS_CRASH_ROUNDS", "12"))
KEY = StudyKey(b"crash test's key", os.urandom(32))
TESTS = Path(__file__).parents[1]


def run_and_kill(directory: Path, first_seed: int, after: float) -> dict[Location, tuple[int, int]]:
    """What the child acknowledged before it was killed, `after` seconds of work: place → (size, seed)."""
    child = subprocess.Popen(
        [sys.executable, "-m", "helpers.journal_child", str(directory), KEY.secret.hex(), str(first_seed)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(after)
    os.kill(child.pid, signal.SIGKILL)
    said = child.stdout.read().decode().splitlines(keepends=True)
    child.wait()
    acknowledged = {}
    for line in said:
        if not line.endswith("\n"):
            continue
        seed, size, volume, offset, length, object_id, plaintext_length, dataset_offset = line.split()
        place = Location(
            int(volume),
            int(offset),
            int(length),
            bytes.fromhex(object_id),
            KEY.key_id,
            int(plaintext_length),
            int(dataset_offset),
        )
        acknowledged[place] = (int(size), int(seed))
    return acknowledged


def half_received(directory: Path) -> list[str]:
    """Spools that nobody removed."""
    return [path.name for path in directory.glob("*.spool")]


@pytest.mark.crash
async def test_killed_at_random_moments(tmp_path: Path) -> None:
    chance = random.Random()
    acknowledged: dict[Location, tuple[int, int]] = {}
    for turn in range(ROUNDS):
        fresh = run_and_kill(tmp_path, 1_000_000 * turn, chance.uniform(0.0, 0.4))
        acknowledged.update(fresh)
        journal = Journal.open(tmp_path)
        recorded = {place for number in journal.volumes() for place in journal.records_since(number)}
        assert acknowledged.keys() <= recorded
        for place, (size, seed) in fresh.items():
            assert await journal.read_whole(place, KEY) == PREFIX + content(size, seed)
        await journal.close()
        assert half_received(tmp_path) == []
    checked = list(check_volumes(tmp_path, lambda key_id: KEY))
    assert all(isinstance(item, CheckedRecord) for item in checked), checked
    assert {item.location for item in checked if isinstance(item, CheckedRecord)} == recorded
    assert len(acknowledged) > ROUNDS

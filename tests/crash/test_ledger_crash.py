"""The ledger under SIGKILL: whatever was acknowledged is there afterwards, and the ledger is whole.

A child process appends as fast as it can and tells us over a pipe which entries were acknowledged. It is killed at a
random moment, many times over, always on the same ledger. The outside verifier judges.
"""

from __future__ import annotations

import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from helpers.ledgercheck import check
from leadglass.gate.ledger import SigningKey, verify

KILLS = int(os.environ.get("LEADGLASS_KILLS", "30"))

CHILD = """
import asyncio, os, sys
from pathlib import Path
from leadglass.gate.ledger import Entry, Event, Ledger, LedgerSettings, SigningKey
from leadglass.gate.ledger.log import wall_clock

async def main(home, start):
    settings = LedgerSettings(publish_entries=300, publish_seconds=0.05, soon_seconds=0.02)
    ledger = Ledger.open(home / "ledger", SigningKey.load_or_create(home / "keys/ledger.key"), settings=settings)
    os.write(1, b"ready\\n")
    number = start
    async def sender():
        nonlocal number
        while True:
            number += 1
            mine = number
            place = await ledger.append(Entry(at=wall_clock(), event=Event.QUERIED, detail={"number": mine}))
            os.write(1, b"%d %d\\n" % (place, mine))
            if mine % 5 == 0:
                ledger.append_soon(Entry(at=wall_clock(), event=Event.EPISODE_PROGRESS, reason="x" * (mine % 3000)))
    await asyncio.gather(*(sender() for _ in range(6)))

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


def run_and_kill(home: Path, start: int, lifetime: float) -> list[tuple[int, int]]:
    """Let a child append from number `start` on, kill it; (place, number) of all that it acknowledged."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(home), str(start)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    said = b""
    deadline = time.monotonic() + 30
    killed_at = float("inf")
    while time.monotonic() < min(deadline, killed_at):
        if select.select([child.stdout], [], [], 0.002)[0]:
            said += os.read(child.stdout.fileno(), 1 << 16)
        if killed_at == float("inf") and b"ready\n" in said:
            killed_at = time.monotonic() + lifetime
    child.send_signal(signal.SIGKILL)
    said += child.stdout.read()
    assert child.wait() == -signal.SIGKILL, "the child ended before it was killed"
    assert said.startswith(b"ready\n")
    lines = said.split(b"\n")[1:-1]
    return [(int(place), int(number)) for place, number in (line.split() for line in lines)]


@pytest.mark.crash
def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    dice = random.Random(20260301)
    acknowledged: dict[int, int] = {}
    start, seen_torn = 0, 0
    for kill in range(KILLS):
        fresh = run_and_kill(tmp_path, start, dice.uniform(0.0, 0.25))
        acknowledged.update(fresh)
        start = max([start, *(number for _, number in fresh)]) + 1000
        found = check(tmp_path / "ledger")  # as the kill left it, before anybody repairs anything
        seen_torn += bool(found.torn_bytes)
        values = found.values()
        for place, number in acknowledged.items():
            assert values[place]["detail"]["number"] == number, f"entry {place} was lost in kill {kill}"
        key = SigningKey.load(tmp_path / "keys/ledger.key").verifier
        report = verify(tmp_path / "ledger", key, _witness(tmp_path))
        assert report.exit_code in (0, 2), report.lines
        assert report.size == len(found.entries)
        shutil.copy(tmp_path / "ledger/checkpoint", tmp_path / f"witness/{kill:03}")
    assert len(acknowledged) > KILLS * 10
    print(f"{KILLS} kills, {len(acknowledged)} acknowledged entries, {seen_torn} unfinished writes")


def _witness(home: Path) -> Path:
    (home / "witness").mkdir(exist_ok=True)
    return home / "witness"

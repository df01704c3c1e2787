"""`leadglass survey run`, killed and told to stop: every target is recorded once, and the evidence holds."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.hostile_servers import closed_port
from helpers.scopes import hasty_scope
from leadglass.survey.records import Run
from leadglass.survey.records.reading import entries_in, numbers_of
from leadglass.survey.scope import SigningKey, sign

pytestmark = pytest.mark.crash

HOSTS = 4096


class Survey:
    """The command, into one folder."""

    def __init__(self, folder: Path, rate: int, port: int = 0) -> None:
        self.out = folder / "run"
        self.scope = folder / "scope.toml"
        self.scope.write_text(
            hasty_scope("127.60.0.0/20", ports=[port or closed_port()], level=1, associations_per_second=rate)
        )
        sign(self.scope, SigningKey.load_or_make(folder / "key.pem"), signer="test", now=datetime.now(UTC))

    def start(self, *options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "leadglass", "survey", "run", "--out", str(self.out), "--json", *options]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def begin(self) -> subprocess.Popen[str]:
        return self.start("--scope", str(self.scope))

    def resume(self) -> subprocess.Popen[str]:
        return self.start("--resume")

    def recorded(self) -> Counter[int]:
        numbers: Counter[int] = Counter()
        for _, entry in entries_in(self.out):
            for first, last in numbers_of(entry):
                numbers.update(range(first, last + 1))
        return numbers

    def wait_for_records(self, more_than: int = 0) -> None:
        """Returns once so many lines of targets, and one more, are on disk."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self.lines() > more_than:
                return
            time.sleep(0.05)
        raise TimeoutError("nothing was recorded")

    def lines(self) -> int:
        """Lines on disk that tell of targets."""
        return b"".join(path.read_bytes() for path in self.out.glob("evidence/*.jsonl")).count(b"nothing")


def test_killed_again_and_again_every_target_is_recorded_exactly_once(tmp_path: Path) -> None:
    survey = Survey(tmp_path, rate=1000)
    running = survey.begin()
    for _ in range(2):
        survey.wait_for_records(survey.lines())
        running.kill()
        running.communicate()
        running = survey.resume()
    answer, errors = running.communicate(timeout=120)
    assert running.returncode == 0, errors
    assert json.loads(answer)["finished"]
    assert survey.recorded() == Counter(range(1, HOSTS + 1))
    run = Run.open(survey.out)
    assert run.verify().is_intact
    assert run.facts.finished


class Door:
    """A port on all loopback addresses that hangs up on everybody, and counts them."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
        self._listener.setblocking(False)
        self.port = self._listener.getsockname()[1]
        self.connections = 0

    def count_until(self, moment: float) -> int:
        """Connections so far, at that moment: each that the kernel has accepted until then is counted."""
        while True:
            is_late = time.monotonic() >= moment
            try:
                while True:
                    self._listener.accept()[0].close()
                    self.connections += 1
            except BlockingIOError:
                if is_late:
                    return self.connections
            time.sleep(0.005)

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def door() -> Iterator[Door]:
    found = Door()
    yield found
    found.close()


@pytest.mark.parametrize("how", ["SIGINT", "stop file"])
def test_no_connection_begins_more_than_a_second_after_it_was_told_to_stop(
    tmp_path: Path, door: Door, how: str
) -> None:
    survey = Survey(tmp_path, rate=500, port=door.port)
    running = survey.begin()
    deadline = time.monotonic() + 60
    while door.connections < 200 and time.monotonic() < deadline:
        door.count_until(time.monotonic() + 0.05)
    before = door.connections
    assert before >= 200
    told_at = time.monotonic()
    if how == "stop file":
        (survey.out / "stop").touch()
    else:
        running.send_signal(signal.SIGINT)
    a_second_later = door.count_until(told_at + 1.0)
    assert a_second_later < HOSTS
    assert door.count_until(told_at + 3.0) == a_second_later
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 4, errors
    assert door.count_until(time.monotonic()) == a_second_later


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM", "stop file"])
def test_told_to_stop_it_ends_in_order_and_goes_on_later(tmp_path: Path, how: str) -> None:
    survey = Survey(tmp_path, rate=500)
    running = survey.begin()
    survey.wait_for_records()
    if how == "stop file":
        (survey.out / "stop").touch()
    else:
        running.send_signal(getattr(signal, how))
    answer, errors = running.communicate(timeout=30)
    assert running.returncode == 4, errors
    report = json.loads(answer)
    assert not report["finished"]
    assert "stop" in report["why_stopped"]
    assert 0 < report["looked_at"] < HOSTS
    assert len(survey.recorded()) == report["looked_at"]  # all of it is on disk
    assert Run.open(survey.out).verify().is_closed
    if how == "stop file":
        refused = survey.resume()
        _, errors = refused.communicate(timeout=30)
        assert refused.returncode == 1
        assert "says stop" in errors
        (survey.out / "stop").unlink()
    before = survey.lines()
    again = survey.resume()
    survey.wait_for_records(before)
    again.send_signal(signal.SIGINT)
    again.communicate(timeout=60)
    assert max(survey.recorded().values()) == 1

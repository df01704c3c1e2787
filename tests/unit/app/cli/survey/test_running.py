"""`leadglass survey run` and `self`: what they say, how they end, and what they refuse."""

from __future__ import annotations

import json
import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from helpers.echoing import hello
from helpers.hostile_servers import closed_port
from helpers.scopes import hasty_scope
from helpers.small_disk import small_disk
from leadglass.app import surveying
from leadglass.app.cli.main import app
from leadglass.app.cli.survey import progress
from leadglass.survey.probe import Caller, Chance, Probe
from leadglass.survey.records import Run
from leadglass.survey.scope import SigningKey, sign
from leadglass.survey.services import Service
from leadglass.survey.target import Target


class _Welcome(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(100)
        self.request.sendall(b"welcome")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 512


@contextmanager
def leaking() -> Iterator[int]:
    """A port that says welcome on all loopback addresses."""
    with _Server(("0.0.0.0", 0), _Welcome) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _one_probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(surveying, "PROBERS", dict.fromkeys(Service, hello))


def scope_in(folder: Path, *ports: int, block: str = "127.61.0.0/31", rate: int = 1_000_000) -> Path:
    path = folder / "scope.toml"
    path.write_text(hasty_scope(block, ports=ports, associations_per_second=rate))
    sign(path, SigningKey.load_or_make(folder / "key.pem"), signer="test", now=datetime.now(UTC))
    return path


def survey(*words: object) -> Result:
    return CliRunner().invoke(app, ["survey", *map(str, words)])


def test_a_run_that_finds_leaks_says_so_and_so_does_one_that_resumes_it(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with leaking() as one, leaking() as two:
        scope = scope_in(tmp_path, one, two, closed_port())
        first = survey("run", "--scope", scope, "--out", run)
    again = survey("run", "--resume", "--out", run)
    for result, looked_at in (
        (first, "6 ports were looked at."),
        (again, "6 ports were looked at, 6 of them earlier."),
    ):
        assert result.exit_code == 3, result.output
        assert looked_at in result.stdout
        assert "4 answered; 2 were closed, 0 silent." in result.stdout
        assert "4 ports at 2 addresses would give data to a stranger." in result.stdout
    assert Run.open(run).facts.totals["open"] == 4
    assert run.stat().st_mode & 0o077 == 0
    told = json.loads(survey("run", "--resume", "--out", run, "--json").stdout)
    assert (told["open"], told["open_addresses"], told["refused"], told["before"]) == (4, 2, 2, 6)
    assert told["finished"]


def test_nothing_open_is_said_too(tmp_path: Path) -> None:
    result = survey("run", "--scope", scope_in(tmp_path, closed_port()), "--out", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "0 answered; 2 were closed, 0 silent." in result.stdout
    assert "None would give data to a stranger." in result.stdout


@pytest.mark.root
@pytest.mark.skipif(os.geteuid() != 0, reason="network namespaces need root")
def test_without_a_network_nobody_is_called_closed(tmp_path: Path) -> None:
    scope = scope_in(tmp_path, 104)
    command = [sys.executable, "-m", "leadglass", "survey", "run", "--scope", scope, "--out", tmp_path / "run"]
    done = subprocess.run(["unshare", "-n", *command], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 5, done.stderr
    assert "0 silent, 2 unreachable" in done.stdout
    assert "Nothing could be reached: is the network up" in done.stdout
    assert "None would give data" not in done.stdout


def test_resumed_it_goes_no_further_than_asked(tmp_path: Path) -> None:
    survey("run", "--scope", scope_in(tmp_path, closed_port()), "--out", tmp_path / "run")
    refused = survey("run", "--resume", "--out", tmp_path / "run", "--level", 1)
    assert refused.exit_code == 1
    assert "goes to level 2, further than --level 1" in refused.output
    assert survey("run", "--resume", "--out", tmp_path / "run", "--level", 3).exit_code == 0


def test_after_a_stop_file_it_says_what_to_remove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "run"

    def stopping(target: Target, caller: Caller, chance: Chance) -> Probe:
        (run / "stop").touch()
        return (yield from hello(target, caller, chance))

    monkeypatch.setattr(surveying, "PROBERS", dict.fromkeys(Service, stopping))
    scope = scope_in(tmp_path, closed_port(), block="127.61.0.0/24", rate=100)
    stopped = survey("run", "--scope", scope, "--out", run)
    assert stopped.exit_code == 4, stopped.output
    assert f"Remove {run}/stop, then go on with: leadglass survey run --resume --out {run}" in stopped.stdout
    assert "None would give data" not in stopped.stdout
    (run / "stop").unlink()
    monkeypatch.setattr(surveying, "PROBERS", dict.fromkeys(Service, hello))
    resumed = survey("run", "--resume", "--out", run)
    assert resumed.exit_code == 0, resumed.output
    assert "0 answered; 256 were closed, 0 silent." in resumed.stdout


def test_how_it_goes_is_told_in_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_LINE_EVERY", 0.0)
    scope = scope_in(tmp_path, closed_port(), block="127.61.0.0/26", rate=100)
    plain = survey("run", "--scope", scope, "--out", tmp_path / "one")
    assert "64 of 64 (100 %): " in plain.stderr.splitlines()[-1]
    assert "open to strangers" not in plain.stdout
    as_json = survey("run", "--scope", scope, "--out", tmp_path / "two", "--json")
    lines = [json.loads(line) for line in as_json.stderr.splitlines()]
    assert len(lines) > 1
    assert [line["looked_at"] for line in lines] == sorted(line["looked_at"] for line in lines)
    assert lines[-1].keys() >= {"targets", "looked_at", "answered", "open", "underway", "resting", "per_second"}
    told = json.loads(as_json.stdout)
    assert (told["targets"], told["refused"], told["finished"]) == (64, 64, True)
    assert told["folder"] == str(tmp_path / "two")


def test_for_programs_nothing_but_json_is_said(tmp_path: Path) -> None:
    scope = scope_in(tmp_path, closed_port())
    words = ("run", "--scope", scope, "--only", "127.61.0.0", "--only", "198.51.100.7")
    assert "not looked at: 198.51.100.7: " in survey(*words, "--out", tmp_path / "one").stderr
    as_json = survey(*words, "--out", tmp_path / "two", "--json")
    assert [json.loads(line) for line in as_json.stderr.splitlines()] == []
    assert [left["target"] for left in json.loads(as_json.stdout)["not_allowed"]] == ["198.51.100.7"]


@pytest.mark.root
def test_a_full_disk_stops_a_run_and_loses_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "400k") as disk, leaking() as port:
        scope = scope_in(tmp_path, port, block="127.61.0.0/24")
        run = disk.path / "our run"
        disk.fill(but=40_000)
        full = survey("run", "--scope", scope, "--out", run)
        assert full.exit_code == 1, full.output
        assert "No space left on device" in full.stderr
        assert f"leadglass survey run --resume --out '{run}'" in full.stderr
        disk.free()
        again = survey("run", "--resume", "--out", run, "--json")
        assert again.exit_code == 3, again.output
        told = json.loads(again.stdout)
        assert (told["open"], told["before"] + told["looked_at"]) == (256, 256)
        assert told["before"] > 0


def test_this_machine_is_checked_without_a_scope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def deaf(target: Target, caller: Caller, chance: Chance) -> Probe:
        sighting = yield from hello(target, caller, chance)
        return type(sighting)(ending=sighting.ending)

    monkeypatch.setattr(surveying, "PROBERS", dict.fromkeys(Service, deaf))
    monkeypatch.setattr(surveying, "own_addresses", lambda: ("127.61.7.1",))
    run = tmp_path / "run"
    result = survey("self", "--out", run)
    assert result.exit_code == 0, result.output
    assert "None would give data to a stranger." in result.stdout
    facts = Run.open(run).facts
    assert (facts.level, facts.scope_digest) == (2, "")
    again = survey("run", "--resume", "--out", run)
    assert again.exit_code == 0, again.output
    told = json.loads(survey("self", "--out", tmp_path / "two", "--json").stdout)
    assert told["finished"]
    assert told["targets"] == facts.totals["targets"] > 10


@pytest.mark.parametrize(
    ("words", "what", "advice"),
    [
        (["run", "--scope", "SCOPE", "--out", "FILE"], "no run can be kept in", "--out"),
        (["run", "--scope", "SCOPE", "--out", "FILE/run"], "Not a directory", "--out"),
        (["run", "--scope", "nowhere.toml", "--out", "RUN"], "there is no scope nowhere.toml", "--scope FILE"),
        (
            ["run", "--scope", "SCOPE", "--out", "RUN", "--targets", "nowhere.txt"],
            "nowhere.txt cannot be read",
            "--targets",
        ),
        (["run", "--scope", "SCOPE", "--out", "RUN", "--targets", "FILE"], "names nothing to look at", "a line"),
        (["run", "--scope", "SCOPE", "--out", "RUN", "--trust", "ours"], "no fingerprint of a key", "--trust"),
        (["run", "--resume", "--out", "FILE"], "holds no run", "--resume"),
        (["run", "--out", "RUN"], "a survey needs a signed scope", "--scope FILE"),
        (["self", "--out", "FILE"], "no run can be kept in", "--out"),
        (["import", "SCAN", "--scope", "SCOPE", "--out", "FILE"], "no run can be kept in", "--out"),
        (["import", "nowhere.xml", "--scope", "SCOPE", "--out", "RUN"], "nowhere.xml cannot be read", "a scan"),
        (
            ["import", "SCAN", "--scope", "nowhere.toml", "--out", "RUN"],
            "there is no scope nowhere.toml",
            "--scope FILE",
        ),
    ],
)
def test_what_cannot_be_done_names_the_option_and_what_to_do(
    tmp_path: Path, words: list[str], what: str, advice: str
) -> None:
    file = tmp_path / "file"
    file.touch()
    scan = Path(__file__).resolve().parents[4] / "vectors/scans/nmap.xml"
    places = {"SCOPE": scope_in(tmp_path, closed_port()), "FILE": file, "FILE/run": file / "run", "SCAN": scan}
    result = survey(*(places.get(word, tmp_path / "run" if word == "RUN" else word) for word in words))
    assert result.exit_code == 1
    assert what in result.output
    assert advice in result.output
    assert not (tmp_path / "run").exists()


def test_a_damaged_scan_leaves_no_run_behind(tmp_path: Path) -> None:
    scans = Path(__file__).resolve().parents[4] / "vectors/scans"
    scope, run, bad = scope_in(tmp_path, 104), tmp_path / "run", tmp_path / "bad.json"
    bad.write_text((scans / "shodan.json").read_text() + "junk\n")
    assert survey("import", scans / "nmap.xml", bad, "--scope", scope, "--out", run).exit_code == 1
    assert not run.exists()
    assert survey("import", scans / "nmap.xml", "--scope", scope, "--out", run).exit_code == 0
    twice = survey("import", scans / "nmap.xml", "--scope", scope, "--out", run)
    assert "holds a run already" in twice.output
    assert "--resume" not in twice.output
    assert "holds imported scans" in survey("run", "--resume", "--out", run).output

"""A leak from the day it is found to the proof that it is closed, by the commands people type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers.practice_range import served

ADDRESS = "127.1.1.1"
"""A Conquest archive of the small world that answers strangers."""


class Desk:
    """Somebody at a terminal, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data"), "PYTHONUNBUFFERED": "1"}

    def type(self, line: str, *, exit_code: int = 0) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "leadglass", *line.split()],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == exit_code, f"{line}: {done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, line: str, *, exit_code: int = 0) -> Any:
        return json.loads(self.type(f"{line} --json", exit_code=exit_code))

    def state_of(self, case: str) -> str:
        return str(self.ask(f"survey cases show {case}")["state"])


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def _scoped(desk: Desk, offset: int) -> None:
    (desk.folder / "scope.toml").write_text(desk.type(f"range scope small --port-offset {offset}"))
    desk.type("survey scope sign scope.toml")


def test_from_the_finding_to_the_proof(desk: Desk) -> None:
    with served("small", probed_port=11112) as offset:
        _scoped(desk, offset)
        desk.type(f"survey run --scope scope.toml --out run --only {ADDRESS}", exit_code=3)
        assert "1 new" in desk.type("survey cases update run")
        assert "Nothing new" in desk.type("survey cases update run")
        (case,) = desk.ask("survey cases")["cases"]
        assert (case["case"], case["address"], case["state"]) == ("C-0001", ADDRESS, "open")
        assert case["records"] == 28_600

        owners = desk.ask("survey cases owner C-0001 --scope scope.toml")["owners"]
        assert {owner["source"] for owner in owners} == {"security.txt", "reverse DNS", "RDAP"}
        files = desk.ask("survey cases notice C-0001 --scope scope.toml --language en,de")["files"]
        assert [Path(file).name for file in files] == [
            "notice.en.html",
            "notice.en.txt",
            "notice.de.html",
            "notice.de.txt",
        ]
        for file in files:
            assert ADDRESS in (desk.folder / file).read_text()
        desk.type("survey cases sent C-0001 --to it@example.org")
        assert desk.ask("survey cases show C-0001")["due"]

        assert "still open" in desk.type("survey retest C-0001 --scope scope.toml", exit_code=3)
    assert "C-0001 is closed" in desk.type("survey retest C-0001 --scope scope.toml")
    assert desk.state_of("C-0001") == "closed"
    assert desk.ask("survey cases")["cases"] == []
    assert len(desk.ask("survey cases --all")["cases"]) == 1


def test_what_closes_nothing(desk: Desk) -> None:
    with served("small", probed_port=11112) as offset:
        _scoped(desk, offset)
        desk.type(f"survey run --scope scope.toml --out run --only {ADDRESS}", exit_code=3)
        desk.type("survey cases update run")
    desk.type("survey run --scope scope.toml --out shallow --level 1")
    desk.type("survey cases update shallow")
    desk.type("survey run --scope scope.toml --out elsewhere --only 127.1.4.1")
    desk.type("survey cases update elsewhere")
    assert desk.state_of("C-0001") == "open"
    desk.type("survey run --scope scope.toml --out whole")
    assert "1 closed" in desk.type("survey cases update whole")


def test_what_a_newcomer_may_get_wrong(desk: Desk) -> None:
    for line in (
        "survey cases show C-0001",
        "survey cases update nowhere",
        "survey cases notice C-0001 --scope nowhere.toml",
        "survey retest C-0001 --scope nowhere.toml",
        "survey cases sent C-0001 --to it@example.org",
    ):
        desk.type(line, exit_code=1)

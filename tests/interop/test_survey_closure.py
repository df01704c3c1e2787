"""A leak from the day it is found to the proof that it is closed, by the commands people type."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.desk import Desk
from helpers.practice_range import served

ADDRESS = "127.1.1.1"
"""A Conquest archive of the small world that answers strangers."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_from_the_finding_to_the_proof(desk: Desk) -> None:
    with served("small") as offset:
        scope = desk.scope_of("small", offset)
        desk.type(f"survey run --scope {scope} --out run --only {ADDRESS}", exit_code=3)
        assert "1 new" in desk.type("survey cases update run")
        assert "Nothing new" in desk.type("survey cases update run")
        (case,) = desk.ask("survey cases")["cases"]
        assert (case["case"], case["address"], case["state"]) == ("C-0001", ADDRESS, "open")
        assert case["records"] == 28_600

        owners = desk.ask(f"survey cases owner C-0001 --scope {scope}")["owners"]
        assert {owner["source"] for owner in owners} == {"security.txt", "reverse DNS", "RDAP"}
        files = desk.ask(f"survey cases notice C-0001 --scope {scope} --language en,de")["files"]
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

        assert "still open" in desk.type(f"survey retest C-0001 --scope {scope}", exit_code=3)
    assert "C-0001 is closed" in desk.type(f"survey retest C-0001 --scope {scope}")
    assert desk.state_of("C-0001") == "closed"
    assert desk.ask("survey cases")["cases"] == []
    assert len(desk.ask("survey cases --all")["cases"]) == 1
    with served("small", again_at=offset):
        assert "C-0001 is open again" in desk.type(f"survey retest C-0001 --scope {scope}", exit_code=3)
    assert desk.state_of("C-0001") == "open"


def test_what_closes_nothing(desk: Desk) -> None:
    with served("small") as offset:
        scope = desk.scope_of("small", offset)
        desk.type(f"survey run --scope {scope} --out run --only {ADDRESS}", exit_code=3)
        desk.type("survey cases update run")
    desk.type(f"survey run --scope {scope} --out shallow --level 1 --only {ADDRESS}")
    desk.type("survey cases update shallow")
    desk.type(f"survey run --scope {scope} --out elsewhere --only 127.1.4.1")
    desk.type("survey cases update elsewhere")
    assert desk.state_of("C-0001") == "open"
    desk.type(f"survey run --scope {scope} --out whole")
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

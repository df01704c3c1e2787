"""`leadglass survey report` and `compare`, on runs that lie on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from helpers.scopes import scope_text
from helpers.small_disk import small_disk
from helpers.survey_records import CALLER
from helpers.survey_world import SEEN, seeded_systems, sixty_days_later, system
from leadglass.app.cli.main import app
from leadglass.survey.level import Level
from leadglass.survey.records import Begun, RunWriter
from leadglass.survey.system import System


def on_disk(
    folder: Path, systems: Sequence[System], *, scope: str = "", only: Sequence[str] = (), finished: bool = True
) -> Path:
    """A run that saw these."""
    begun = Begun(
        id=folder.name,
        at=SEEN,
        scope_digest=sha256(scope.encode()).hexdigest() if scope else "",
        level=Level.COUNTS,
        product="leadglass 0.1.0",
        caller=CALLER,
        only=tuple(only),
    )
    writer = RunWriter.create(folder, begun, scope=scope.encode())
    for observation in (o for one in systems for o in one.observations):
        writer.record(observation, ())
    writer.close({"targets": 500, "before": 40, "looked_at": 500 if finished else 6}, finished=finished)
    return folder


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    home = tmp_path_factory.mktemp("runs")
    old = seeded_systems()
    return on_disk(home / "old", old), on_disk(home / "new", sixty_days_later(old))


def said(*words: object, fails: bool = False) -> str:
    result = CliRunner().invoke(app, ["survey", *map(str, words)])
    assert (result.exit_code != 0) is fails, result.output
    return result.output


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["--format", ","], "--format names no format"),
        (["--format", "docx"], "there is no format 'docx'"),
        (["--cases", "FILE"], "which is no folder"),
        (["--cases", "nowhere"], "which does not exist"),
        (["--out", "FILE"], "File exists"),
    ],
)
def test_what_cannot_be_reported_is_said(runs: tuple[Path, Path], tmp_path: Path, words: list[str], what: str) -> None:
    file = tmp_path / "file"
    file.touch()
    assert what in said("report", runs[0], *(file if word == "FILE" else word for word in words), fails=True)


@pytest.mark.root
def test_on_a_full_disk_the_report_that_was_there_stays(runs: tuple[Path, Path], tmp_path: Path) -> None:
    with small_disk(tmp_path / "small", "1m") as disk:
        said("report", runs[0], "--out", disk.path)
        before = (disk.path / "report.html").read_bytes()
        disk.fill()
        assert "No space left on device" in said("report", runs[1], "--out", disk.path, fails=True)
        assert (disk.path / "report.html").read_bytes() == before


def test_a_report_says_the_result_and_where_it_lies(runs: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = runs
    words = said("report", new, "--against", old, "--format", "html,pdf,csv,json", "--out", tmp_path / "report")
    assert "imaging systems were found" in words
    assert "Fewer systems hold more" in words
    model = json.loads((tmp_path / "report" / "report.json").read_bytes())
    assert model["run"]["id"] == "new"
    assert model["run"]["targets"] == 500
    assert model["rules"]
    assert {row["grade"] for row in model["countries"]} <= set("ABCDEF")
    assert (tmp_path / "report" / "report.pdf").stat().st_size > 10_000
    assert any("CC" in credit["text"] for credit in model["credits"])


def test_people_read_german_and_programs_english(runs: tuple[Path, Path], tmp_path: Path) -> None:
    old, new = runs
    words = said("report", new, "--against", old, "--language", "de", "--format", "html,csv,json", "--out", tmp_path)
    assert "Weniger Systeme halten mehr" in words
    page = (tmp_path / "report.html").read_text()
    assert '<html lang="de">' in page
    assert "Jeder kann die Patienten auflisten" in page
    assert "Anybody can list" not in page
    programs = (tmp_path / "report.json").read_text() + (tmp_path / "systems.csv").read_text()
    assert "Anybody can list the patients" in programs
    assert "Fewer systems hold more" in programs
    assert ",answers queries," in programs


def test_by_default_the_page_lies_in_the_run(runs: tuple[Path, Path]) -> None:
    said("report", runs[0])
    assert "198.51.100." in (runs[0] / "report" / "report.html").read_text()


def test_a_public_report_withholds(runs: tuple[Path, Path], tmp_path: Path) -> None:
    said("report", runs[1], "--public", "--min-cell", 5, "--format", "html,csv,json,csaf,stix", "--out", tmp_path)
    for path in tmp_path.iterdir():
        assert "198.51.100." not in path.read_text()
        assert "Example Clinic" not in path.read_text()


@pytest.mark.parametrize("by", ["country", "state", "organisation"])
def test_two_runs_compared(runs: tuple[Path, Path], by: str) -> None:
    found = json.loads(said("compare", *runs, "--by", by, "--json"))
    world = found["world"]
    assert world["before"]["systems"] - len(found["gone"]) + len(found["new"]) == world["after"]["systems"]
    assert [region["country"] for region in found["dark"]] == ["DE", "GB", "TH", "VE"]
    words = said("compare", *runs, "--by", by)
    assert f"{len(found['gone'])} went, {len(found['new'])} came" in words
    assert "4 countries have no open system any more: DE, GB, TH, VE." in words


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["report", "nowhere"], "holds no run"),
        (["report", "RUN", "--format", "docx"], "there is no format"),
        (["report", "RUN", "--format", "sarif", "--min-cell", "5"], "lists single systems"),
        (["report", "RUN", "--language", "tlh"], "there is no report in"),
        (["report", "RUN", "--geometry", "nowhere.json"], "--geometry names nowhere.json"),
        (["report", "RUN", "--state-geometry", "nowhere.json"], "--state-geometry names nowhere.json"),
        (["report", "RUN", "--cases", "nofolder"], "--cases names nofolder"),
        (["compare", "RUN", "nowhere"], "holds no run"),
    ],
)
def test_what_cannot_be_done_is_said(runs: tuple[Path, Path], words: list[str], what: str) -> None:
    assert what in said(*(runs[0] if word == "RUN" else word for word in words), fails=True)


def archives(*numbers: int, **fields: Any) -> list[System]:
    return [system(f"192.0.2.{number}", number=number, **fields) for number in numbers]


SCOPE = scope_text()


def test_an_unfinished_run_is_not_compared_and_says_so(tmp_path: Path) -> None:
    whole = on_disk(tmp_path / "whole", archives(1, 2), scope=SCOPE)
    half = on_disk(tmp_path / "half", archives(1), scope=SCOPE, finished=False)
    for words in (["compare", whole, half], ["compare", half, whole], ["report", half, "--against", whole]):
        assert "is not finished" in said(*words, fails=True)
    assert "46 of 500 ports were looked at; the rest is unknown." in said("report", half, "--format", "html,json,pdf")
    model = json.loads((half / "report" / "report.json").read_bytes())
    assert model["sentences"][0].startswith("46 of 500")


@pytest.mark.parametrize(
    ("scope", "only"),
    [
        (SCOPE, ("192.0.2.1", "192.0.2.2:11112")),
        (SCOPE.replace("192.0.2.0/24", "192.0.2.0/30"), ()),
    ],
)
def test_what_only_one_run_looked_at_is_not_dark(tmp_path: Path, scope: str, only: Sequence[str]) -> None:
    old = on_disk(tmp_path / "old", [*archives(1, 2), *archives(9, country="FR")], scope=SCOPE)
    new = on_disk(tmp_path / "new", archives(1), scope=scope, only=only)
    found = json.loads(said("compare", old, new, "--json"))
    assert (found["world"]["before"]["systems"], found["gone"], found["dark"]) == (2, ["192.0.2.2"], [])
    assert "compared are the 2 of 3 systems" in found["note"]
    assert "compared are the 2 of 3 systems" in said("compare", old, new).replace("\n", " ")
    assert "compared are the 2 of 3 systems" in said("report", new, "--against", old).replace("\n", " ")
    assert "give small" in said("report", new, "--against", old, "--min-cell", 5, fails=True)


def test_nobody_can_tell_where_a_run_without_scope_looked(tmp_path: Path) -> None:
    here = on_disk(tmp_path / "here", archives(1))
    there = on_disk(tmp_path / "there", archives(1), scope=SCOPE)
    assert "has no scope" in said("compare", here, there, fails=True)
    assert json.loads(said("compare", here, here, "--json"))["note"] == ""


def test_what_was_not_counted_is_compared_as_unknown(tmp_path: Path) -> None:
    old = on_disk(tmp_path / "old", archives(1, 2, records=None), scope=SCOPE)
    new = on_disk(tmp_path / "new", archives(1, 2), scope=SCOPE)
    found = json.loads(said("compare", old, new, "--json"))
    assert (found["world"]["before"]["records"], found["world"]["after"]["records"]) == (None, 2000)
    words = said("compare", old, new)
    assert "Records: not counted then, 2,000 now." in words
    assert "ugly" not in words

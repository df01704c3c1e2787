"""`leadglass survey report` and `compare`, on runs that lie on disk."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from helpers.survey_records import CALLER
from helpers.survey_world import SEEN, seeded_systems, sixty_days_later
from leadglass.app.cli.main import app
from leadglass.survey.level import Level
from leadglass.survey.records import Begun, RunWriter
from leadglass.survey.system import System


def on_disk(folder: Path, systems: Sequence[System]) -> Path:
    """A finished run that saw these."""
    begun = Begun(
        id=folder.name, at=SEEN, scope_digest="", level=Level.COUNTS, product="leadglass 0.1.0", caller=CALLER
    )
    writer = RunWriter.create(folder, begun)
    for observation in (o for system in systems for o in system.observations):
        writer.record(observation, ())
    writer.close({"targets": 500})
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
        (["report", "RUN", "--lang", "tlh"], "there is no report in"),
        (["report", "RUN", "--geometry", "nowhere.json"], "--geometry names nowhere.json"),
        (["report", "RUN", "--state-geometry", "nowhere.json"], "--state-geometry names nowhere.json"),
        (["report", "RUN", "--cases", "nofolder"], "--cases names nofolder"),
        (["compare", "RUN", "nowhere"], "holds no run"),
    ],
)
def test_what_cannot_be_done_is_said(runs: tuple[Path, Path], words: list[str], what: str) -> None:
    assert what in said(*(runs[0] if word == "RUN" else word for word in words), fails=True)

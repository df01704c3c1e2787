"""`leadglass survey verify` in words, in JSON and by its exit code."""

import json
from pathlib import Path

from typer.testing import CliRunner

from helpers.sightings import observation
from helpers.survey_records import written
from leadglass.app.cli.main import app
from leadglass.survey.records.chain import shards


def verify(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["survey", "verify", *words])
    return result.exit_code, result.output


def test_intact(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1))
    code, said = verify(str(folder))
    assert code == 0
    assert "intact: 3 entries" in said
    head = json.loads((folder / "run.json").read_bytes())["head"]
    assert verify(str(folder), "--head", head)[0] == 0
    code, said = verify(str(folder), "--head", "00", "--json")
    assert code == 1
    assert json.loads(said)["problems"] == ["the last entry is not the one you noted"]


def test_broken(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1))
    (shard,) = shards(folder)
    shard.write_bytes(shard.read_bytes().replace(b"Hesse", b"Essen"))
    code, said = verify(str(folder))
    assert code == 1
    assert "line 2" in said


def test_no_run(tmp_path: Path) -> None:
    code, _ = verify(str(tmp_path))
    assert code == 1


def test_a_replay_names_what_it_could_not_play(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1))
    code, said = verify(str(folder), "--replay", "--json")
    assert code == 1
    (difference,) = json.loads(said)["differences"]
    assert difference["number"] == 1


def test_tables_that_were_deleted_are_made_anew_and_that_is_said(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1))
    for table in (folder / "observations").iterdir():
        table.unlink()
    code, said = verify(str(folder))
    assert code == 0
    assert "Tables of shard 1 were missing, and were made anew" in said
    assert "made anew" not in verify(str(folder))[1]


def test_tables_that_say_something_else_are_a_fault(tmp_path: Path) -> None:
    folder = written(tmp_path / "run", observation(1))
    (folder / "observations" / "http-00001.parquet").write_bytes(b"garbage")
    code, said = verify(str(folder), "--json")
    assert code == 1
    assert json.loads(said)["problems"] == [
        "observations/http-00001.parquet cannot be read: delete it, and it is made anew"
    ]

"""`leadglass survey places`: newer tables take the place of those that were shipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leadglass.app.cli.main import app


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def said(*words: str) -> Result:
    return CliRunner().invoke(app, ["survey", "places", *words], prog_name="leadglass")


def shown(*addresses: str) -> dict[str, object]:
    result = said("show", *addresses, "--json")
    assert result.exit_code == 0
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_what_is_no_address_is_said_to_be_none() -> None:
    result = said("show", "192.0.2.7", "clinic")
    assert result.exit_code == 1
    assert "clinic is no IP address" in result.output


def test_refreshing(tmp_path: Path) -> None:
    countries, networks = tmp_path / "country.csv", tmp_path / "asn.csv"
    countries.write_text("8.8.8.0,8.8.8.255,FR\n")
    networks.write_text('8.8.8.0,8.8.8.255,64496,"Example, Inc."\n')
    before = shown("8.8.8.8")
    refreshed = said("refresh", "--country", str(countries), "--asn", str(networks), "--date", "2026-11-20")
    assert refreshed.exit_code == 0, refreshed.output
    after = shown("8.8.8.8", "1.1.1.1")
    assert after["date"] == "2026-11-20" > str(before["date"])
    assert after["addresses"] == [
        {"address": "8.8.8.8", "country": "FR", "as": 64496, "name": "Example, Inc."},
        {"address": "1.1.1.1", "country": "", "as": "", "name": ""},
    ]


def test_the_age_is_that_of_the_files(tmp_path: Path) -> None:
    countries = tmp_path / "country.csv"
    countries.write_text("8.8.8.0,8.8.8.255,FR\n")
    assert said("refresh", "--country", str(countries), "--out", str(tmp_path / "there")).exit_code == 0
    assert (tmp_path / "there/country.xz").exists()
    assert not (tmp_path / "there/as.xz").exists()


@pytest.mark.parametrize(
    ("text", "day", "words"),
    [("8.8.8.0,x,FR\n", "2026-11-20", "line 1: field 2 is no address"), ("", "yesterday", "is no day")],
)
def test_mistakes(tmp_path: Path, text: str, day: str, words: str) -> None:
    countries = tmp_path / "country.csv"
    countries.write_text(text)
    result = said("refresh", "--country", str(countries), "--date", day)
    assert result.exit_code == 1
    assert words in result.output


def test_a_file_that_is_not_there() -> None:
    result = said("refresh", "--country", "nothing.csv", "--date", "2026-11-20")
    assert result.exit_code == 1
    assert "No such file" in result.output

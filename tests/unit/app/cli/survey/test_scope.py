"""`leadglass survey scope` where a story cannot tell it: files that change between two commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from helpers.scopes import NETWORK, scope_text
from leadglass.app.cli.main import app


@pytest.fixture
def scope(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    path = tmp_path / "scope.toml"
    path.write_text(scope_text().replace("valid_until = 2026", "valid_until = 2126"))
    return path


def said(*words: str) -> Result:
    return CliRunner().invoke(app, ["survey", "scope", *words], prog_name="leadglass")


def test_a_change_after_signing_shows(scope: Path) -> None:
    assert said("sign", str(scope)).exit_code == 0
    assert said("check", str(scope)).exit_code == 0
    scope.write_text(scope.read_text().replace("level = 2", "level = 3"))
    changed = said("check", str(scope), "--json")
    assert changed.exit_code == 1
    told = json.loads(changed.stdout)
    assert not told["valid"]
    assert told["refusal"]["why"] == "changed"
    assert told["refusal"]["advice"]
    assert told["highest_level"] == 3
    assert said("sign", str(scope)).exit_code == 0
    assert said("check", str(scope)).exit_code == 0


def test_the_same_key_signs_again_and_another_is_another(scope: Path, tmp_path: Path) -> None:
    first = said("sign", str(scope), "--signer", "Head of IT").stdout
    assert said("sign", str(scope), "--signer", "Head of IT").stdout == first
    other = said("sign", str(scope), "--signer", "Head of IT", "--key", str(tmp_path / "other.pem")).stdout
    assert other != first
    fingerprint = first.split("Key ")[1].split()[0]
    assert said("check", str(scope), "--trust", fingerprint).exit_code == 1


def test_expired(scope: Path) -> None:
    scope.write_text(scope_text().replace("2026-", "2020-"))
    assert said("sign", str(scope)).exit_code == 0
    result = said("check", str(scope))
    assert result.exit_code == 1
    assert "the scope has expired on 2020-12-01 00:00 UTC" in result.stdout
    assert "Ask Example Clinic to allow it for longer" in result.stdout


def test_in_quiet_hours_it_says_until_when_it_rests(scope: Path) -> None:
    days = '"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"'
    always = f'[[quiet]]\ndays = [{days}]\nfrom = "00:00"\nuntil = "24:00"\nzone = "UTC"\n'
    scope.write_text(scope.read_text() + always)
    assert said("sign", str(scope)).exit_code == 0
    result = said("check", str(scope))
    assert result.exit_code == 0
    assert "A survey may run by it." in result.stdout
    assert "Now it rests everywhere until 2" in " ".join(result.stdout.split())
    assert len(json.loads(said("check", str(scope), "--json").stdout)["resting"]) == 1


@pytest.mark.parametrize("verb", ["check", "sign"])
@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[[quiet]]\ndays = ["Mon"]\nfrom = "07:00"\nuntil = "18:00"\nzone = "Moon/Base"\n', "no time zone"),
        ('[[quiet]]\ndays = ["Mo"]\nfrom = "07:00"\nuntil = "18:00"\nzone = "UTC"\n', "'Mo' is no day"),
        ('[[exclude]]\naddresses = ["192.0.2.1/24"]\n', "exclude 1"),
    ],
)
def test_what_would_stop_a_run_is_said_before_it_is_signed(scope: Path, verb: str, table: str, words: str) -> None:
    scope.write_text(scope_text(NETWORK, table))
    result = said(verb, str(scope))
    assert result.exit_code == 1
    assert words in result.output

"""Scans of others as a run of level 0, and as lists of targets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from helpers.scopes import scope_text
from leadglass.app.importing import take_scans, targets_in
from leadglass.survey.level import Level
from leadglass.survey.observation import Rung
from leadglass.survey.records import Run
from leadglass.survey.scope import SigningKey, Warrant, Why, sign
from leadglass.terms.ceilings import MAX_TARGETS_NAMED
from leadglass.terms.errors import UserFault

SCANS = Path(__file__).resolve().parents[2] / "vectors/scans"


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


@pytest.fixture
def scope(tmp_path: Path) -> Path:
    path = tmp_path / "scope.toml"
    path.write_text(scope_text().replace("valid_until = 2026", "valid_until = 2036"))
    sign(path, SigningKey.load_or_make(tmp_path / "key.pem"), signer="Head of IT", now=datetime.now(UTC))
    return path


def opened(scope: Path) -> Warrant:
    return Warrant.open(scope, now=datetime(2026, 12, 24, tzinfo=UTC), resolve=lambda _: ())


def test_scans_become_a_run_that_can_be_verified(scope: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    taken = take_scans([SCANS / "nmap.xml", SCANS / "censys-answer.json"], scope, opened(scope), folder)
    assert (taken.taken, taken.addresses, taken.outside) == (3, 2, 2)
    assert taken.first_refusal is not None
    assert taken.first_refusal.why is Why.OUTSIDE
    run = Run.open(folder)
    assert not run.verify().problems
    assert not list(run.replay())
    assert run.facts.level is Level.IMPORTS
    seen = list(run.observations())
    assert {one.source for one in seen} == {"Nmap"}
    assert seen[0].seen_at == datetime(2026, 11, 10, 9, 0, 20, tzinfo=UTC)
    assert {system.address: system.rung for system in run.systems()} == {
        "192.0.2.1": Rung.SPEAKS,
        "192.0.2.4": Rung.REACHABLE,
    }


def test_a_damaged_scan_is_refused_before_anything_is_written(scope: Path, tmp_path: Path) -> None:
    scan = tmp_path / "scan.json"
    scan.write_text((SCANS / "shodan.json").read_text() + "junk\n")
    with pytest.raises(UserFault, match="line 3"):
        take_scans([SCANS / "nmap.xml", scan], scope, opened(scope), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_lists_and_scans_name_targets(tmp_path: Path) -> None:
    assert targets_in(SCANS / "censys-hosts.json") == ("192.0.2.1:104", "192.0.2.1:8042")
    assert "[2001:db8::4]:104" in targets_in(SCANS / "nmap.xml")
    written = tmp_path / "list.txt"
    written.write_text("# pacs\n[2001:db8::1]:104\n192.0.2.0/28 # all\n192.0.2.0/28\npacs.example.org:104\n")
    assert targets_in(written) == ("[2001:db8::1]:104", "192.0.2.0/28", "pacs.example.org:104")
    written.write_text("")
    assert targets_in(written) == ()


def test_lists_have_a_ceiling_and_are_text(tmp_path: Path) -> None:
    written = tmp_path / "list.txt"
    written.write_text("".join(f"10.0.{n >> 8}.{n & 255}\n" for n in range(MAX_TARGETS_NAMED + 1)))
    with pytest.raises(UserFault, match="more than 50,000 targets"):
        targets_in(written)
    written.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserFault, match="neither a list"):
        targets_in(written)
    with pytest.raises(UserFault, match="cannot be read"):
        targets_in(tmp_path / "nothing")

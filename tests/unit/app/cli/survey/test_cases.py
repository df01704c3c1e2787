"""`leadglass survey cases` where a story cannot tell it: wrong words, other folders, full disks."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from helpers.scopes import NOW, scope_text
from helpers.small_disk import small_disk
from leadglass.app.cli.main import app
from leadglass.survey.cases.book import CaseBook
from leadglass.survey.cases.events import Leak, Opened, OwnerFound


def said(*words: object) -> Result:
    return CliRunner().invoke(app, ["survey", *map(str, words)], prog_name="leadglass")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Cases in a folder whose name a shell would tear apart."""
    folder = tmp_path / "our cases [1]"
    CaseBook(folder).add([opened()])
    return folder


def opened() -> Opened:
    leak = Leak(rule="dicom-answers-strangers", product="Orthanc")
    return Opened(case="C-0001", at=NOW, run="r", address="192.0.2.7", rung=4, leaks=(leak,))


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["cases", "notice", "C-0001", "--scope", "SCOPE", "--language", ","], "there is no notice in ''"),
        (["cases", "notice", "C-0001", "--scope", "SCOPE", "--language", "fr,en"], "there is no notice in 'fr'"),
        (["cases", "notice", "C-0001", "--scope", "FOLDER"], "cannot be read: Is a directory"),
        (["cases", "notice", "C-0001", "--scope", "nowhere.toml"], "nowhere.toml cannot be read"),
        (["cases", "sent", "C-0001", "--to", " "], "--to is empty"),
        (["cases", "sent", "C-0001", "--to", "a\nb"], "--to is empty, or no single line"),
        (["cases", "sent", "C-0001", "--to", "it@example.org", "--by", ""], "--by is empty"),
        (["cases", "sent", "C-0001", "--to", "x", "--at", "yesterday"], "--at is no moment"),
        (["cases", "sent", "C-0001", "--to", "x", "--at", "2026-11-20T09:30"], "--at has no time zone"),
        (["cases", "sent", "C-0001", "--to", "x", "--at", "2099-11-20T09:30Z"], "--at is still to come"),
        (["cases", "dismiss", "C-0001", "--because", "\x1b[2J"], "--because is empty, or no single line"),
        (["cases", "show", "C-0002"], "there is no case C-0002"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_the_book_alone(
    folder: Path, tmp_path: Path, words: list[str], what: str
) -> None:
    scope = tmp_path / "scope.toml"
    scope.write_text(scope_text())
    before = (folder / "cases.jsonl").read_bytes()
    assert folder.stat().st_mode & 0o077 == 0
    places = {"SCOPE": str(scope), "FOLDER": str(folder)}
    result = said(*(places.get(word, word) for word in words), "--cases", folder)
    assert result.exit_code == 1, result.output
    assert what in result.output
    assert (folder / "cases.jsonl").read_bytes() == before


def test_clocks_run_from_when_they_were_told(folder: Path) -> None:
    for told in (["--at", "2025-10-26T02:30+01:00"], ["--at", "2025-10-25T00:00Z"], []):
        assert said("cases", "sent", "C-0001", "--to", "it@example.org", *told, "--cases", folder).exit_code == 0
    case = CaseBook(folder).case("C-0001")
    assert [notice.at.isoformat() for notice in case.notices_sent[:2]] == [
        "2025-10-26T01:30:00+00:00",
        "2025-10-25T00:00:00+00:00",
    ]
    assert case.noticed_at == case.notices_sent[1].at


@pytest.mark.parametrize("words", [["cases"], ["cases", "show", "C-0001"]])
def test_a_file_is_no_folder_of_cases(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "file").touch()
    result = said(*words, "--cases", tmp_path / "file")
    assert result.exit_code == 1
    assert "is no folder" in result.output


def test_what_to_type_next_leads_to_the_same_cases(folder: Path, tmp_path: Path) -> None:
    scope = tmp_path / "scope.toml"
    scope.write_text(scope_text())
    there = f"--cases {shlex.quote(str(folder))}"
    written = said("cases", "notice", "C-0001", "--scope", scope, "--cases", folder)
    assert f"leadglass survey cases sent C-0001 --to WHOM {there}" in written.output
    sent = said("cases", "sent", "c-0001", "--to", "it@example.org", "--cases", folder)
    assert f"leadglass survey retest C-0001 --scope FILE {there}" in sent.output


def test_what_a_host_calls_itself_moves_no_cursor(folder: Path) -> None:
    name = "Clinic\x1b[2J\x9b31m\x07[bold]"
    CaseBook(folder).add([OwnerFound(case="C-0001", at=NOW, source="certificate", name=name)])
    shown = said("cases", "show", "C-0001", "--cases", folder).output
    assert "[bold]" in shown
    assert not set("\x1b\x9b\x07") & set(shown)


@pytest.mark.root
def test_on_a_full_disk_a_notice_that_was_there_stays(tmp_path: Path) -> None:
    scope = tmp_path / "scope.toml"
    scope.write_text(scope_text())
    with small_disk(tmp_path / "small", "200k") as disk:
        cases = disk.path / "cases"
        CaseBook(cases).add([opened()])
        write = ("cases", "notice", "C-0001", "--scope", scope, "--cases", cases)
        assert said(*write).exit_code == 0
        page = cases / "notices/C-0001/notice.en.html"
        before = page.read_bytes()
        disk.fill()
        full = said(*write)
        assert full.exit_code == 1
        assert "No space left on device" in full.output
        assert page.read_bytes() == before
        disk.free()
        assert said(*write).exit_code == 0

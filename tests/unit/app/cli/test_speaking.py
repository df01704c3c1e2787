"""Words on a terminal: tables that fit, text that is never taken for markup, errors with advice."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from leadglass.app.cli import speaking
from leadglass.app.cli.speaking import counted, fail, moment, pasted, plain, show_table

COLUMNS = {"name": "name", "study": "study", "revoked_at": "revoked", "allow": "may", "tls": "TLS"}
ROWS = [
    {"name": "a[red]b", "study": "1.2.3", "revoked_at": "", "allow": ["echo", "store"], "tls": True},
    {"name": "c", "study": "2.25.1234", "revoked_at": "2026-11-20T19:26:47.272918+00:00", "allow": [], "tls": False},
]


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    shown = io.StringIO()
    console = Console(file=shown, width=80, highlight=False, soft_wrap=True)
    monkeypatch.setattr(speaking, "out", console)
    monkeypatch.setattr(speaking, "_err", console)
    return shown


def lines(terminal: io.StringIO) -> list[str]:
    return [line.rstrip() for line in terminal.getvalue().splitlines()]


def test_a_table_where_there_is_room(terminal: io.StringIO) -> None:
    show_table(ROWS, COLUMNS, empty="none")
    assert lines(terminal) == [
        "name     study      revoked           may          TLS",
        "a[red]b  1.2.3                        echo, store  yes",
        "c        2.25.1234  2026-11-20 19:26",
    ]


def test_columns_without_any_value_are_left_out(terminal: io.StringIO) -> None:
    show_table([{"name": "x"}], COLUMNS, empty="none")
    assert lines(terminal) == ["name", "x"]


def test_blocks_where_there_is_none(terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaking, "out", Console(file=terminal, width=40, highlight=False, soft_wrap=True))
    show_table(ROWS, COLUMNS, empty="none")
    assert lines(terminal) == [
        "name     a[red]b",
        "study    1.2.3",
        "may      echo, store",
        "TLS      yes",
        "",
        "name     c",
        "study    2.25.1234",
        "revoked  2026-11-20 19:26",
        "",
    ]


def test_what_others_wrote_moves_no_cursor() -> None:
    assert plain("a\x1b[2J\x9b1m\x7f\r\x00b\tc\nd") == "a\ufffd[2J\ufffd1m\ufffd\ufffd\ufffdb\tc\nd"


def test_a_path_can_be_pasted() -> None:
    assert pasted(Path("runs/one")) == "runs/one"
    assert pasted(Path("our runs/one")) == "'our runs/one'"


@pytest.mark.parametrize("words", [["survey", "scope", "check", "ünï"], ["range", "scope", "small"]])
def test_what_a_terminal_cannot_write_stops_no_command(words: list[str]) -> None:
    poor = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    command = [sys.executable, "-m", "leadglass", *words]
    done = subprocess.run(command, capture_output=True, env={**os.environ, **poor}, timeout=60, check=False)
    said = (done.stdout + done.stderr).decode("utf-8")
    assert "Traceback" not in said
    assert "are no text here" in said or "München" in said


@pytest.mark.parametrize("caught", ["KeyboardInterrupt", "RuntimeError('Query interrupted')"])  # ours, DuckDB's
def test_who_stops_a_command_sees_no_traceback(tmp_path: Path, caught: str) -> None:
    (tmp_path / "typer.py").write_text(f"raise {caught}\n")  # as if Ctrl-C came while this was read
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "leadglass", "survey"]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")


def test_counting_in_words() -> None:
    assert [counted(n, "address", "addresses") for n in (0, 1, 2000)] == ["0 addresses", "1 address", "2,000 addresses"]
    assert counted(2, "port") == "2 ports"


def test_an_empty_list_is_a_sentence(terminal: io.StringIO) -> None:
    show_table([], COLUMNS, empty="There is [nothing].")
    assert lines(terminal) == ["There is [nothing]."]


@pytest.mark.parametrize(
    ("advice", "shown"),
    [
        ("choose another", ["       Choose another."]),
        ("Done.", ["       Done."]),
        ("", []),
        ("`leadglass x`?", ["       `leadglass x`?"]),
    ],
)
def test_an_error_says_what_to_do(terminal: io.StringIO, advice: str, shown: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        fail("it is [wrong]", advice)
    assert ended.value.code == 1
    assert lines(terminal) == ["error: it is [wrong]", *shown]


def test_moments() -> None:
    assert moment("2026-11-20T19:26:47+00:00") == "2026-11-20 19:26"
    assert moment("x 2026-11-20") == "x 2026-11-20"

"""The command line as stories: what a person types and what comes back, word for word.

A story is a text file. `$ leadglass …` is a command, what follows is its output (both streams) up to the next
command or comment; `…` stands for any text within a line, a line `…` for any lines; `[exit 1]` is the exit code where
it is not 0; `< text` is standard input; `#` begins a comment. GRANT stands for the grant's id seen last. A file that
begins with "# With a running server" has one.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner

from helpers.archive_server import run_archive
from leadglass.app.cli.main import app

STORIES = sorted(Path(__file__).with_name("stories").glob("*.txt"))


@dataclass
class Step:
    line: int
    command: str
    stdin: str = ""
    expected: list[str] = field(default_factory=list)
    exit_code: int = 0


def steps_of(text: str) -> Iterator[Step]:
    step: Step | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("$ leadglass"):
            if step:
                yield step
            step = Step(number, line.removeprefix("$ leadglass").strip())
        elif line.startswith("# ") or step is None:
            continue
        elif line.startswith("< "):
            step.stdin += line[2:] + "\n"
        elif found := re.fullmatch(r"\[exit (\d+)\]", line):
            step.exit_code = int(found[1])
        else:
            step.expected.append(line)
    if step:
        yield step


def pattern_of(expected: list[str]) -> str:
    lines = [
        r"(?:.*\n)*" if line == "…" else ".*".join(map(re.escape, _evenly(line).split("…"))) + r" *\n"
        for line in expected
    ]
    while lines and lines[-1] == r" *\n":  # the empty line before the next command is not output
        lines.pop()
    return "".join(lines) + r"\s*"


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_story(story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("LEADGLASS_HOME", str(home))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    text = story.read_text()
    assert "$ leadglass" in text
    if text.startswith("# With a running server"):
        with run_archive(home):
            tell(text)
    else:
        tell(text)


def tell(text: str) -> None:
    said: dict[str, str] = {}
    for step in steps_of(text):
        words = [said.get(word, word) for word in shlex.split(step.command)]
        result = CliRunner().invoke(app, words, input=step.stdin or None, prog_name="leadglass")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        shown = f"line {step.line}: leadglass {step.command}\n{result.output}"
        assert re.fullmatch(pattern_of(step.expected), _evenly(result.output)), shown
        assert result.exit_code == step.exit_code, shown
        if found := re.search(r"grt-[0-9a-f]{16}", result.output):
            said["GRANT"] = found[0]  # the id last seen, for the commands that need it


def _evenly(text: str) -> str:
    """Columns of tables are as wide as what stands in them; two spaces between them are enough here."""
    return re.sub(r"(?<=\S)  +", "  ", text)

"""Every `leadglass …` line in the documents is a command that exists, with options that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import typer

from leadglass.app.cli.main import app

ROOT = Path(__file__).resolve().parents[4]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs/howto").glob("*.md"))]
LINE = re.compile(r"^    (?:\S+\$ )?(?:sudo -u leadglass )?(?:\S*/)?leadglass (?!\S*=)(.+)$", re.MULTILINE)
CODE = re.compile(r"`leadglass ([^`]+)`")


def commands(page: Path) -> list[str]:
    text = page.read_text()
    return [*LINE.findall(text), *CODE.findall(text)]


def check(line: str) -> None:
    words = shlex.split(line.replace("…", "x"), comments=True)
    words = words[: min((words.index(sign) for sign in (">", "|") if sign in words), default=len(words))]
    command: click.Command = typer.main.get_command(app)
    context = click.Context(command, info_name="leadglass")
    while words and hasattr(command, "commands"):
        if words[0].startswith("--"):
            break
        assert words[0] in command.commands, f"there is no command {words[0]!r}: {line}"
        command = command.commands[words.pop(0)]
    known = {option: one for one in command.get_params(context) for option in one.opts}
    for word in (word for word in words if word.startswith("--")):
        assert word.partition("=")[0] in known, f"there is no option {word}: {line}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_exist(page: Path) -> None:
    found = commands(page)
    assert found, "a page without any command?"
    for line in found:
        check(line)


def test_what_does_not_exist_is_found() -> None:
    for line in ("fly", "device fly", "device add x --wings", "studies --all"):
        with pytest.raises(AssertionError):
            check(line)

"""`leadglass`: the commands and how they hang together."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from leadglass import __version__
from leadglass.app.cli import accounts, grants, ledger, serving, store
from leadglass.app.cli.range import practice
from leadglass.app.cli.speaking import HomeOption, JsonOption, ask, fail, out, say_json, show_table, speak_everywhere
from leadglass.app.cli.survey import survey
from leadglass.app.documenting import commented_defaults

__all__ = ["main"]

app = typer.Typer(
    name="leadglass",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Find medical imaging archives that leak (survey), and serve images behind a locked door (serve): every door "
    "demands a name, everything is encrypted, every look is recorded.",
)
app.command("serve")(serving.serve)
app.command("run")(serving.run_demo)
app.add_typer(accounts.devices, name="device")
app.add_typer(accounts.users, name="user")
app.add_typer(accounts.tokens, name="token")
app.add_typer(grants.grants, name="grant")
app.add_typer(ledger.ledger, name="ledger")
app.add_typer(store.store, name="store")
app.add_typer(store.keys, name="key")
app.add_typer(store.study, name="study")
app.add_typer(survey, name="survey")
app.add_typer(practice, name="range")


@app.command("studies")
def studies(home: HomeOption = Path("var"), as_json: JsonOption = False) -> None:
    """List what is stored: counts and UIDs, no names."""
    answer = ask(home, "studies")
    if as_json:
        say_json(answer)
        return
    show_table(
        answer["studies"],
        {
            "study_instance_uid": "Study Instance UID",
            "series": "series",
            "instances": "images",
            "first_stored_at": "since",
        },
        empty="Nothing is stored yet.",
    )
    counts = answer["counts"]
    out.print(
        f"{counts['patients']} patients, {counts['studies']} studies, {counts['series']} series, "
        f"{counts['instances']} instances, {counts['bytes'] / 1e6:,.1f} MB encrypted"
    )


@app.command("config")
def config() -> None:
    """Print a leadglass.toml with every option, its default and its meaning."""
    typer.echo(commented_defaults())


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"leadglass {__version__}")
        raise typer.Exit


@app.callback()
def common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Options before any command."""
    del version


def main() -> None:
    """The command that was typed."""
    speak_everywhere()
    _check_words(sys.argv[1:])
    app()


def _check_words(words: Sequence[str]) -> None:
    """Bytes that are no text are refused at once: databases and documents could not take them as a path or a name."""
    for word in words:
        try:
            word.encode()
        except UnicodeEncodeError:
            fail(
                f"{word!r} has bytes in it that are no text here",
                "Write it in UTF-8. On a system without a language say `export LC_ALL=C.UTF-8` first.",
            )

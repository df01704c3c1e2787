"""How commands speak: tables and sentences for people, JSON for programs, errors that say what to do next."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from leadglass.app.configuration import Configuration, load_configuration
from leadglass.app.control import ask_running_server
from leadglass.app.home import Home
from leadglass.app.house import House
from leadglass.app.verbs import perform
from leadglass.terms.errors import LeadglassError, UserFault

__all__ = ["HomeOption", "JsonOption", "ask", "configured", "fail", "out", "run", "say_json", "show_table"]

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 200)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="LEADGLASS_HOME", help="The folder everything lives in.", show_default="./var")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`; errors become words and exit code 1."""
    try:
        return _on_a_loop(work)
    except UserFault as fault:
        fail(str(fault), fault.advice)
    except LeadglassError as fault:
        fail(
            str(fault), "Nothing was released or lost. `leadglass store check` and `leadglass ledger verify` say more."
        )
    except OSError as fault:
        where = f" ({fault.filename})" if fault.filename else ""
        fail(
            f"the system refuses: {fault.strerror or type(fault).__name__}{where}",
            "Mend that, then try the same again.",
        )
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _on_a_loop(work: Coroutine[Any, Any, T]) -> T:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


def fail(what: str, advice: str) -> NoReturn:
    """Says what is wrong and what to do, and ends the command with exit code 1."""
    _err.print(f"[bold red]error:[/] {_plain(what)}")
    if advice:
        _err.print(f"       {_plain(advice)}")
    raise SystemExit(1)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")


def configured(home: Path, config: Path | None = None) -> tuple[Home, Configuration]:
    """The home and its configuration file (or another one)."""
    here = Home(home.absolute())
    if config is not None and not config.exists():
        raise UserFault(f"{config} does not exist", "Check --config, or leave it out.")
    return here, load_configuration(config or here.configuration)


def ask(home: Path, verb: str, **arguments: Any) -> Any:
    """The verb's answer, from the running server or from the home itself."""
    return run(_ask(home, verb, arguments))


async def _ask(home: Path, verb: str, arguments: dict[str, Any]) -> Any:
    here, configuration = configured(home)
    if here.is_new:
        raise UserFault(
            f"there is no archive in {here.path}", "Start one with `leadglass serve`, or name its home with --home DIR."
        )
    with _Bar() as bar:
        answered, result = await ask_running_server(here, verb, arguments, bar.advance)
        if answered:
            return result
        house = await House.open(here, configuration)
        try:
            return msgspec.to_builtins(await perform(house, verb, arguments, bar.advance))
        finally:
            await house.close()


class _Bar:
    """A progress bar that appears only when there is progress to show, and only to people."""

    def __init__(self) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(*columns, console=_err, transient=True, disable=not sys.stderr.isatty())
        self._task = self._progress.add_task("working", total=None, visible=False)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total, visible=True)


def say_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def show_table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str], *, empty: str) -> None:
    """The rows as a table with these headings; `empty` if there are none."""
    if not rows:
        out.print(_plain(empty))
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in columns.values():
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*(_plain(_cell(row.get(name, ""))) for name in columns))
    out.print(table)


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else str(value)


def listing(show: Callable[[], None], rows: object, as_json: bool) -> None:
    """JSON for programs, `show()` for people."""
    if as_json:
        say_json(rows)
    else:
        show()

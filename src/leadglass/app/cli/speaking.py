"""How commands speak: tables and sentences for people, JSON for programs, errors that say what to do next."""

from __future__ import annotations

import asyncio
import io
import re
import shlex
import sys
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, TypeVar

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from leadglass.app.configuration import Configuration, load_configuration
from leadglass.app.control import ask_running_server
from leadglass.app.home import Home
from leadglass.terms.errors import LeadglassError, UserFault

__all__ = [
    "HomeOption",
    "JsonOption",
    "answer_in",
    "ask",
    "configured",
    "counted",
    "fail",
    "faults_in_words",
    "moment",
    "out",
    "pasted",
    "plain",
    "run",
    "say_json",
    "show_table",
    "speak_everywhere",
]

_ENDLESS: Final = 10_000  # columns: what goes to a file or a pipe is never folded
_OF_THE_ARCHIVE: Final = "Nothing was released or lost. `leadglass store check` and `leadglass ledger verify` say more."
_UNSEEN: Final = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)], "\N{REPLACEMENT CHARACTER}")
"""What moves a cursor or rings a bell, if a host's own words are shown: all control characters but tab and newline."""
_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)(?::[\d.]+)?\+00:00\Z")

out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else _ENDLESS)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

HomeOption = Annotated[
    Path, typer.Option("--home", envvar="LEADGLASS_HOME", help="The folder everything lives in.", show_default="./var")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
T = TypeVar("T")


def run(work: Coroutine[Any, Any, T], *, advice: str = _OF_THE_ARCHIVE) -> T:
    """The result of `work`; errors become words and exit code 1. `advice` is for those that have none of their own."""
    try:
        with faults_in_words(advice):
            return _on_a_loop(work)
    except KeyboardInterrupt:
        raise SystemExit(130) from None


@contextmanager
def faults_in_words(advice: str = "Mend that, then try the same again.") -> Iterator[None]:
    """For commands that need no event loop: what is wrong becomes words and exit code 1, as `run` has it."""
    try:
        yield
    except UserFault as fault:
        fail(str(fault), fault.advice)
    except LeadglassError as fault:
        fail(str(fault), advice)
    except OSError as fault:
        _fail_of_the_system(fault)


def speak_everywhere() -> None:
    """Say what there is to say on any terminal, also of a name that its language cannot write; files are UTF-8."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding=None if stream.isatty() else "utf-8", errors="backslashreplace")


def _fail_of_the_system(fault: OSError) -> NoReturn:
    where = f" ({fault.filename})" if fault.filename else ""
    fail(f"the system refuses: {fault.strerror or type(fault).__name__}{where}", "Mend that, then try the same again.")


def _on_a_loop(work: Coroutine[Any, Any, T]) -> T:
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    return uvloop.run(work)


def fail(what: str, advice: str) -> NoReturn:
    """Says what is wrong and what to do, and ends the command with exit code 1."""
    _err.print(f"[bold red]error:[/] {plain(what)}")
    if advice:
        _err.print(f"       {plain(_sentence(advice))}")
    raise SystemExit(1)


def plain(text: str) -> str:
    """The text as it is, whatever a console would read into its brackets or control characters."""
    return escape(text.translate(_UNSEEN))


def counted(count: int, one: str, more: str = "") -> str:
    """So many of something: "1 port", "2 ports"."""
    return f"{count:,} {one if count == 1 else more or one + 's'}"


def pasted(path: Path) -> str:
    """A path as a shell takes it, within a command that is shown."""
    return plain(shlex.quote(str(path)))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", "!")) else ".")


def moment(text: str) -> str:
    """A moment as people read it; anything else as it is. All times are UTC."""
    return _MOMENT.sub(r"\1 \2", text)


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
    here.check_master_key()
    if here.is_new:
        raise UserFault(
            f"there is no archive in {here.path}", "Start one with `leadglass serve`, or name its home with --home DIR."
        )
    with _Bar() as bar:
        answered, result = await ask_running_server(here, verb, arguments, bar.advance)
        if answered:
            return result
        from leadglass.app.house import House  # only now: the whole archive takes a second to load
        from leadglass.app.verbs import perform

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
    """The rows under these headings; `empty` if there are none. A column without any value is left out.

    What is too wide for the terminal comes as one block a row instead.
    """
    if not rows:
        out.print(plain(empty))
        return
    cells = [{heading: _cell(row.get(name, "")) for name, heading in columns.items()} for row in rows]
    used = [heading for heading in columns.values() if any(row[heading] for row in cells)]
    widths = [max(len(heading), *(len(row[heading]) for row in cells)) for heading in used]
    if sum(widths) + 2 * len(widths) > out.width:
        _show_blocks(cells, used)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in used:
        table.add_column(heading, no_wrap=True)
    for row in cells:
        table.add_row(*(plain(row[heading]) for heading in used))
    out.print(table)


def _show_blocks(rows: Sequence[Mapping[str, str]], headings: Sequence[str]) -> None:
    width = max(map(len, headings))
    for row in rows:
        for heading in headings:
            if row[heading]:
                out.print(f"[bold]{heading:{width}}[/]  {plain(row[heading])}")
        out.print()


def _cell(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else ""
    return "" if value is None else moment(str(value))


def answer_in(as_json: bool, answer: Any, words: str) -> None:
    """The answer for a program, or `words` for a person."""
    if as_json:
        say_json(answer)
    else:
        out.print(plain(words))

"""`leadglass survey run` and `leadglass survey self`."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from leadglass.app.cli.speaking import JsonOption, counted, fail, faults_in_words, out, pasted, plain, run, say_json
from leadglass.app.cli.survey.progress import shown
from leadglass.survey.level import Level
from leadglass.terms.errors import UserFault

if TYPE_CHECKING:
    from leadglass.app.surveying import Report, Surveying
    from leadglass.survey.scope import Warrant
    from leadglass.survey.totals import Totals

__all__ = ["run_survey", "survey_self"]

LEAKS, STOPPED, DEAF = 3, 4, 5
"""Exit codes beside 0 (nothing stands open) and 1 (an error)."""
_SHOWN: Final = 5

OutOption = Annotated[Path, typer.Option("--out", help="The folder of the run: evidence, results, later the report.")]


def run_survey(
    out_folder: OutOption,
    scope: Annotated[
        Path | None, typer.Option("--scope", help="The signed scope. With --resume: the one in the run's folder.")
    ] = None,
    level: Annotated[
        int, typer.Option("--level", min=0, max=4, help="Go no further than this, whatever the scope allows.")
    ] = 4,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a run stopped.")] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Look at this host, host:port or network alone. Repeatable.")
    ] = None,
    targets: Annotated[
        Path | None, typer.Option("--targets", help="As --only, from a file: a list, one a line, or another's scan.")
    ] = None,
    trust: Annotated[str, typer.Option("--trust", help="Fingerprint of the only signing key that counts.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Look at everything a signed scope allows, and record what a stranger would get.

    Ctrl-C, or a file `stop` in the folder, stops it within a second; --resume goes on.

    Exit code 0: nothing stands open. 1: an error, in words. 2: no such option.
    3: something stands open. 4: stopped before the end.
    5: nobody answered at all, so that the network may be down.
    """
    with faults_in_words():
        chosen = _chosen(only, targets)
    run(_run_survey(out_folder, scope, Level(level), resume, chosen, trust, as_json), advice=_go_on(out_folder))


def survey_self(
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="The folder of the run.", show_default="./self-DATE-TIME")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check this machine's own addresses: what would a stranger get here? Needs no scope.

    Level 2: it asks for something that does not exist, and moves no patient data. Exit codes as of `survey run`.
    """
    folder = out_folder or Path(f"self-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    run(_survey_self(folder, as_json), advice=_go_on(folder))


def _go_on(folder: Path) -> str:
    """What to do when a disk would not write."""
    resume = f"leadglass survey run --resume --out {shlex.quote(str(folder))}"
    return f"What was seen until then is recorded. Make room on that disk, then go on with: {resume}"


def _chosen(only: list[str] | None, targets: Path | None) -> tuple[str, ...] | None:
    if targets is None:
        return tuple(only) if only else None
    from leadglass.app.importing import targets_in

    named = targets_in(targets)
    if not named:
        raise UserFault(f"{targets} names nothing to look at", "Write a host, a network or host:port a line.")
    return (*(only or ()), *named)


async def _run_survey(
    folder: Path,
    scope: Path | None,
    level: Level,
    resume: bool,
    only: tuple[str, ...] | None,
    trust: str,
    as_json: bool,
) -> None:
    from leadglass.app.surveying import Order, Surveying  # only now: DuckDB takes a moment to load

    if scope is None and not resume:
        raise UserFault(
            "a survey needs a signed scope: --scope FILE",
            "Write one with `leadglass survey scope new`, sign it with `leadglass survey scope sign`. "
            "To check only this machine: `leadglass survey self`.",
        )
    if resume and only:
        raise UserFault("--only is part of the run that is resumed", "Leave it out.")
    if level < Level.PRESENCE:
        raise UserFault("at level 0 nothing is sent, so there is nothing to run", "Say --level 1 or more.")
    warrant, where = _warrant(folder, scope, trust)
    order = Order(folder=folder, warrant=warrant, scope=where, level=level, only=only, resume=resume)
    await _perform(Surveying(order), as_json)


def _warrant(folder: Path, scope: Path | None, trust: str) -> tuple[Warrant, Path | None]:
    """The one that counts, and where its scope lies. Without `scope`: that of the run in the folder."""
    from leadglass.app.beginning import begun_in
    from leadglass.app.surveying import opened_warrant, own_warrant

    if scope is None:
        if not begun_in(folder).scope_digest:
            return own_warrant(), None  # a survey of this machine
        scope = folder / "scope.toml"
    return opened_warrant(scope, trust), scope


async def _survey_self(folder: Path, as_json: bool) -> None:
    from leadglass.app.surveying import Order, Surveying, own_warrant

    order = Order(folder=folder, warrant=own_warrant(), level=Level.ACCESS)
    await _perform(Surveying(order), as_json)


async def _perform(surveying: Surveying, as_json: bool) -> None:
    """Run it, show how it goes, say what came of it, and end with the exit code."""
    if not as_json:
        for text, refusal in surveying.plan.refused[:_SHOWN]:
            typer.echo(f"not looked at: {text}: {refusal.reason}", err=True)
        if (more := len(surveying.plan.refused) - _SHOWN) > 0:
            typer.echo(f"not looked at: {more:,} more", err=True)
    if not len(surveying.plan):
        fail("nothing to look at: nothing was sent", _why_nothing(surveying))
    with shown(len(surveying.plan), as_json=as_json) as tell:
        report = await surveying.run(tell)
    if as_json:
        say_json(_as_values(report))
    else:
        _say(report)
    if not report.totals.is_finished or report.why_stopped:
        raise typer.Exit(STOPPED)
    raise typer.Exit(LEAKS if report.totals.open else DEAF if report.totals.is_deaf else 0)


def _why_nothing(surveying: Surveying) -> str:
    if surveying.plan.refused:
        return surveying.plan.refused[0][1].advice
    return "The scope grants no level above 0 for any address. `leadglass survey scope check` says what it allows."


def _say(report: Report) -> None:
    totals, folder = report.totals, pasted(report.folder)
    done = totals.before + totals.looked_at
    if report.why_stopped or not totals.is_finished:
        out.print(f"[bold yellow]Stopped:[/] {plain(report.why_stopped or report.fault)}.")
        out.print(f"{done:,} of {totals.targets:,} ports were looked at; all of them are recorded.")
        first = f"Remove {pasted(report.folder / 'stop')}, then go" if (report.folder / "stop").exists() else "Go"
        out.print(f"{first} on with: leadglass survey run --resume --out {folder}")
    else:
        out.print(f"{done:,} ports were looked at{_earlier(report)}.")
    if done:
        out.print(_found(totals))
    if totals.open:
        out.print(
            f"[bold red]{counted(totals.open, 'port')} at {counted(totals.open_addresses, 'address', 'addresses')} "
            "would give data to a stranger.[/]"
        )
    elif totals.is_deaf:
        out.print("[bold red]Nothing could be reached: is the network up, and are these the right addresses?[/]")
        out.print("A firewall that drops everything looks the same. So this says nothing about what stands open.")
    elif totals.is_finished:
        out.print("[bold green]None would give data to a stranger.[/]")
    if totals.faults:
        out.print(f"[bold yellow]{totals.faults:,} could not be judged:[/] {plain(report.fault)}. Please report that.")
    out.print(f"Which, how far and what to do: leadglass survey report {folder}")


def _found(totals: Totals) -> str:
    parts = f"{totals.answered:,} answered; {totals.refused:,} were closed, {totals.silent:,} silent"
    return f"{parts}, {totals.unreachable:,} unreachable." if totals.unreachable else f"{parts}."


def _earlier(report: Report) -> str:
    return f", {report.totals.before:,} of them earlier" if report.totals.before else ""


def _as_values(report: Report) -> dict[str, object]:
    totals = report.totals
    return {
        "folder": str(report.folder),
        "finished": totals.is_finished and not report.why_stopped,
        "why_stopped": report.why_stopped,
        "nothing_reached": totals.is_deaf,
        "fault": report.fault,
        "not_allowed": [{"target": text, "reason": refusal.reason} for text, refusal in report.refused],
        **totals.as_counts(),
    }

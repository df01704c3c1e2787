"""`leadglass survey run` and `leadglass survey self`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from leadglass.app.cli.speaking import JsonOption, fail, faults_in_words, out, plain, run, say_json
from leadglass.app.cli.survey.progress import shown
from leadglass.survey.level import Level
from leadglass.terms.errors import UserFault

if TYPE_CHECKING:
    from leadglass.app.surveying import Report, Surveying

__all__ = ["run_survey", "survey_self"]

LEAKS, STOPPED = 3, 4
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

    Exit code 0: nothing stands open. 3: something does. 4: stopped before the end. 1: an error, in words.
    Ctrl-C, or a file `stop` in the folder, stops it within a second; --resume goes on.
    """
    with faults_in_words():
        chosen = _chosen(only, targets)
    run(_run_survey(out_folder, scope, Level(level), resume, chosen, trust, as_json))


def survey_self(
    out_folder: Annotated[
        Path | None, typer.Option("--out", help="The folder of the run.", show_default="./self-DATE-TIME")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check this machine's own addresses: what would a stranger get here? Needs no scope.

    Level 2: it asks for something that does not exist, and moves no patient data. Exit codes as of `survey run`.
    """
    run(_survey_self(out_folder or Path(f"self-{datetime.now(UTC):%Y%m%d-%H%M%S}"), as_json))


def _chosen(only: list[str] | None, targets: Path | None) -> tuple[str, ...] | None:
    if targets is None:
        return tuple(only) if only else None
    from leadglass.app.importing import targets_in

    return (*(only or ()), *targets_in(targets))


async def _run_survey(
    folder: Path,
    scope: Path | None,
    level: Level,
    resume: bool,
    only: tuple[str, ...] | None,
    trust: str,
    as_json: bool,
) -> None:
    from leadglass.app.surveying import (
        Order,
        Surveying,
        check_run_in,
        opened_warrant,
    )  # only now: DuckDB takes a moment to load

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
    if resume:
        check_run_in(folder)
    where = scope or folder / "scope.toml"
    order = Order(
        folder=folder, warrant=opened_warrant(where, trust), scope=where, level=level, only=only, resume=resume
    )
    await _perform(Surveying(order), as_json)


async def _survey_self(folder: Path, as_json: bool) -> None:
    from leadglass.app.surveying import Order, Surveying, own_warrant

    order = Order(folder=folder, warrant=own_warrant(), level=Level.ACCESS)
    await _perform(Surveying(order), as_json)


async def _perform(surveying: Surveying, as_json: bool) -> None:
    """Run it, show how it goes, say what came of it, and end with the exit code."""
    for text, refusal in surveying.plan.refused[:_SHOWN]:
        typer.echo(f"not looked at: {text}: {refusal.reason}", err=True)
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
    raise typer.Exit(LEAKS if report.totals.open else 0)


def _why_nothing(surveying: Surveying) -> str:
    if surveying.plan.refused:
        return surveying.plan.refused[0][1].advice
    return "The scope grants no level above 0 for any address. `leadglass survey scope check` says what it allows."


def _say(report: Report) -> None:
    totals, folder = report.totals, plain(str(report.folder))
    done = totals.before + totals.looked_at
    if report.why_stopped or not totals.is_finished:
        out.print(f"[bold yellow]Stopped:[/] {plain(report.why_stopped or report.fault)}.")
        out.print(f"{done:,} of {totals.targets:,} ports were looked at; all of them are recorded.")
        out.print(f"Go on with: leadglass survey run --resume --out {folder}")
    else:
        out.print(f"{done:,} ports were looked at{_earlier(report)}.")
    if totals.looked_at:
        out.print(f"{totals.answered:,} answered; {totals.refused:,} were closed, {totals.silent:,} silent.")
    if totals.open:
        out.print(f"[bold red]{totals.open:,} would give data to a stranger.[/]")
    elif totals.is_finished:
        out.print("[bold green]None would give data to a stranger.[/]")
    if totals.faults:
        out.print(f"[bold yellow]{totals.faults:,} could not be judged:[/] {plain(report.fault)}. Please report that.")
    out.print(f"Which, how far and what to do: leadglass survey report {folder}")


def _earlier(report: Report) -> str:
    return f", {report.totals.before:,} of them earlier" if report.totals.before else ""


def _as_values(report: Report) -> dict[str, object]:
    totals = report.totals
    return {
        "folder": str(report.folder),
        "finished": totals.is_finished and not report.why_stopped,
        "why_stopped": report.why_stopped,
        "fault": report.fault,
        "not_allowed": [{"target": text, "reason": refusal.reason} for text, refusal in report.refused],
        **totals.as_counts(),
    }

"""`leadglass survey verify`: whether a run's evidence is what was written, and leads to the same verdicts again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import typer

from leadglass.app.cli.speaking import JsonOption, fail, out, plain, say_json
from leadglass.terms.errors import LeadglassError, UserFault

__all__ = ["verify"]

_SHOWN: Final = 20


def verify(
    run: Annotated[Path, typer.Argument(help="The folder of a run.")],
    replay: Annotated[
        bool, typer.Option("--replay", help="Also play every transcript through its probe again, without a network.")
    ] = False,
    head: Annotated[str, typer.Option("--head", help="The hash of the last entry, as you noted it elsewhere.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Check that nothing in a run's evidence was changed, added or removed, and that its tables say the same."""
    from leadglass.survey.records import Run  # only now: DuckDB takes a moment to load

    try:
        opened = Run.open(run)
        found = opened.verify()
        differences = list(islice(opened.replay(), 1000)) if replay and found.is_intact else []
    except UserFault as fault:
        fail(str(fault), fault.advice)
    except LeadglassError as fault:
        fail(str(fault), "The evidence was changed.")
    problems = list(found.problems)
    if head and head != found.head:
        problems.append("the last entry is not the one you noted")
    if as_json:
        say_json(
            {
                "intact": not problems and not differences,
                "entries": found.entries,
                "seen": found.systems_seen,
                "closed": found.is_closed,
                "unfinished_bytes": found.unfinished,
                "tables_remade": list(opened.remade),
                "tables_missing": list(found.without_tables),
                "head": found.head,
                "problems": problems,
                "differences": [{"number": d.number, "what": d.what} for d in differences],
            }
        )
    else:
        _say(problems + [f"observation {d.number}, played again: {d.what}" for d in differences])
        if not problems and not differences:
            again = " Every transcript leads to the same verdict again." if replay else ""
            out.print(f"The evidence is intact: {found.entries:,} entries.{again}")
            out.print(f"Last entry: {found.head}")
        _say_of_tables(opened.remade, "were missing, and were made anew from the evidence")
        _say_of_tables(found.without_tables, "are missing; nothing but your own SQL needs them")
        if not found.is_closed:
            out.print("The run was not closed: it goes on, or was ended by a crash. `survey run --resume` goes on.")
    if problems or differences:
        raise typer.Exit(1)


def _say_of_tables(shards: Sequence[int], what: str) -> None:
    if shards:
        out.print(f"Tables of shard {', '.join(map(str, shards[:_SHOWN]))} {what}.")


def _say(problems: list[str]) -> None:
    for problem in problems[:_SHOWN]:
        out.print(f"[bold red]broken:[/] {plain(problem)}")
    if len(problems) > _SHOWN:
        out.print(f"… and {len(problems) - _SHOWN} more.")

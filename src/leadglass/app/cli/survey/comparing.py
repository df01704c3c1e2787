"""`leadglass survey compare`: two runs side by side."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from leadglass.app.cli.speaking import JsonOption, faults_in_words, out, plain, say_json, show_table
from leadglass.survey.comparing import Change, Comparison

__all__ = ["compare"]


class By(StrEnum):
    """What is compared."""

    COUNTRY = "country"
    STATE = "state"
    ORGANISATION = "organisation"


def compare(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="The folder of the run before.", show_default=False)],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="The folder of the run after it.", show_default=False)],
    by: Annotated[By, typer.Option("--by", help="Regions or owners.")] = By.COUNTRY,
    as_json: JsonOption = False,
) -> None:
    """Say what closed, what came, and which regions are good, bad or ugly."""
    from leadglass.app.reporting import compare_runs  # only now: DuckDB takes a moment to load

    with faults_in_words():
        found = compare_runs(old, new, by.value)
    if as_json:
        say_json(msgspec.to_builtins(found))
        return
    rows = [_row(change) for change in found.regions if change.before.systems or change.after.systems]
    columns = {"name": by.value, "before": "open then", "after": "open now", "records": "records", "class": "class"}
    show_table(rows, columns, empty="Nothing was open in either run.")
    _say(found)


def _row(change: Change) -> dict[str, Any]:
    region = change.region
    parts = [part for part in (region.organisation, region.state, region.country) if part]
    return {
        "name": ", ".join(parts) or "not known",
        "before": change.before.systems,
        "after": change.after.systems,
        "records": f"{change.before.records:,} → {change.after.records:,}",
        "class": change.judgement.value,
    }


def _say(found: Comparison) -> None:
    world = found.world
    out.print(
        f"{world.before.systems:,} systems were open, {world.after.systems:,} are: "
        f"{len(found.gone):,} went, {len(found.new):,} came, {len(found.moved):,} of them moved to a new address."
    )
    out.print(f"Records: {world.before.records:,} then, {world.after.records:,} now.")
    if found.dark:
        names = ", ".join(region.country or "not known" for region in found.dark)
        out.print(f"{len(found.dark)} countries have no open system any more: {plain(names)}.")

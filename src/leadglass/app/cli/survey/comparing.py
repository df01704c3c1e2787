"""`leadglass survey compare`: two runs side by side."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from leadglass.app.cli.speaking import JsonOption, faults_in_words, out, plain, say_json, show_table
from leadglass.survey.comparing import Change, Comparison, FourCounts

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
        found, note = compare_runs(old, new, by.value)
    if as_json:
        say_json(_known(msgspec.to_builtins(found)) | {"note": note})
        return
    if note:
        out.print(plain(note))
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
        "records": f"{_records(change.before)} → {_records(change.after)}",
        "class": change.judgement.value,
    }


def _records(four: FourCounts) -> str:
    if not four.has_records_counted:
        return "not counted"
    return f"at least {four.records:,}" if four.uncounted or four.bounded else f"{four.records:,}"


def _known(found: dict[str, Any]) -> dict[str, Any]:
    """With null for what was not counted."""
    for change in (found["world"], *found["regions"]):
        for four in (change["before"], change["after"]):
            if four["systems"] and four["uncounted"] == four["systems"]:
                four["records"] = None
            if four["systems"] and four["images_uncounted"] == four["systems"]:
                four["images_linked"] = four["images_accessible"] = None
            if four["others"] and four["others_uncounted"] == four["others"]:
                four["other_records"] = None
    return found


def _say(found: Comparison) -> None:
    world = found.world
    out.print(
        f"{world.before.systems:,} systems were open, {world.after.systems:,} are: "
        f"{len(found.gone):,} went, {len(found.new):,} came, {len(found.moved):,} of them moved to a new address."
    )
    out.print(f"Records: {_records(world.before)} then, {_records(world.after)} now.")
    if found.dark:
        names = ", ".join(region.country or "not known" for region in found.dark)
        out.print(f"{len(found.dark)} countries have no open system any more: {plain(names)}.")

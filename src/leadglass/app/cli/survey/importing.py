"""`leadglass survey import`: what others have seen, as a run of level 0."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leadglass.app.cli.speaking import JsonOption, counted, faults_in_words, out, pasted, plain, say_json

__all__ = ["import_scans"]


def import_scans(
    scans: Annotated[
        list[Path],
        typer.Argument(metavar="SCAN…", help="Nmap XML; masscan, Shodan or Censys JSON; Shadowserver CSV; .gz"),
    ],
    scope: Annotated[Path, typer.Option("--scope", help="The signed scope. What lies outside is left out.")],
    out_folder: Annotated[Path, typer.Option("--out", help="The folder of the run.")],
    trust: Annotated[str, typer.Option("--trust", help="Fingerprint of the only signing key that counts.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Take in scans that others made. Nothing is sent; each port keeps the time it was seen at.

    The result is a run like any other: report it, or compare it with one of your own.
    """
    with faults_in_words():
        from leadglass.app.importing import take_scans  # only now: DuckDB takes a moment to load
        from leadglass.app.surveying import opened_warrant

        taken = take_scans(scans, scope, opened_warrant(scope, trust), out_folder)
    if as_json:
        say_json({"taken": taken.taken, "addresses": taken.addresses, "outside": taken.outside})
        return
    ports, hosts = counted(taken.taken, "open port"), counted(taken.addresses, "address", "addresses")
    out.print(f"Taken in: {ports} at {hosts}. Nothing was sent.")
    if taken.first_refusal is not None:
        out.print(f"Left out: {counted(taken.outside, 'open port')}, like: {plain(taken.first_refusal.reason)}.")
    out.print(f"What they mean: leadglass survey report {pasted(out_folder)}")

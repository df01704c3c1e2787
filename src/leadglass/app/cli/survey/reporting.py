"""`leadglass survey report`: a run for people and for programs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from leadglass.app.cli.speaking import faults_in_words, out, plain
from leadglass.terms.errors import UserFault

__all__ = ["report"]


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.", show_default=False)],
    against: Annotated[Path | None, typer.Option("--against", help="The folder of a run before, to compare.")] = None,
    formats: Annotated[
        str,
        typer.Option(
            "--format", help="One or more of html, pdf, csv, json, sarif, csaf, ocsf, stix, shadowserver, with commas."
        ),
    ] = "html",
    folder: Annotated[Path | None, typer.Option("--out", help="Where to.", show_default="RUN/report")] = None,
    min_cell: Annotated[
        int,
        typer.Option("--min-cell", min=0, max=1000, help="Withhold counts from 1 to below this, and lists of systems."),
    ] = 0,
    public: Annotated[bool, typer.Option("--public", help="No addresses and no names of owners.")] = False,
    redact_addresses: Annotated[
        bool, typer.Option("--redact-addresses", help="No addresses; owners are named.")
    ] = False,
    cases: Annotated[Path | None, typer.Option("--cases", help="The folder cases lie in, to list them.")] = None,
    geometry: Annotated[
        Path | None, typer.Option("--geometry", help="GeoJSON of countries, in place of the map that is shipped.")
    ] = None,
    states: Annotated[
        Path | None, typer.Option("--state-geometry", help="GeoJSON of states, for a map of them.")
    ] = None,
    language: Annotated[
        str, typer.Option("--language", help="Of html and pdf: en or de. Files for programs are in English.")
    ] = "en",
) -> None:
    """Write the report of a run."""
    from leadglass.app.reporting import model_of  # only now: DuckDB takes a moment to load
    from leadglass.report.exchange import FORMATS
    from leadglass.report.geography import read_geojson
    from leadglass.report.language import LANGUAGES
    from leadglass.report.model import Shown
    from leadglass.report.writing import ALL_FORMATS, write, written

    with faults_in_words():
        if language not in LANGUAGES:
            raise UserFault(f"there is no report in {language!r}", f"Choose from {', '.join(LANGUAGES)}.")
        for option, path in (("--cases", cases), ("--geometry", geometry), ("--state-geometry", states)):
            if path is not None and not path.exists():
                raise UserFault(
                    f"{option} names {path}, which does not exist", "Mend the path, or leave the option out."
                )
        if cases is not None and not cases.is_dir():
            raise UserFault(f"--cases names {cases}, which is no folder", "Name the folder that holds cases.jsonl.")
        wanted = [name.strip() for name in formats.split(",") if name.strip()]
        if not wanted:
            raise UserFault("--format names no format", f"Choose from {', '.join(ALL_FORMATS)}.")
        shown = Shown(
            min_cell=min_cell,
            hides_addresses=public or redact_addresses,
            hides_organisations=public,
            language=language,
        )
        model = model_of(run, against=against, cases=cases, shown=shown)
        files = dict(
            written(
                model,
                [name for name in wanted if name not in FORMATS],
                geometry=read_geojson(geometry) if geometry else None,
                states=read_geojson(states) if states else None,
            )
        )
        if for_programs := [name for name in wanted if name in FORMATS]:
            english = replace(shown, language=LANGUAGES[0])
            told = model if english == shown else model_of(run, against=against, cases=cases, shown=english)
            files |= written(told, for_programs)
        paths = write(files, folder or run / "report")
    for sentence in model.sentences:
        out.print(plain(sentence))
    for path in paths:
        out.print(f"[bold]{plain(str(path))}[/]  {path.stat().st_size / 1000:,.0f} kB")

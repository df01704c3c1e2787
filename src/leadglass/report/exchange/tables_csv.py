"""CSV (RFC 4180, UTF-8): countries in the columns that published studies are collected in, states, organisations, and
open systems. A cell that was withheld says so; one that was not measured is empty.

A text that a spreadsheet would take for a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from leadglass.report.model import NOT_MEASURED, Four, RegionRow, ReportModel, RunFacts

__all__ = ["COUNTRY_COLUMNS", "comma_separated", "tables_csv"]

COUNTRY_COLUMNS: Final = (
    "report",
    "iso2",
    "country",
    "systems_open",
    "records",
    "images_linked",
    "images_accessible",
    "http_viewer_or_open_dir",
    "class",
    "precision",
    "source",
    "note",
)
_VOLUMES: Final = frozenset({"records", "images_linked", "images_accessible"})  # of those in the tables
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def tables_csv(model: ReportModel) -> Mapping[str, bytes]:
    """One file a table; no file for a table that is not there."""
    files = {"countries.csv": comma_separated(COUNTRY_COLUMNS, _countries(model))}
    heads = ("country", "name", "seen", *COUNTRY_COLUMNS[3:8], "grade", "precision")
    for name, rows in (("states", model.states), ("organisations", model.organisations)):
        if rows:
            files[f"{name}.csv"] = comma_separated(heads, (_region(row, model.run) for row in rows))
    if model.leaks:
        files["systems.csv"] = comma_separated(_SYSTEM_COLUMNS, _systems(model))
    return files


def comma_separated(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """The table."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(heads)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _harmless(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _countries(model: ReportModel) -> Iterable[Sequence[object]]:
    report = f"{model.run.started:%Y-%m}"
    whole = model.trend.world.judgement if model.trend else ""
    four = model.headline.four
    countries = f"WORLD ({sum(not row.is_gone for row in model.countries)} countries)"
    said = "" if model.run.finished else model.sentences[0]
    yield (report, "ZZ", countries, *_counts(four), whole, _precision(four, model.run), "leadglass", said)
    for row in model.countries:
        figures = (*_counts(row.four), row.judgement, _precision(row.four, model.run))
        yield (report, row.code, row.name, *figures, "leadglass", _note(row))


def _note(row: RegionRow) -> str:
    if row.is_gone:
        return "nothing is found any more"
    return f"{row.archives} imaging systems seen" + (f"; grade {row.grade}" if row.grade else "")


def _counts(four: Four) -> tuple[object, ...]:
    return four.systems, four.records, four.images_linked, four.images_accessible, four.viewers


def _precision(four: Four, run: RunFacts) -> str:
    """What the figures of a row are: a run that did not come to its end has seen at least these."""
    if any(isinstance(value, str) and value != NOT_MEASURED for value in _counts(four)):
        return "withheld"
    if _VOLUMES.intersection(four.at_least) or run.finished is None:
        return "at least"
    return "records not counted" if four.records == NOT_MEASURED else "exact"


def _region(row: RegionRow, run: RunFacts) -> Sequence[object]:
    return (row.code, row.name, row.archives, *_counts(row.four), row.grade, _precision(row.four, run))


_SYSTEM_COLUMNS: Final = (
    "number",
    "address",
    "ports",
    "organisation",
    "country",
    "state",
    "software",
    "is_archive",
    "records",
    "images_linked",
    "images_accessible",
    "is_at_least",
    "rung",
    "grade",
    "reality",
    "kinds",
    "seen_at",
)


def _systems(model: ReportModel) -> Iterable[Sequence[object]]:
    for leak in model.leaks:
        values = {name: getattr(leak, name) for name in _SYSTEM_COLUMNS}
        values["ports"] = " ".join(map(str, leak.ports))
        values["kinds"] = " ".join(kind.replace(" ", "-") for kind in leak.kinds)
        values["is_archive"], values["is_at_least"] = int(leak.is_archive), int(leak.is_at_least)
        values["seen_at"] = leak.seen_at.isoformat()
        yield list(values.values())

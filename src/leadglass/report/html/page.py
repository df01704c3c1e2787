"""The model, and what is drawn from it, put into the templates. Every value is escaped: names are hostile input."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from minijinja import Environment, safe

from leadglass.report.charts import bar, slopes
from leadglass.report.geography import Geometry, world
from leadglass.report.maps import drawn_map
from leadglass.report.model import Figure, RegionRow, ReportModel, Slice
from leadglass.report.words import bound, compact, counted, day, figure, moment, share

__all__ = ["html_of"]

_HERE: Final = Path(__file__).parent / "templates"
_FONT: Final = Path(__file__).parents[1] / "fonts" / "inter.woff2"
ROWS_SHOWN: Final = 500
"""Rows of the tables of open systems and of organisations: more belong into a file for programs."""


def html_of(model: ReportModel, *, geometry: Geometry | None = None, states: Geometry | None = None) -> str:
    """The page. `geometry` replaces the world that is shipped; `states` brings a map of states."""
    style, script = _style(), _script()
    drawn, legend = drawn_map(geometry or world(), {row.code: row for row in model.countries}, _map_title(model))
    state_map, state_legend = _state_map(model, states)
    return _environment().render_template(
        "report.html",
        m=model,
        style=safe(style),
        script=safe(script),
        policy=_policy(style, script),
        map=safe(drawn),
        legend=legend,
        state_map=safe(state_map) if state_map else "",
        state_legend=state_legend,
        slopes=safe(_slopes(model)),
        ladder_max=_largest(model.ladder),
        tls_max=_largest(model.tls),
        confidence_max=_largest(model.confidence),
        kinds_max=_largest(model.kinds),
        certificates_max=_largest(model.certificates),
        records_max=_most_records(model.countries),
        leaks=model.leaks[:ROWS_SHOWN],
        organisations=model.organisations[:ROWS_SHOWN],
        measured=model.headline.four.records != "",
        level=int(model.run.level),
        level_words=model.run.level.words,
    )


@cache
def _environment() -> Environment:
    sources = {path.name: path.read_text("utf-8") for path in _HERE.glob("*.html")}
    environment = Environment(
        loader=sources.get,
        auto_escape_callback=lambda _: "html",
        undefined_behavior="strict",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name, words in (("figure", figure), ("compact", compact), ("day", day), ("moment", moment)):
        environment.add_filter(name, words)
    environment.add_filter("sorting", _sorting)
    for name, asked in (("bound", bound), ("counted", counted), ("share", share)):
        environment.add_global(name, asked)
    environment.add_global("bar", lambda value, largest, tone="": safe(bar(value, largest, tone)))
    return environment


def _sorting(value: Figure) -> int:
    """Withheld ones sort below everything."""
    return value if isinstance(value, int) else -1


@cache
def _style() -> str:
    font = base64.b64encode(_FONT.read_bytes()).decode()
    face = (
        '@font-face{font-family:"Inter";font-weight:400 700;font-display:swap;'
        f'src:url("data:font/woff2;base64,{font}") format("woff2")}}\n'
    )
    return face + (_HERE / "report.css").read_text("utf-8")


@cache
def _script() -> str:
    return (_HERE / "report.js").read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """Only this very style and script; no network, no frames, no forms."""
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _map_title(model: ReportModel) -> str:
    measure = "records" if model.headline.four.records != "" else "open systems"
    return f"World map: exposed {measure} by country. The same figures stand in the table of countries."


def _state_map(model: ReportModel, states: Geometry | None) -> tuple[str, object]:
    if states is None or not model.states:
        return "", ()
    rows: dict[str, RegionRow] = {row.name: row for row in model.states}
    return drawn_map(states, rows, "Map of states. The same figures stand in the table of states.")


def _slopes(model: ReportModel) -> str:
    if model.trend is None:
        return ""
    return slopes(model.trend.rows, day(model.trend.started), day(model.run.started))


def _largest(slices: tuple[Slice, ...]) -> int:
    return max((part.systems for part in slices if isinstance(part.systems, int)), default=0)


def _most_records(rows: tuple[RegionRow, ...]) -> int:
    return max((row.four.records for row in rows if isinstance(row.four.records, int)), default=0)

"""The model, and what is drawn from it, put into the templates. Every value is escaped: names are hostile input."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from minijinja import Environment, safe

from leadglass.report.charts import bar, slopes
from leadglass.report.details import software_name
from leadglass.report.geography import Geometry, world
from leadglass.report.language import Language, language
from leadglass.report.maps import drawn_map
from leadglass.report.model import NOT_MEASURED, Figure, RegionRow, ReportModel, Slice

__all__ = ["html_of"]

_HERE: Final = Path(__file__).parent / "templates"
_FONT: Final = Path(__file__).parents[1] / "fonts" / "inter.woff2"
ROWS_SHOWN: Final = 500
"""Rows of the tables of open systems and of organisations: more belong into a file for programs."""


def html_of(model: ReportModel, *, geometry: Geometry | None = None, states: Geometry | None = None) -> str:
    """The page. `geometry` replaces the world that is shipped; `states` brings a map of states."""
    style, script, say = _style(), _script(), language(model.shown.language)
    rows = {row.code: row for row in model.countries}
    drawn, legend = drawn_map(geometry or world(), rows, _map_title(model, say), say)
    state_map, state_legend = _state_map(model, states, say)
    return _environment(say.code).render_template(
        "report.html",
        m=model,
        style=safe(style),
        script=safe(script),
        policy=_policy(style, script),
        map=safe(drawn),
        legend=legend,
        state_map=safe(state_map) if state_map else "",
        state_legend=state_legend,
        slopes=safe(_slopes(model, say)),
        ladder_max=_largest(model.ladder),
        tls_max=_largest(model.tls),
        confidence_max=_largest(model.confidence),
        kinds_max=_largest(model.kinds),
        certificates_max=_largest(model.certificates),
        records_max=_most_records(model.countries),
        leaks=model.leaks[:ROWS_SHOWN],
        organisations=model.organisations[:ROWS_SHOWN],
        measured=model.headline.four.records != NOT_MEASURED,
        level=int(model.run.level),
    )


@cache
def _environment(code: str) -> Environment:
    """The templates, speaking one language: `t` says a word of it."""
    say = language(code)
    sources = {path.name: path.read_text("utf-8") for path in _HERE.glob("*.html")}
    environment = Environment(
        loader=sources.get,
        auto_escape_callback=lambda _: "html",
        undefined_behavior="strict",
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name, words in (("figure", say.figure), ("compact", say.compact), ("day", say.day), ("moment", say.moment)):
        environment.add_filter(name, words)
    environment.add_filter("decimal", say.decimal)
    environment.add_filter("sorting", _sorting)
    environment.add_global("t", say)
    environment.add_global("word", say.named)
    for name, asked in (("bound", say.bound), ("share", say.share), ("systems", say.systems)):
        environment.add_global(name, asked)
    environment.add_global("software_name", lambda one: software_name(one, say))
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


def _map_title(model: ReportModel, say: Language) -> str:
    return say("map.world_records" if model.headline.four.records != NOT_MEASURED else "map.world_systems")


def _state_map(model: ReportModel, states: Geometry | None, say: Language) -> tuple[str, object]:
    if states is None or not model.states:
        return "", ()
    rows: dict[str, RegionRow] = {row.name: row for row in model.states}
    return drawn_map(states, rows, say("map.states"), say)


def _slopes(model: ReportModel, say: Language) -> str:
    if model.trend is None:
        return ""
    return slopes(model.trend.rows, say.day(model.trend.started), say.day(model.run.started), say)


def _largest(slices: tuple[Slice, ...]) -> int:
    return max((part.systems for part in slices if isinstance(part.systems, int)), default=0)


def _most_records(rows: tuple[RegionRow, ...]) -> int:
    return max((row.four.records for row in rows if isinstance(row.four.records, int)), default=0)

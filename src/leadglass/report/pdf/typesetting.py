"""The model, as data for the typst document. Texts go in as values, never as markup."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import Any, Final

import msgspec
import typst

from leadglass.report.charts import slopes
from leadglass.report.geography import Geometry, world
from leadglass.report.maps import drawn_map
from leadglass.report.model import CaseRow, Four, Leak, RegionRow, ReportModel, RuleRow, Slice, SoftwareCluster
from leadglass.report.words import bound, compact, counted, day, figure, moment, share

__all__ = ["pdf_of"]

_DOCUMENT: Final = Path(__file__).parent / "report.typ"
_FONTS: Final = Path(__file__).parents[1] / "fonts"
_ROWS: Final = 100  # of the tables of open systems and of organisations: paper is for reading
_FLAWS: Final = 6  # of one product
_MAP_COLOURS: Final = {
    "mx": "#e3e9eb",
    "m0": "#b9dcc7",
    "m1": "#f6d9b8",
    "m2": "#f0b184",
    "m3": "#dd7c5b",
    "m4": "#b94439",
    "m5": "#7c1d27",
    "mn": "#cbbcdb",
    "mw": "#8fa1aa",
}
_STYLE: Final = (
    "<style>path,circle{stroke:#ffffff;stroke-width:1}"
    + "".join(f".{name}{{fill:{colour}}}" for name, colour in _MAP_COLOURS.items())
    + "</style>"
)
_SLOPE_STYLE: Final = (
    "<style>text{font-family:Inter;font-size:12px;fill:#47606b}line{stroke:#8fa1aa;stroke-width:2}circle{fill:#8fa1aa}"
    ".ugly line{stroke:#c14a43}.ugly circle{fill:#c14a43}.good line{stroke:#3a9a69}.good circle{fill:#3a9a69}"
    ".new line{stroke:#3b8ea3}.new circle{fill:#3b8ea3}</style>"
)


def pdf_of(model: ReportModel, *, geometry: Geometry | None = None) -> bytes:
    """The document, tagged, with title and language; the same model gives the same bytes."""
    return bytes(
        typst.compile(
            str(_DOCUMENT),
            font_paths=[str(_FONTS)],
            ignore_system_fonts=False,
            sys_inputs={"data": msgspec.json.encode(_data(model, geometry or world())).decode()},
            pdf_standards=["ua-1"],
            timestamp=int(model.made_at.timestamp()),
        )
    )


def _data(model: ReportModel, geometry: Geometry) -> dict[str, Any]:
    drawn, legend = drawn_map(geometry, {row.code: row for row in model.countries}, "")
    measured = model.headline.four.records != ""
    return {
        "title": model.title,
        "language": model.shown.language,
        "made": moment(model.made_at),
        "date": model.made_at.astimezone(UTC).timetuple()[:3],
        "version": model.run.product_version,
        "authority": model.run.scope.authority,
        "run": model.run.id,
        "started": day(model.run.started),
        "measured": measured,
        "sentences": model.sentences,
        "tiles": _tiles(model, measured),
        "map": _standalone(drawn, _STYLE),
        "legend": [{"words": one.words, "colour": _MAP_COLOURS[one.css]} for one in legend],
        "countries": [_region(row) for row in model.countries],
        "total": [figure(model.headline.archives), *_four(model.headline.four)],
        "states": [_region(row) for row in model.states],
        "organisations": [_region(row) for row in model.organisations[:_ROWS]],
        "organisations_all": len(model.organisations),
        "ladder": _slices(model.ladder),
        "tls": _slices(model.tls),
        "certificates": _slices(model.certificates),
        "confidence": _slices(model.confidence),
        "kinds": _slices(model.kinds),
        "trend": _trend(model),
        "rules": [_rule(row) for row in model.rules],
        "software": [_software(one) for one in model.software],
        "leaks": [_leak(one) for one in model.leaks[:_ROWS]],
        "leaks_all": len(model.leaks),
        "cases": [_case(one) for one in model.cases],
        "method": model.method,
        "limits": model.limits,
        "scope": _scope(model),
        "credits": [f"{c.what}: {c.text}{f' ({c.date})' if c.date else ''}" for c in model.credits],
    }


def _rule(row: RuleRow) -> dict[str, Any]:
    return {
        "title": row.title,
        "severity": row.severity,
        "systems": counted(row.systems, "system"),
        "advice": row.advice,
        "settings": row.settings,
        "cves": ", ".join(row.cves),
    }


def _standalone(svg: str, style: str) -> str:
    """An SVG that is a file of its own."""
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">", f">{style}", 1)


def _tiles(model: ReportModel, measured: bool) -> list[list[str]]:
    head, four = model.headline, model.headline.four
    part = share(four.systems, head.archives)
    tiles = [
        [compact(four.systems), "open imaging systems", f"of {figure(head.archives)} seen" + (part and f", {part}")]
    ]
    if measured:
        tiles += [
            [bound(four, "records") + compact(four.records), "study records", "anyone can list"],
            [bound(four, "images_linked") + compact(four.images_linked), "images linked", "the records speak of"],
            [
                bound(four, "images_accessible") + compact(four.images_accessible),
                "images accessible",
                "anyone can fetch",
            ],
        ]
    tiles += [[figure(head.countries_open), "countries", "with an open system"]]
    return [*tiles, [figure(four.viewers), "open viewers", "images in any browser"]]


def _four(four: Four) -> list[str]:
    names = ("systems", "records", "images_linked", "images_accessible", "viewers")
    return [bound(four, name) + figure(getattr(four, name)) for name in names]


def _region(row: RegionRow) -> dict[str, Any]:
    return {
        "name": row.name,
        "country": row.country,
        "cells": [figure(row.archives), *_four(row.four)],
        "grade": row.grade or "–",
        "class": row.judgement,
    }


def _slices(slices: tuple[Slice, ...]) -> list[dict[str, Any]]:
    largest = max((part.systems for part in slices if isinstance(part.systems, int)), default=0)
    return [
        {
            "name": part.name,
            "value": figure(part.systems),
            "part": part.systems / largest if isinstance(part.systems, int) and largest else 0,
            "why": part.meaning,
            "tone": part.tone,
        }
        for part in slices
    ]


def _trend(model: ReportModel) -> dict[str, Any] | None:
    trend = model.trend
    if trend is None:
        return None
    drawn = slopes(trend.rows, day(trend.started), day(model.run.started))
    by_class = {
        word: [row.name for row in trend.rows if row.judgement == word] for word in ("ugly", "bad", "new", "good")
    }
    before, after = trend.world.before, trend.world.after
    return {
        "since": day(trend.started),
        "facts": [
            ["open systems then", figure(before.systems)],
            ["went", figure(trend.gone)],
            ["came", figure(trend.new)],
            ["open systems now", figure(after.systems)],
            ["records then", bound(before, "records") + compact(before.records)],
            ["records now", bound(after, "records") + compact(after.records)],
            ["moved to a new address", figure(trend.moved)],
            ["countries gone dark", str(len(trend.dark))],
        ],
        "slopes": _standalone(drawn, _SLOPE_STYLE) if drawn else "",
        "alt": "Records by country, then and now; the figures stand in the table of countries of both reports.",
        "classes": [[word, ", ".join(names)] for word, names in by_class.items() if names],
    }


def _software(one: SoftwareCluster) -> dict[str, Any]:
    flaws = [f"{c.id}{f' ({c.cvss})' if c.cvss is not None else ''}" for c in one.cves[:_FLAWS]]
    if len(one.cves) > _FLAWS:
        flaws.append(f"and {len(one.cves) - _FLAWS} more")
    return {
        "name": one.name + (", no longer maintained" if one.is_end_of_life else ""),
        "systems": figure(one.systems),
        "open": figure(one.open_systems),
        "flaws": ", ".join(flaws) or ("none known" if one.product or one.toolkit else "cannot be told"),
    }


def _leak(one: Leak) -> list[str]:
    where = f"{one.country_name}, {one.state}" if one.state else one.country_name
    least = "≥ " if one.is_at_least else ""
    return [
        one.address or f"System {one.number}",
        one.organisation,
        where,
        one.software,
        f"{least}{figure(one.records)}",
        one.rung,
        one.grade,
    ]


def _case(one: CaseRow) -> list[str]:
    whose = " · ".join(text for text in (one.organisation, one.address) if text)
    clock = one.due or (f"closed {day(one.closed)}" if one.closed else "–")
    return [one.id, whose, one.state, day(one.opened), one.last_step, clock]


def _looked_at(model: ReportModel) -> str:
    part = "" if model.run.finished else f" of {figure(model.run.targets)}"
    return f"{figure(model.headline.looked_at)}{part} addresses and ports"


def _scope(model: ReportModel) -> list[list[str]]:
    run, scope = model.run, model.run.scope
    rows = [
        ["Authority", scope.authority],
        ["Responsible", scope.responsible],
        ["Contact", scope.contact],
        ["Reference", scope.reference],
        ["Permission", f"{day(scope.valid_from)} to {day(scope.valid_until)}" if scope.valid_until else ""],
        ["Level", f"{int(run.level)}: {run.level.words}"],
        ["Run", run.id],
        ["Started", moment(run.started)],
        ["Finished", moment(run.finished)],
        ["Looked at", _looked_at(model)],
        ["Reached", counted(model.headline.reached, "system")],
        ["Signed scope, SHA-256", scope.digest],
    ]
    return [row for row in rows if row[1]]

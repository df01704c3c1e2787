"""The model, as data for the typst document. Texts go in as values, never as markup."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import msgspec
import typst

from leadglass.report.charts import slopes, slopes_in_words
from leadglass.report.details import software_name
from leadglass.report.geography import Geometry, world
from leadglass.report.language import Language, language
from leadglass.report.maps import drawn_map
from leadglass.report.model import (
    NOT_MEASURED,
    CaseRow,
    Four,
    Leak,
    RegionRow,
    ReportModel,
    RuleRow,
    Slice,
    SoftwareCluster,
    TrendRow,
)

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
    say = language(model.shown.language)
    rows = {row.code: row for row in model.countries}
    measured = model.headline.four.records != NOT_MEASURED
    map_title = say("map.world_records" if measured else "map.world_systems")
    drawn, legend = drawn_map(geometry, rows, map_title, say)
    return {
        "t": say.table.words,
        "title": model.title,
        "language": say.code,
        "made": say("page.made", version=model.run.product_version, moment=say.moment(model.made_at)),
        "date": model.made_at.astimezone(UTC).timetuple()[:3],
        "for": say("page.for", authority=model.run.scope.authority) if model.run.scope.authority else "",
        "started": say.day(model.run.started),
        "measured": measured,
        "sentences": model.sentences,
        "tiles": _tiles(model, measured, say),
        "map": _standalone(drawn, _STYLE),
        "map_title": map_title,
        "map_about": f"{say('map.by_records' if measured else 'map.by_systems')} {say('map.dots')}",
        "legend": [{"words": one.words, "colour": _MAP_COLOURS[one.css]} for one in legend],
        "countries": [_region(row, say) for row in model.countries],
        "total": [say.figure(model.headline.archives), *_four(model.headline.four, say)],
        "states": [_region(row, say) for row in model.states],
        "organisations": [_region(row, say) for row in model.organisations[:_ROWS]],
        "organisations_first": _first(model.organisations, say),
        "ladder": _slices(model.ladder, say),
        "tls": _slices(model.tls, say),
        "certificates": _slices(model.certificates, say),
        "confidence": _slices(model.confidence, say),
        "kinds": _slices(model.kinds, say),
        "trend": _trend(model, measured, say),
        "rules": [_rule(row, say) for row in model.rules],
        "software": [_software(one, say) for one in model.software],
        "leaks": [_leak(one, say) for one in model.leaks[:_ROWS]],
        "leaks_first": _first(model.leaks, say),
        "cases": [_case(one, say) for one in model.cases],
        "method": model.method,
        "limits": model.limits,
        "scope": _scope(model, say),
        "credits": [{"what": c.what, "text": c.text, "date": f" ({c.date})" if c.date else ""} for c in model.credits],
    }


def _first(rows: Sequence[object], say: Language) -> str:
    return say("page.first_on_paper", shown=_ROWS, all=len(rows)) if len(rows) > _ROWS else ""


def _rule(row: RuleRow, say: Language) -> dict[str, Any]:
    return {
        "title": row.title,
        "severity": row.severity,
        "systems": say.systems(row.systems),
        "what": row.what,
        "advice": row.advice,
        "settings": row.settings,
        "cves": ", ".join(row.cves),
    }


def _standalone(svg: str, style: str) -> str:
    """An SVG that is a file of its own."""
    return svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">", f">{style}", 1)


def _tiles(model: ReportModel, measured: bool, say: Language) -> list[list[str]]:
    head, four = model.headline, model.headline.four
    before = model.trend.world.before if model.trend else None
    part = say.share(four.systems, head.archives)
    seen = say("tile.systems_of", all=say.figure(head.archives)) + (part and f" · {part}")
    was = "" if before is None else say("figures.before", value=say.figure(before.systems))
    tiles = [[say.figure(four.systems), say("tile.systems"), seen, was]]
    if measured:
        for name, count in (("records", "records"), ("linked", "images_linked"), ("accessible", "images_accessible")):
            was = "" if before is None else say("figures.before", value=_volume(before, count, say))
            tiles.append([_volume(four, count, say), say(f"tile.{name}"), say(f"tile.{name}_who"), was])
    for name, value in (("countries", head.countries_open), ("viewers", four.viewers)):
        tiles.append([say.figure(value), say(f"tile.{name}", value), say(f"tile.{name}_who"), ""])
    return tiles


def _volume(four: Four, name: str, say: Language) -> str:
    return say.bound(four, name) + say.compact(getattr(four, name))


def _four(four: Four, say: Language) -> list[str]:
    names = ("systems", "records", "images_linked", "images_accessible", "viewers")
    return [say.bound(four, name) + say.figure(getattr(four, name)) for name in names]


def _region(row: RegionRow, say: Language) -> dict[str, Any]:
    return {
        "name": row.name,
        "country": row.country,
        "cells": [say.figure(row.archives), *_four(row.four, say)],
        "grade": row.grade or "–",
        "class": row.judgement,
    }


def _slices(slices: tuple[Slice, ...], say: Language) -> list[dict[str, Any]]:
    largest = max((part.systems for part in slices if isinstance(part.systems, int)), default=0)
    return [
        {
            "name": part.name,
            "value": say.figure(part.systems),
            "part": part.systems / largest if isinstance(part.systems, int) and largest else 0,
            "why": part.meaning,
            "tone": part.tone,
        }
        for part in slices
    ]


def _trend(model: ReportModel, measured: bool, say: Language) -> dict[str, Any] | None:
    trend = model.trend
    if trend is None:
        return None
    days = say.day(trend.started), say.day(model.run.started)
    drawn = slopes(trend.rows, *days, say)
    classes = ("ugly", "bad", "new", "good")
    by_class = {word: [row.name for row in trend.rows if row.judgement == word] for word in classes}
    before, after = trend.world.before, trend.world.after
    facts = [
        ("open_then", say.figure(before.systems)),
        ("gone", say.figure(trend.gone)),
        ("new", say.figure(trend.new)),
        ("open_now", say.figure(after.systems)),
        ("records_then", _volume(before, "records", say)),
        ("records_now", _volume(after, "records", say)),
        ("moved", say.figure(trend.moved)),
        ("dark", say.figure(len(trend.dark))),
    ]
    return {
        "heading": say("trend.heading", day=say.day(trend.started)),
        "facts": [(say(f"trend.{name}"), value) for name, value in facts if measured or "records" not in name],
        "slopes": _standalone(drawn, _SLOPE_STYLE) if drawn else "",
        "alt": slopes_in_words(trend.rows, *days, say),
        "classes": [[word, ", ".join(names)] for word, names in by_class.items() if names],
        "rows": [_trend_row(row, measured, say) for row in trend.rows],
    }


def _trend_row(row: TrendRow, measured: bool, say: Language) -> dict[str, Any]:
    def full(four: Four) -> str:
        return say.bound(four, "records") + say.figure(four.records)

    cells = [say.figure(row.before.systems), say.figure(row.after.systems)]
    return {
        "name": row.name,
        "cells": [*cells, full(row.before), full(row.after)] if measured else cells,
        "class": row.judgement,
    }


def _software(one: SoftwareCluster, say: Language) -> dict[str, Any]:
    flaws = [f"{c.id}{f' ({say.decimal(c.cvss)})' if c.cvss is not None else ''}" for c in one.cves[:_FLAWS]]
    if len(one.cves) > _FLAWS:
        flaws.append(say("software.more", len(one.cves) - _FLAWS))
    nothing = say("software.none" if one.product or one.toolkit else "software.untold")
    return {
        "name": software_name(one, say) + (f", {say('software.ended')}" if one.is_end_of_life else ""),
        "systems": say.figure(one.systems),
        "open": say.figure(one.open_systems),
        "flaws": ", ".join(flaws) or nothing,
    }


def _leak(one: Leak, say: Language) -> list[str]:
    where = f"{one.country_name}, {one.state}" if one.state else one.country_name
    records = say.figure(one.records)
    if isinstance(one.records, int):
        records = ("≥ " if one.is_at_least else "") + records
        records += "" if one.is_archive else f" {say('figures.entries')}"
    return [
        one.address or say("leaks.number", one.number),
        one.organisation,
        where,
        one.software,
        records,
        one.rung,
        one.grade,
    ]


def _case(one: CaseRow, say: Language) -> list[str]:
    whose = " · ".join(text for text in (one.organisation, one.address) if text)
    clock = say("figures.none")
    if one.due is not None:
        clock = say("cases.due", law=one.law, moment=say.moment(one.due))
    elif one.closed is not None:
        clock = say("cases.closed", day=say.day(one.closed))
    return [one.id, whose, one.state, say.day(one.opened), say.named("case_step", one.last_step), clock]


def _looked_at(model: ReportModel, say: Language) -> str:
    looked = say.figure(model.headline.looked_at)
    if model.run.finished is not None:
        return say("figures.looked_at", looked=looked)
    return say("figures.looked_at_of", looked=looked, all=model.run.targets)


def _scope(model: ReportModel, say: Language) -> list[list[str]]:
    run, scope = model.run, model.run.scope
    period = {"from": say.day(scope.valid_from), "to": say.day(scope.valid_until)}
    rows = {
        "authority": scope.authority,
        "responsible": scope.responsible,
        "contact": scope.contact,
        "reference": scope.reference,
        "permission": say("scope.from_to", **period) if scope.valid_until else "",
        "level": f"{int(run.level)}: {say(f'level.{int(run.level)}')}",
        "run": run.id,
        "started": say.moment(run.started),
        "finished": say.moment(run.finished),
        "looked_at": _looked_at(model, say),
        "reached": say.systems(model.headline.reached),
        "digest": scope.digest,
    }
    return [[say(f"scope.{name}"), value] for name, value in rows.items() if value]

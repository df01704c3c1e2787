"""A map as SVG: regions coloured by how much is exposed there, in classes of ten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from leadglass.report.geography import Geometry, Shape
from leadglass.report.language import Language
from leadglass.report.model import NOT_MEASURED, Figure, RegionRow

__all__ = ["Legend", "drawn_map", "map_class"]

_RECORD_EDGES: Final = (1, 1_000, 10_000, 100_000, 1_000_000)
_SYSTEM_EDGES: Final = (1, 2, 10, 50, 100)
_DOT: Final = 6  # of 1,600 across
_WITHHELD, _CLOSED, _UNCOUNTED = "mw", "m0", "mn"


@dataclass(frozen=True, slots=True)
class Legend:
    """One class of the map."""

    css: str
    words: str


def map_class(row: RegionRow, *, by_records: bool) -> str:
    """The style of a region: "m1" to "m5" by records (by systems where no region's records were counted), "m0" where
    nothing is open, "mn" where systems are open whose records were not counted, "mw" where figures are withheld."""
    value: Figure = row.four.records if by_records else row.four.systems
    if isinstance(row.four.systems, str):
        return _WITHHELD
    if not row.four.systems:
        return _CLOSED
    if isinstance(value, str):
        return _UNCOUNTED if value == NOT_MEASURED else _WITHHELD
    edges = _RECORD_EDGES if by_records else _SYSTEM_EDGES
    return f"m{max(1, sum(value >= edge for edge in edges))}"


def drawn_map(
    geometry: Geometry, rows: Mapping[str, RegionRow], title: str, say: Language
) -> tuple[str, tuple[Legend, ...]]:
    """The SVG, and the classes that occur in it."""
    by_records = _is_by_records(rows.values())
    shapes = [_drawn(shape, rows.get(key), by_records, say) for key, shape in geometry.regions.items()]
    behind = "".join(svg for svg in shapes if svg.startswith("<path"))
    dots = "".join(svg for svg in shapes if svg.startswith("<circle"))
    other = f'<path class="mx" d="{geometry.other}"/>' if geometry.other else ""
    svg = (
        f'<svg class="map" viewBox="0 0 {geometry.width} {geometry.height}" role="img" aria-label="{escape(title)}">'
        f'<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="8" height="8" class="hatch-a"/><rect width="3" height="8" class="hatch-b"/></pattern></defs>'
        f"{other}{behind}{dots}</svg>"
    )
    return svg, _legend(list(rows.values()), say)


def _is_by_records(rows: Iterable[RegionRow]) -> bool:
    return any(row.four.records != NOT_MEASURED for row in rows)


def _drawn(shape: Shape, row: RegionRow | None, by_records: bool, say: Language) -> str:
    css = map_class(row, by_records=by_records) if row is not None else "mx"
    title = f"<title>{escape(_words(row, say))}</title>" if row is not None else ""
    if shape.path:
        path = escape(shape.path)
        return f'<path class="{css}" d="{path}">{title}</path>' if title else f'<path class="{css}" d="{path}"/>'
    if row is None:
        return ""
    return f'<circle class="{css}" cx="{shape.at[0]}" cy="{shape.at[1]}" r="{_DOT}">{title}</circle>'


def _words(row: RegionRow, say: Language) -> str:
    if row.is_gone:
        return say("map.gone", name=row.name)
    if row.four.systems == 0:
        return say("map.closed", name=row.name, archives=say("figures.imaging_systems", row.archives))
    told = {"name": row.name, "systems": say("figures.open_systems", row.four.systems)}
    if row.four.records == NOT_MEASURED:
        return say("map.open", **told)
    return say("map.records", records=say.bound(row.four, "records") + say.figure(row.four.records), **told)


def _legend(rows: Sequence[RegionRow], say: Language) -> tuple[Legend, ...]:
    by_records = _is_by_records(rows)
    edges = _RECORD_EDGES if by_records else _SYSTEM_EDGES
    present = {map_class(row, by_records=by_records) for row in rows}
    classes = [Legend(f"m{index + 1}", _range(edges, index, say)) for index in range(len(edges))]
    unit = "map.unit_records" if by_records else "map.unit_systems"
    classes[0] = Legend(classes[0].css, say(unit, words=classes[0].words))
    if _CLOSED in present:
        classes.insert(0, Legend(_CLOSED, say("map.none_open")))
    if _UNCOUNTED in present:
        classes.append(Legend(_UNCOUNTED, say("map.uncounted")))
    if _WITHHELD in present:
        classes.append(Legend(_WITHHELD, say("map.withheld")))
    return tuple(classes)


def _range(edges: Sequence[int], index: int, say: Language) -> str:
    first = edges[index]
    if index + 1 == len(edges):
        return say("map.or_more", **{"from": first})
    last = edges[index + 1] - 1
    return say.figure(first) if first == last else say("map.to", **{"from": first, "to": last})

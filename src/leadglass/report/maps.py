"""A map as SVG: regions coloured by how much is exposed there, in classes of ten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from leadglass.report.geography import Geometry, Shape
from leadglass.report.model import NOT_MEASURED, Figure, RegionRow
from leadglass.report.words import counted, figure

__all__ = ["Legend", "drawn_map", "map_class"]

_RECORD_EDGES: Final = (1, 1_000, 10_000, 100_000, 1_000_000)
_SYSTEM_EDGES: Final = (1, 2, 10, 50, 100)
_DOT: Final = 6  # of 1,600 across
_WITHHELD, _CLOSED = "mw", "m0"


@dataclass(frozen=True, slots=True)
class Legend:
    """One class of the map."""

    css: str
    words: str


def map_class(row: RegionRow) -> str:
    """The style of a region: "m1" to "m5" by records (by systems where records were not counted), "m0" where nothing
    is open, "mw" where figures are withheld."""
    by_records = row.four.records != NOT_MEASURED
    value: Figure = row.four.records if by_records else row.four.systems
    if isinstance(row.four.systems, str) or isinstance(value, str):
        return _WITHHELD
    if not row.four.systems:
        return _CLOSED
    edges = _RECORD_EDGES if by_records else _SYSTEM_EDGES
    return f"m{max(1, sum(value >= edge for edge in edges))}"


def drawn_map(geometry: Geometry, rows: Mapping[str, RegionRow], title: str) -> tuple[str, tuple[Legend, ...]]:
    """The SVG, and the classes that occur in it."""
    shapes = [_drawn(shape, rows.get(key)) for key, shape in geometry.regions.items()]
    behind = "".join(svg for svg in shapes if svg.startswith("<path"))
    dots = "".join(svg for svg in shapes if svg.startswith("<circle"))
    other = f'<path class="mx" d="{geometry.other}"/>' if geometry.other else ""
    svg = (
        f'<svg class="map" viewBox="0 0 {geometry.width} {geometry.height}" role="img" aria-label="{escape(title)}">'
        f'<defs><pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        f'<rect width="8" height="8" class="hatch-a"/><rect width="3" height="8" class="hatch-b"/></pattern></defs>'
        f"{other}{behind}{dots}</svg>"
    )
    return svg, _legend(list(rows.values()))


def _drawn(shape: Shape, row: RegionRow | None) -> str:
    css = map_class(row) if row is not None else "mx"
    title = f"<title>{escape(_words(row, shape.name))}</title>" if row is not None else ""
    if shape.path:
        path = escape(shape.path)
        return f'<path class="{css}" d="{path}">{title}</path>' if title else f'<path class="{css}" d="{path}"/>'
    if row is None:
        return ""
    return f'<circle class="{css}" cx="{shape.at[0]}" cy="{shape.at[1]}" r="{_DOT}">{title}</circle>'


def _words(row: RegionRow, name: str) -> str:
    if row.four.systems == 0:
        return f"{name}: {counted(row.archives, 'imaging system')} seen, none open"
    said = f"{name}: {counted(row.four.systems, 'open system')}"
    return said if row.four.records == NOT_MEASURED else f"{said}, {figure(row.four.records)} records"


def _legend(rows: Sequence[RegionRow]) -> tuple[Legend, ...]:
    by_records = any(row.four.records != NOT_MEASURED for row in rows)
    edges, unit = (_RECORD_EDGES, "records") if by_records else (_SYSTEM_EDGES, "open systems")
    present = {map_class(row) for row in rows}
    classes = []
    for index, edge in enumerate(edges):
        last = index + 1 == len(edges)
        upto = "or more" if last else f"to {edges[index + 1] - 1:,}"
        single = not last and edges[index + 1] - 1 == edge
        classes.append(Legend(f"m{index + 1}", f"{edge:,}" if single else f"{edge:,} {upto}"))
    classes[0] = Legend(classes[0].css, f"{classes[0].words} {unit}")
    if _CLOSED in present:
        classes.insert(0, Legend(_CLOSED, "seen, none open"))
    if _WITHHELD in present:
        classes.append(Legend(_WITHHELD, "withheld"))
    return tuple(classes)

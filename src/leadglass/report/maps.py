"""A map as SVG: regions coloured by how much is exposed there, in classes of ten."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from leadglass.report.geography import Geometry, Shape
from leadglass.report.model import NOT_MEASURED, Figure, RegionRow
from leadglass.report.words import bound, counted, figure

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


def drawn_map(geometry: Geometry, rows: Mapping[str, RegionRow], title: str) -> tuple[str, tuple[Legend, ...]]:
    """The SVG, and the classes that occur in it."""
    by_records = _is_by_records(rows.values())
    shapes = [_drawn(shape, rows.get(key), by_records) for key, shape in geometry.regions.items()]
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


def _is_by_records(rows: Iterable[RegionRow]) -> bool:
    return any(row.four.records != NOT_MEASURED for row in rows)


def _drawn(shape: Shape, row: RegionRow | None, by_records: bool) -> str:
    css = map_class(row, by_records=by_records) if row is not None else "mx"
    title = f"<title>{escape(_words(row, shape.name))}</title>" if row is not None else ""
    if shape.path:
        path = escape(shape.path)
        return f'<path class="{css}" d="{path}">{title}</path>' if title else f'<path class="{css}" d="{path}"/>'
    if row is None:
        return ""
    return f'<circle class="{css}" cx="{shape.at[0]}" cy="{shape.at[1]}" r="{_DOT}">{title}</circle>'


def _words(row: RegionRow, name: str) -> str:
    if row.is_gone:
        return f"{name}: nothing is found any more"
    if row.four.systems == 0:
        return f"{name}: {counted(row.archives, 'imaging system')} seen, none open"
    said = f"{name}: {counted(row.four.systems, 'open system')}"
    return (
        said
        if row.four.records == NOT_MEASURED
        else f"{said}, {bound(row.four, 'records')}{figure(row.four.records)} records"
    )


def _legend(rows: Sequence[RegionRow]) -> tuple[Legend, ...]:
    by_records = _is_by_records(rows)
    edges, unit = (_RECORD_EDGES, "records") if by_records else (_SYSTEM_EDGES, "open systems")
    present = {map_class(row, by_records=by_records) for row in rows}
    classes = []
    for index, edge in enumerate(edges):
        last = index + 1 == len(edges)
        upto = "or more" if last else f"to {edges[index + 1] - 1:,}"
        single = not last and edges[index + 1] - 1 == edge
        classes.append(Legend(f"m{index + 1}", f"{edge:,}" if single else f"{edge:,} {upto}"))
    classes[0] = Legend(classes[0].css, f"{classes[0].words} {unit}")
    if _CLOSED in present:
        classes.insert(0, Legend(_CLOSED, "seen, none open"))
    if _UNCOUNTED in present:
        classes.append(Legend(_UNCOUNTED, "open, not counted"))
    if _WITHHELD in present:
        classes.append(Legend(_WITHHELD, "withheld"))
    return tuple(classes)

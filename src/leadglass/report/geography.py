"""Shapes of countries or states, to be drawn: the world that is shipped, or whatever GeoJSON its owner prefers.

No state borders are shipped: some countries (India among them) require their own official boundaries on published maps,
so those who publish bring the file that is right for them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from leadglass.report.language import Language
from leadglass.terms.ceilings import MAX_GEOMETRY
from leadglass.terms.errors import UserFault

__all__ = ["Geometry", "Shape", "country_name", "read_geojson", "world"]

_WORLD: Final = Path(__file__).parent / "geometry" / "world.json"
_WIDTH: Final = 1600
_NAMES: Final = ("iso_a2", "ISO_A2", "ISO_A2_EH", "name", "NAME", "st_nm", "NAME_1", "NAME_EN")
_A1, _A2, _A3, _A4 = 1.340264, -0.081106, 0.000893, 0.003796  # Equal Earth (Šavrič, Patterson, Jenny 2018)


class Shape(msgspec.Struct, frozen=True):
    """One country or state. Without a path it is drawn as a dot."""

    name: str
    at: tuple[int, int]
    path: str = ""


class Geometry(msgspec.Struct, frozen=True):
    """A map. Regions by ISO 3166-1 alpha-2, or by the name of the state."""

    credit: str
    date: str
    width: int
    height: int
    regions: dict[str, Shape]
    other: str = ""  # land that belongs to no code


@cache
def world() -> Geometry:
    """The map that is shipped."""
    return msgspec.json.decode(_WORLD.read_bytes(), type=Geometry)


def country_name(code: str, say: Language) -> str:
    """Of ISO 3166-1 alpha-2; the code itself if it is nobody's, "not known" for none."""
    if not code:
        return say("table.unplaced")
    found = world().regions.get(code)
    return say.country(code, found.name if found else code)


def read_geojson(path: Path) -> Geometry:
    """A FeatureCollection of Polygons and MultiPolygons in WGS 84 (RFC 7946), each with a property that names it."""
    if path.stat().st_size > MAX_GEOMETRY:
        raise UserFault(f"{path} is too large for a map", "Simplify it: a report needs no more than some 100 kB.")
    try:
        features = list(_features(json.loads(path.read_bytes())))
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        features = []
    if not features:
        raise UserFault(
            f"{path} is no GeoJSON of regions",
            "It should be a FeatureCollection of Polygons, each with a property iso_a2 or name.",
        )
    return _drawn(features, f"{path.name}, as supplied")


@dataclass(frozen=True, slots=True)
class _Feature:
    name: str
    title: str
    rings: list[list[tuple[float, float]]]


def _features(document: Any) -> Iterator[_Feature]:
    for feature in document["features"]:
        properties, geometry = feature["properties"] or {}, feature["geometry"] or {}
        names = [str(properties[key]) for key in _NAMES if properties.get(key) not in (None, "", "-99")]
        rings = [
            [(float(lon), max(-89.0, min(89.0, float(lat)))) for lon, lat, *_ in ring]
            for polygon in _polygons(geometry)
            for ring in polygon
        ]
        if names and any(len(ring) > 3 for ring in rings):
            title = next((str(properties[k]) for k in ("name", "NAME", "NAME_EN") if properties.get(k)), names[0])
            yield _Feature(names[0], title, [ring for ring in rings if len(ring) > 3])


def _polygons(geometry: dict[str, Any]) -> list[Any]:
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    return {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(str(kind)) or []


def _drawn(features: list[_Feature], credit: str) -> Geometry:
    points = [point for feature in features for ring in feature.rings for point in ring]
    if not all(math.isfinite(value) for point in points for value in point):
        raise UserFault("a coordinate of the map is no number", "Mend the GeoJSON file.")
    west, east = min(lon for lon, _ in points), max(lon for lon, _ in points)
    middle = math.radians((min(lat for _, lat in points) + max(lat for _, lat in points)) / 2)
    project = _equal_earth if east - west > 180 else lambda lon, lat: (lon * math.cos(middle), lat)
    flat = [project(*point) for point in points]
    left, top = min(x for x, _ in flat), max(y for _, y in flat)
    scale = _WIDTH / max(max(x for x, _ in flat) - left, 1e-9)

    def place(lon: float, lat: float) -> tuple[int, int]:
        x, y = project(lon, lat)
        return round((x - left) * scale), round((top - y) * scale)

    height = max(round((top - min(y for _, y in flat)) * scale), 1)
    return Geometry(credit, "", _WIDTH, height, {f.name: _shape(f, place) for f in features})


def _shape(feature: _Feature, place: Any) -> Shape:
    drawn = [[place(*point) for point in ring] for ring in feature.rings]
    largest = max(drawn, key=len)
    at = (sum(x for x, _ in largest) // len(largest), sum(y for _, y in largest) // len(largest))
    path = "".join("M" + "L".join(f"{x} {y}" for x, y in dict.fromkeys(ring)) + "z" for ring in drawn)
    return Shape(feature.title, at, path)


def _equal_earth(lon: float, lat: float) -> tuple[float, float]:
    slant = math.asin(math.sqrt(3) / 2 * math.sin(math.radians(lat)))
    squared = slant**2
    below = math.sqrt(3) / 2 * (_A1 + 3 * _A2 * squared + squared**3 * (7 * _A3 + 9 * _A4 * squared))
    return math.radians(lon) * math.cos(slant) / below, slant * (
        _A1 + _A2 * squared + squared**3 * (_A3 + _A4 * squared)
    )

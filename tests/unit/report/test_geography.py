"""Maps: the one that is shipped, and others' GeoJSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.report_world import model
from leadglass.report.geography import country_name, read_geojson, world
from leadglass.report.html import html_of
from leadglass.report.language import language
from leadglass.report.maps import drawn_map, map_class
from leadglass.report.model import Four, RegionRow
from leadglass.terms.errors import UserFault

SQUARE = [[[70.0, 10.0], [80.0, 10.0], [80.0, 20.0], [70.0, 20.0], [70.0, 10.0]]]


def collection(properties: dict[str, Any], coordinates: Any = SQUARE, kind: str = "Polygon") -> dict[str, Any]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": properties, "geometry": geometry}],
    }


def saved(folder: Path, document: object) -> Path:
    path = folder / "map.geojson"
    path.write_text(json.dumps(document))
    return path


def test_the_world_has_every_country_of_the_published_studies() -> None:
    regions = world().regions
    for code in (
        "US",
        "TR",
        "ZA",
        "BR",
        "IN",
        "SK",
        "CN",
        "IT",
        "AU",
        "FR",
        "MY",
        "DE",
        "GB",
        "CH",
        "SG",
        "EC",
        "TH",
        "VE",
    ):
        assert code in regions
    assert all(shape.path or shape.at for shape in regions.values())
    say = language("en")
    assert (country_name("MT", say), country_name("", say), country_name("QQ", say)) == ("Malta", "not known", "QQ")


def test_states_are_drawn_by_name(tmp_path: Path) -> None:
    states = read_geojson(saved(tmp_path, collection({"st_nm": "Maharashtra"})))
    text = html_of(model(), states=states)
    assert "Maharashtra: 5 open systems" in text
    assert "Maharashtra: 5 open systems" not in html_of(model())


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"features": 3},
        {"features": [{"properties": None, "geometry": None}]},
        collection({}),
        collection({"name": "A"}, [[["x", 1]]]),
        collection({"name": "A"}, 7),
        collection({"name": "A"}, [[[0.0, 0.0]]]),
        collection({"name": "A"}, SQUARE, "Point"),
        collection({"name": "A"}, [[[float("inf"), 0.0]] * 5]),
        collection({"name": "A"}, [[[10**400, 0.0]] * 5]),
    ],
)
def test_what_is_no_map_is_a_fault_of_the_user(tmp_path: Path, document: object) -> None:
    with pytest.raises(UserFault):
        read_geojson(saved(tmp_path, document))


def test_a_name_in_a_map_is_escaped(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    shapes = read_geojson(saved(tmp_path, collection({"name": hostile})))
    row = RegionRow(code="", name=hostile, country="", archives=1, four=Four(systems=1, records=3), grade="F")
    assert "<script" not in drawn_map(shapes, {hostile: row}, "map", language("en"))[0]


@given(
    st.lists(
        st.tuples(st.floats(-180, 180, allow_nan=False), st.floats(-90, 90, allow_nan=False)), min_size=4, max_size=9
    )
)
def test_any_ring_fits_its_box(tmp_path_factory: pytest.TempPathFactory, ring: list[tuple[float, float]]) -> None:
    path = saved(tmp_path_factory.mktemp("map"), collection({"name": "A"}, [[list(point) for point in ring]]))
    drawn = read_geojson(path)
    x, y = drawn.regions["A"].at
    assert 0 <= x <= drawn.width
    assert -1 <= y <= drawn.height + 1


@pytest.mark.parametrize(
    ("four", "css"),
    [
        (Four(), "m0"),
        (Four(systems=1, records=0), "m1"),
        (Four(systems=1, records=999), "m1"),
        (Four(systems=1, records=1_000), "m2"),
        (Four(systems=9, records=24_300_000), "m5"),
        (Four(systems="<5", records="withheld"), "mw"),
        (Four(systems=1, records=""), "m1"),
        (Four(systems=590, records=""), "m5"),
    ],
)
def test_classes_grow_by_ten(four: Four, css: str) -> None:
    row = RegionRow(code="IN", name="India", country="India", archives=9, four=four, grade="F")
    assert map_class(row, by_records=four.records != "") == css


def test_what_was_not_counted_is_no_class_of_records() -> None:
    row = RegionRow(code="US", name="US", country="US", archives=9, four=Four(systems=3, records=""), grade="F")
    assert map_class(row, by_records=True) == "mn"

"""Invariant: whatever file is given as a map, it is drawn or refused with words, and a path holds nothing but numbers.

LEADGLASS_FUZZ_SECONDS=60 digs for a minute.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from leadglass.report.geography import read_geojson
from leadglass.terms.errors import UserFault

_NUMBERS = st.one_of(
    st.floats(-180, 180),
    st.floats(),
    st.integers(),
    st.sampled_from((0, 90, -90, 180, 1e308, 1e-308, 10**400, "7", None)),
)
_POINTS = st.lists(_NUMBERS, min_size=1, max_size=3)
_RINGS = st.lists(_POINTS, max_size=6)
_ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=6), _RINGS)
_GEOMETRY = st.one_of(
    st.fixed_dictionaries({"type": st.just("Polygon"), "coordinates": st.lists(_RINGS, max_size=3)}),
    st.fixed_dictionaries({"type": st.just("MultiPolygon"), "coordinates": st.lists(st.lists(_RINGS), max_size=2)}),
    st.fixed_dictionaries({"type": st.sampled_from(("Polygon", "MultiPolygon", "Point")), "coordinates": _ODD}),
    _ODD,
)
_NAMES = st.sampled_from(("iso_a2", "name", "NAME", "st_nm"))
_PROPERTIES = st.one_of(st.dictionaries(_NAMES, st.one_of(_ODD, st.just("<b>")), max_size=3), _ODD)
_SQUARE = {"type": "Polygon", "coordinates": [[[7, 50], [8, 50], [8, 51], [7, 51]]]}
_FEATURES = st.one_of(
    st.fixed_dictionaries({"properties": _PROPERTIES, "geometry": _GEOMETRY}),
    st.fixed_dictionaries(
        {"properties": st.just({"iso_a2": "DE"}), "geometry": st.one_of(_GEOMETRY, st.just(_SQUARE))}
    ),
    _ODD,
)
_PATH = re.compile(r"(M-?\d+ -?\d+(L-?\d+ -?\d+)*z)*")


def drawn(data: bytes) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "map.json"
        path.write_bytes(data)
        with suppress(UserFault):
            made = read_geojson(path)
            assert made.regions
            assert made.width > 0
            assert made.height > 0
            for shape in made.regions.values():
                assert _PATH.fullmatch(shape.path)


@fuzz_for(share=0.7)
@given(st.one_of(st.fixed_dictionaries({"features": st.lists(_FEATURES, max_size=3)}), _ODD))
def test_maps_of_all_shapes(document: Any) -> None:
    drawn(json.dumps(document).encode())


@fuzz_for(share=0.3)
@given(st.binary(max_size=60), st.floats(0, 1))
def test_damaged_maps(what: bytes, where: float) -> None:
    whole = json.dumps({"features": [{"properties": {"iso_a2": "DE"}, "geometry": _SQUARE}]}).encode()
    at = int(where * len(whole))
    drawn(whole[:at] + what + whole[at + len(what) :])
    drawn(what)

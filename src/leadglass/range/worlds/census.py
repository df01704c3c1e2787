"""Worlds of thousands of archives whose truth is a table: `world-2019`, `world-2019-11`, `india-2020`."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from ipaddress import IPv4Address
from typing import Any, Final

from leadglass.range.world import SimulatedSystem, World
from leadglass.range.worlds.archives import closed_systems, open_systems
from leadglass.range.worlds.rows import Row, filled, scaled

__all__ = ["census", "rows_of"]

_COLUMNS: Final = {
    "systems_open": "systems",
    "records": "records",
    "images_linked": "images",
    "images_accessible": "accessible",
    "http_viewer_or_open_dir": "viewers",
    "data_troves": "records",
    "images": "images",
}
"""What the published tables call our columns."""
_FIRST: Final = int(IPv4Address("127.1.0.0"))
_BLOCK: Final = 256
"""Each region's addresses begin at a multiple of it."""
_LATER: Final = 64
"""Room in each block for systems that a later run of the same world has."""


def census(profile: str, scale: int) -> World:
    """The profile's world, with one `scale`-th of its volume.

    A world that another one came before has its systems at the same addresses: first in each region's block those that
    were open in the first, of which some may be gone, then the closed ones, then the new ones.
    """
    document = _document(profile)
    rows = rows_of(profile)
    first = {row.key: row for row in rows_of(document.get("earlier", profile))}
    systems: list[SimulatedSystem] = []
    start = _FIRST
    for row in rows:
        before = first[row.key].systems if row.key in first else 0
        closed_from, later_from = before, before + row.closed
        opened = [*range(row.gone, before), *range(later_from, later_from + row.new)]
        systems += open_systems(scaled(row, scale), _addresses(start, opened))
        systems += closed_systems(row, _addresses(start, range(closed_from, later_from)))
        start += -(-(later_from + _LATER) // _BLOCK) * _BLOCK
    return World(profile, systems)


def rows_of(profile: str) -> list[Row]:
    """The profile's table: published cells as published, the others filled."""
    document = _document(profile)
    regions: list[dict[str, Any]] = document["region"]
    if "earlier" in document:
        regions = list(_continued(regions, rows_of(document["earlier"])))
    published = _published(document["facts"], document["report"])
    return filled(regions, published, document["totals"])


def _continued(regions: list[dict[str, Any]], before: list[Row]) -> Iterator[dict[str, Any]]:
    """The regions of a later run, in the order of the first: who stayed, who went, who came."""
    changes = {region["country"]: region for region in regions}
    for row in before:
        change = changes.pop(row.country, {})
        gone, new = change.get("gone", 0), change.get("new", 0)
        left = {"systems": row.systems - gone + new, "closed": row.closed}
        if not left["systems"]:
            left |= {"records": 0, "images": 0, "accessible": 0, "viewers": 0}
        yield {"country": row.country, **change, **left}
    for region in changes.values():
        yield {**region, "systems": region["new"], "closed": 0}


def _document(profile: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath(f"{profile}.toml").read_text("utf-8"))


def _published(facts: str, report: str) -> Mapping[str, Mapping[str, int]]:
    """The cells of a published table, by country or state."""
    text = files(__package__).joinpath("facts", facts).read_text("utf-8")
    return {
        line.get("iso2") or line["state"]: {ours: int(line[name]) for name, ours in _COLUMNS.items() if line.get(name)}
        for line in csv.DictReader(text.splitlines())
        if line.get("report", report) == report
    }


def _addresses(start: int, slots: list[int] | range) -> list[IPv4Address]:
    return [IPv4Address(start + 1 + slot) for slot in slots]

"""Whether what a survey says of a world is true: its tables against those that the world was made from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from leadglass.range.world import World
from leadglass.survey.comparing import Region, counts_by_region
from leadglass.survey.system import System

__all__ = ["COLUMNS", "asked_beyond", "untruths"]

COLUMNS: Final = ("systems", "records", "images_linked", "images_accessible", "viewers")


def untruths(systems: Sequence[System], world: World, columns: Sequence[str] = COLUMNS) -> list[str]:
    """Where the survey says another thing than the world, country by country, in all, and of each address; [] if
    nowhere. `columns` of the tables are compared: a survey that may not count has no volumes."""
    wrong: list[str] = []
    counted = counts_by_region(systems, by="country")
    rows = [(country, counted.get(Region(country, "")), truth) for (country, _), truth in world.truth_table().items()]
    sums = {column: sum(getattr(row, column) for row in counted.values()) for column in columns}
    for column in columns:
        wrong += [
            f"{country}: {getattr(row, column, 0)} {column} instead of {getattr(truth, column)}"
            for country, row, truth in rows
            if getattr(row, column, 0) != getattr(truth, column)
        ]
        if sums[column] != getattr(world.truth_in_all(), column):
            wrong.append(f"in all: {sums[column]} {column} instead of {getattr(world.truth_in_all(), column)}")
    return wrong + _misjudged(systems, world)


def _misjudged(systems: Sequence[System], world: World) -> list[str]:
    """Archives that were not found or taken for one, and open ones."""
    wrong = []
    for what, seen, true in (
        (
            "archive",
            {system.address for system in systems if system.is_archive},
            {system.address for system in world.systems if system.truth.is_archive},
        ),
        (
            "open",
            {system.address for system in systems if system.is_open},
            {system.address for system in world.systems if system.truth.is_open},
        ),
    ):
        wrong += [f"{address} is not {what}" for address in sorted(seen - true)]
        wrong += [f"{address} is {what}, and was not found" for address in sorted(true - seen)]
    return wrong


def asked_beyond(level: int, said: Path) -> list[str]:
    """What the range counted that the level does not allow, by what it said until its end."""
    text = said.read_text()
    _, greeting = json.JSONDecoder().raw_decode(text)
    asked = json.loads(text[greeting:])["asked"]
    return [f"level {row['level']}: {row['count']} x {row['what']}" for row in asked if row["level"] > level]

"""The truth of a region, before there are systems: a row of the published tables, with its gaps filled.

What a study published stands in the facts and is kept to the last digit. What it did not publish is made up: named in
the profile, or shared out so that the published totals hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from leadglass.range.worlds.apportioning import apportion

__all__ = ["Row", "filled", "scaled"]

_VOLUMES: Final = ("records", "images")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A country or state: open systems and what they hold, closed ones beside them; what became of them since."""

    country: str
    state: str = ""
    systems: int
    records: int
    images: int
    accessible: int
    viewers: int
    closed: int
    gone: int = 0
    """Of an earlier run's open systems, so many are not there any more."""
    new: int = 0
    """So many of the open systems were not there in an earlier run."""

    @property
    def key(self) -> str:
        """Its name in tables: the state, or else the country."""
        return self.state or self.country


def filled(
    named: Sequence[Mapping[str, Any]], published: Mapping[str, Mapping[str, int]], totals: Mapping[str, int]
) -> list[Row]:
    """Rows whose columns add up to the totals. `named`: the profile's regions; `published`: cells by region's name.

    ValueError if what is published and named does not leave room for the rest.
    """
    cells: list[dict[str, Any]] = [{**row, **published.get(row.get("state") or row["country"], {})} for row in named]
    for column in ("systems", *_VOLUMES):
        gaps = [cell for cell in cells if column not in cell]
        missing = totals[column] - sum(cell[column] for cell in cells if column in cell)
        shares = apportion(missing, [cell["systems"] for cell in gaps], least=1 if gaps else 0)
        for cell, share in zip(gaps, shares, strict=True):
            cell[column] = share
    if totals["accessible"] == totals["images"]:
        cells = [{**cell, "accessible": cell["images"]} for cell in cells]
    else:
        _fill_accessible(cells, totals["accessible"])
    _fill(cells, "viewers", totals["viewers"], [min(cell["systems"], cell["accessible"]) for cell in cells])
    _fill(cells, "closed", totals["archives"] - totals["systems"], [cell["systems"] + 1 for cell in cells])
    wanted = Row.__dataclass_fields__.keys()
    return [Row(**{name: value for name, value in cell.items() if name in wanted}) for cell in cells]


def _fill(cells: Sequence[dict[str, Any]], column: str, total: int, weights: Sequence[int]) -> None:
    gaps = [(cell, weight) for cell, weight in zip(cells, weights, strict=True) if column not in cell]
    missing = total - sum(cell[column] for cell in cells if column in cell)
    shares = apportion(missing, [weight for _, weight in gaps])
    for (cell, _), share in zip(gaps, shares, strict=True):
        cell[column] = share


def _fill_accessible(cells: Sequence[dict[str, Any]], total: int) -> None:
    """An only system gives all or nothing, alternately; with several, some do."""
    only = [cell for cell in cells if "accessible" not in cell and cell["systems"] == 1]
    for number, cell in enumerate(only):
        cell["accessible"] = cell["images"] if number % 2 else 0
    _fill(cells, "accessible", total, [cell["images"] if cell["systems"] else 0 for cell in cells])


def scaled(row: Row, scale: int) -> Row:
    """The same region with one `scale`-th of the volume, in as many systems."""
    if scale == 1 or not row.systems:
        return row
    records = max(row.systems, row.records // scale)
    images = max(2 * row.systems, row.images // scale)
    if row.accessible in (0, row.images):
        accessible = images if row.accessible else 0
    else:
        accessible = min(max(row.systems, row.accessible // scale), images - row.systems)
    return replace(row, records=records, images=images, accessible=accessible)

"""Small cells: a count of few says who is meant, so it is withheld where a report leaves the house.

A count from 1 to below the least is *small* and shown as "<5". Where the total of its column is shown too, whoever
subtracts would have it back; so further cells are withheld until every small one could still be any number from 1 to
the last small one (complementary suppression). Cells that can be protected in no other way are all shown as "withheld".
Zero is always shown: that nobody is concerned harms nobody.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from leadglass.report.model import Figure

__all__ = ["WITHHELD", "Overlapping", "small", "withheld_column"]

WITHHELD: Final = "withheld"


def small(value: int, least: int) -> Figure:
    """A count on its own."""
    return f"<{least}" if 0 < value < least else value


class Overlapping:
    """Counts of systems that may contain one another, as the rungs of a ladder do. Two that lie within `least` of each
    other differ by a small cell, and one as large as a cell withheld elsewhere may be that cell."""

    def __init__(self, least: int, *known: Figure) -> None:
        self.least = least
        self._known = {0, *(value for value in known if isinstance(value, int))}
        self._withheld: set[int] = set()

    def shown(self, count: int) -> Figure:
        """The count as it may be shown beside those before it."""
        figure = small(count, self.least)
        if self.least < 2 or isinstance(figure, str) or count in self._known:
            return figure
        if any(0 < abs(count - other) < self.least for other in self._known) or count in self._withheld:
            return WITHHELD
        self._known.add(count)
        return count

    def column(self, values: Sequence[int]) -> list[Figure]:
        """Parts of a whole whose total is known, remembered for what comes after them."""
        shown, _ = withheld_column(values, self.least)
        for value, figure in zip(values, shown, strict=True):
            if isinstance(figure, int):
                self._known.add(value)
            elif value >= self.least:
                self._withheld.add(value)
        return shown


def withheld_column(values: Sequence[int], least: int, also: Collection[int] = ()) -> tuple[list[Figure], Figure]:
    """The column as it may be shown, and its total. `also`: rows whose cell is withheld for another reason."""
    total = sum(values)
    hidden = {row for row, value in enumerate(values) if 0 < value < least}
    free = {row for row in also if values[row]} - hidden
    if least < 2 or not (hidden or free):
        return list(values), total
    others = sorted(
        (row for row, value in enumerate(values) if value and row not in hidden | free), key=lambda row: values[row]
    )
    extra: set[int] = set()
    while not _is_protected(values, hidden, free, extra, least):
        if not others:
            return _all_withheld(values, total, least)
        extra.add(others.pop(0))
    shown: list[Figure] = [f"<{least}" if r in hidden else v for r, v in enumerate(values)]
    for row in free | extra:
        shown[row] = WITHHELD
    return shown, total


def _is_protected(values: Sequence[int], hidden: set[int], free: set[int], extra: set[int], least: int) -> bool:
    """Whether somebody who knows the total and all cells shown can still not narrow a small cell down. Of the cells
    withheld he knows: small ones are 1 to least - 1, extra ones at least `least`, free ones anything."""
    if len(hidden | free | extra) < 2:
        return False
    if not hidden:
        return True
    known = sum(values[row] for row in hidden | free | extra)
    highest = known - (len(hidden) - 1) - len(extra) * least
    lowest = 1 if free or extra else known - (len(hidden) - 1) * (least - 1)
    return lowest <= 1 and highest >= least - 1


def _all_withheld(values: Sequence[int], total: int, least: int) -> tuple[list[Figure], Figure]:
    shown: list[Figure] = [WITHHELD if value else 0 for value in values]
    filled = sum(1 for value in values if value)
    if filled < 2 or total - (filled - 1) < least:
        return shown, small(total, least) if total < least else WITHHELD
    return shown, total

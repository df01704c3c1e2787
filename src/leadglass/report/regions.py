"""Country, state and organisation tables, with small cells withheld so that they cannot be had back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from leadglass.report.geography import country_name
from leadglass.report.judged import GroupGrade, Judged
from leadglass.report.language import Language
from leadglass.report.model import NOT_MEASURED, Figure, Four, RegionRow
from leadglass.report.withholding import WITHHELD, small, withheld_column
from leadglass.report.words import one_line
from leadglass.survey.comparing import By, FourCounts, Region, counts_of, region_of

__all__ = ["Table", "country_table", "counts_table", "organisation_table", "state_table"]

_VOLUMES: Final = {
    "systems": {
        "records": ("uncounted", "bounded"),
        "images_linked": ("images_uncounted", "bounded"),
        "images_accessible": ("images_uncounted", "bounded"),
    },
    "others": {"other_records": ("others_uncounted", "others_bounded")},
}
"""By what has them: volumes, with the counts of systems that were not counted, and not to the end."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows and the total they belong to."""

    rows: tuple[RegionRow, ...]
    total: Four
    archives: Figure


def country_table(judged: Sequence[Judged], least: int, grade: GroupGrade, say: Language, *, measured: bool) -> Table:
    """Countries, most records first; withheld ones by name behind them."""
    groups = _groups(judged, "country")
    rows, total, archives = _rows(groups, least, grade, say, measured)
    return Table(_sorted([replace(row, name=row.country) for row in rows]), total, archives)


def state_table(
    judged: Sequence[Judged], least: int, grade: GroupGrade, say: Language, *, measured: bool
) -> tuple[RegionRow, ...]:
    """States; those of one country add up to its row, so they are protected country by country."""
    by_country: defaultdict[str, dict[Region, list[Judged]]] = defaultdict(dict)
    for region, group in _groups(judged, "state").items():
        by_country[region.country][region] = group
    rows: list[RegionRow] = []
    shown = {row.code: row for row in country_table(judged, least, grade, say, measured=measured).rows}
    for country, groups in by_country.items():
        if any(region.state for region in groups):
            hidden = isinstance(shown[country].four.systems, str)
            found, _, _ = _rows(groups, least, grade, say, measured, all_hidden=hidden)
            rows += [row for row in found if row.name]
    return _sorted(rows)


def organisation_table(
    judged: Sequence[Judged], least: int, grade: GroupGrade, say: Language, *, measured: bool
) -> tuple[RegionRow, ...]:
    """Organisations that have a name; none where small cells are withheld, for states and countries are shown beside
    them, and who knows where an organisation is could subtract it."""
    if least > 1:
        return ()
    rows, _, _ = _rows(_groups(judged, "organisation"), least, grade, say, measured)
    return _sorted([row for row in rows if row.name])


def _groups(judged: Sequence[Judged], by: By) -> dict[Region, list[Judged]]:
    groups: defaultdict[Region, list[Judged]] = defaultdict(list)
    for one in judged:
        if one.counts:
            groups[region_of(one.system, by)].append(one)
    return groups


def _rows(
    groups: Mapping[Region, Sequence[Judged]],
    least: int,
    grade: GroupGrade,
    say: Language,
    measured: bool,
    *,
    all_hidden: bool = False,
) -> tuple[list[RegionRow], Four, Figure]:
    regions = sorted(groups)
    counts = [sum((counts_of(one.system) for one in groups[region]), FourCounts()) for region in regions]
    seen = [sum(one.system.is_archive for one in groups[region]) for region in regions]
    fours, total = counts_table(counts, least, measured=measured, all_hidden=all_hidden)
    archives, all_archives = withheld_column(seen, least, range(len(seen)) if all_hidden else ())
    rows = [
        RegionRow(
            code=region.country,
            name=one_line(region.organisation or region.state) if region.organisation or region.state else "",
            country=country_name(region.country, say),
            archives=archives[index],
            four=fours[index],
            grade="" if len(groups[region]) < least else grade(groups[region], _group_kind(region)),
        )
        for index, region in enumerate(regions)
        if len(groups[region]) >= least or region == Region(region.country)
    ]
    return rows, total, all_archives


def _group_kind(region: Region) -> Literal["organisation", "region"]:
    return "organisation" if region.organisation else "region"


def counts_table(
    counts: Sequence[FourCounts], least: int, *, measured: bool, all_hidden: bool = False
) -> tuple[list[Four], Four]:
    """The counts as they may be shown, and their total. A row of few systems shows no volumes either: they would be
    those of its few owners."""
    everything = range(len(counts)) if all_hidden else ()
    columns: dict[str, tuple[Sequence[Figure], Figure]] = {}
    for heads, volumes in _VOLUMES.items():
        shown, total = withheld_column([getattr(one, heads) for one in counts], least, everything)
        few = [row for row, value in enumerate(shown) if isinstance(value, str)]
        columns[heads] = shown, total
        for name in volumes:
            columns[name] = _volumes([getattr(one, name) for one in counts], least, few, total, measured=measured)
    columns["viewers"] = withheld_column([one.viewers for one in counts], least, everything)
    rows = [
        _four({name: shown[row] for name, (shown, _) in columns.items()}, one, measured=measured)
        for row, one in enumerate(counts)
    ]
    whole = sum(counts, FourCounts())
    return rows, _four({name: total for name, (_, total) in columns.items()}, whole, measured=measured)


def _four(shown: dict[str, Figure], counts: FourCounts, *, measured: bool) -> Four:
    """The figures with what is known of them: not measured if no system was counted, at least if some were not."""
    at_least: list[str] = []
    for heads, volumes in _VOLUMES.items():
        for name, (uncounted, bounded) in volumes.items():
            without, systems = getattr(counts, uncounted), getattr(counts, heads)
            if systems and without == systems:
                shown[name] = NOT_MEASURED
            elif measured and isinstance(shown[name], int) and (without or getattr(counts, bounded)):
                at_least.append(name)
    return Four(**shown, at_least=tuple(at_least))


def _volumes(
    values: Sequence[int], least: int, few: Sequence[int], systems: Figure, *, measured: bool
) -> tuple[Sequence[Figure], Figure]:
    """Records or images of rows; `few`: rows of few systems, `systems`: how many there are in all."""
    if not measured:
        return [NOT_MEASURED] * len(values), NOT_MEASURED
    shown, total = withheld_column(values, least, few)
    return shown, _hidden_total(total, least) if isinstance(systems, str) else total


def _hidden_total(total: Figure, least: int) -> Figure:
    if isinstance(total, str):
        return total
    return small(total, least) if total < least else WITHHELD


def _sorted(rows: Sequence[RegionRow]) -> tuple[RegionRow, ...]:
    """By size; what is withheld stands behind, in the order of the alphabet, so that its place says nothing."""

    def place(row: RegionRow) -> tuple[int, int, int, str]:
        records, systems = row.four.records, row.four.systems
        if isinstance(systems, str) or (isinstance(records, str) and records != NOT_MEASURED):
            return (1, 0, 0, row.name)
        return (0, -records if isinstance(records, int) else 0, -systems, row.name)

    return tuple(sorted(rows, key=place))

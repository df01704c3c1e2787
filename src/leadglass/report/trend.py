"""This run against one before, as it may be shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leadglass.report.geography import country_name
from leadglass.report.judged import Before, Judged
from leadglass.report.language import Language
from leadglass.report.model import Figure, Four, RegionRow, Shown, Trend, TrendRow
from leadglass.report.regions import counts_table
from leadglass.report.withholding import WITHHELD, small
from leadglass.report.wording import common_ground
from leadglass.survey.comparing import Comparison, FourCounts, compare

__all__ = ["comparable", "compared", "trend"]

_MOVES_SHOWN = 100


def compared(before: Before, judged: Sequence[Judged]) -> Comparison:
    """What counted then against what counts now, where both looked."""
    return compare(list(before.systems), [one.system for one in comparable(before, judged) if one.counts])


def comparable(before: Before, judged: Sequence[Judged]) -> list[Judged]:
    """Today's systems where the run before looked too."""
    return [one for one in judged if before.comparable is None or one.system.address in before.comparable]


def trend(
    before: Before,
    found: Comparison,
    now: Mapping[str, RegionRow],
    total: Four,
    shown: Shown,
    say: Language,
    *,
    measured: bool,
) -> Trend:
    """With today's rows as the country table shows them, so that two tables cannot be subtracted."""
    least = shown.min_cell
    earlier, world = counts_table([change.before for change in found.regions], least, measured=before.is_measured)
    rows = [
        TrendRow(
            code=change.region.country,
            name=country_name(change.region.country, say),
            before=earlier[index],
            after=now[change.region.country].four if change.region.country in now else _nothing(measured),
            judgement=change.judgement.value,
        )
        for index, change in enumerate(found.regions)
        if change.before != FourCounts() or change.after != FourCounts()
    ]
    gone, come = len(found.gone), len(found.new)
    few = any(0 < count < least for count in (gone, come))
    return Trend(
        started=before.started,
        world=TrendRow(
            code="", name=say("table.all"), before=world, after=total, judgement=found.world.judgement.value
        ),
        rows=tuple(rows if least < 2 else sorted(rows, key=lambda row: row.name)),
        gone=_balanced(gone, few, least),
        new=_balanced(come, few, least),
        moved=small(len(found.moved), least),
        moves=() if shown.hides_addresses or not shown.lists_systems else found.moved[:_MOVES_SHOWN],
        note=common_ground(before.common, say),
        dark=tuple(sorted(country_name(region.country, say) for region in found.dark)),
    )


def _nothing(measured: bool) -> Four:
    empty: Figure = 0 if measured else ""
    return Four(records=empty, images_linked=empty, images_accessible=empty, other_records=empty)


def _balanced(count: int, few: bool, least: int) -> Figure:
    """Before - gone + new = after: where one is small, both are withheld."""
    shown = small(count, least)
    return WITHHELD if few and isinstance(shown, int) and shown else shown

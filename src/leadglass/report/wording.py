"""The result, the method and its limits, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.report.model import NOT_MEASURED, Figure, Four, Headline, RunFacts, Shown, Trend
from leadglass.report.words import compact, counted, day, figure, share
from leadglass.survey.level import Level

__all__ = ["limits", "method", "sentences", "title"]


def title(run: RunFacts, *, has_before: bool) -> str:
    """For the cover and the browser's tab."""
    when = day(run.started)
    return f"Exposure of medical imaging, {when}" + (", and what has changed" if has_before else "")


def sentences(run: RunFacts, head: Headline, trend: Trend | None) -> tuple[str, ...]:
    """What was found, as one would say it. First of all if it is not all."""
    return tuple(_sentences(run, head, trend))


def _sentences(run: RunFacts, head: Headline, trend: Trend | None) -> Iterator[str]:
    four = head.four
    if run.finished is None:
        yield _unfinished(run)
    if not head.archives:
        yield "No imaging system was found in the scope."
    elif not four.systems:
        yield f"{_found(head)} None of them answers a stranger."
    else:
        part = share(four.systems, head.archives)
        yield (
            f"{_found(head)} {figure(four.systems)} of them"
            f"{f' ({part})' if part else ''} {'answers' if four.systems == 1 else 'answer'} a stranger who shows no "
            f"name, in {counted(head.countries_open, 'country', 'countries')}."
        )
        if four.records != NOT_MEASURED:
            yield _volumes(four)
    if four.others:
        others = counted(four.others, "database, share or interface", "databases, shares or interfaces")
        yield f"Beside them, {others} {'stands' if four.others == 1 else 'stand'} open."
    if trend is not None:
        yield _turn(trend)
        if trend.note:
            yield trend.note


def _unfinished(run: RunFacts) -> str:
    if run.looked_at is None or run.looked_at >= run.targets:
        return "This run did not come to its end: where it has not looked is unknown."
    return f"{run.looked_at:,} of {counted(run.targets, 'port')} were looked at; the rest is unknown."


def _volumes(four: Four) -> str:
    said = f"They list {_volume(four, 'records')} study records"
    if four.images_linked == NOT_MEASURED:
        return f"{said}; their images were not counted."
    return (
        f"{said} that speak of {_volume(four, 'images_linked')} images; {_volume(four, 'images_accessible')} of these "
        "could be fetched by anyone."
    )


def _volume(four: Four, name: str) -> str:
    value: Figure = getattr(four, name)
    return f"at least {compact(value)}" if name in four.at_least else compact(value)


def _found(head: Headline) -> str:
    return f"{counted(head.archives, 'imaging system')} {'was' if head.archives == 1 else 'were'} found."


def _turn(trend: Trend) -> str:
    before, after = trend.world.before, trend.world.after
    moved = ""
    if isinstance(trend.gone, int) and isinstance(trend.new, int):
        moved = f" {counted(trend.gone, 'open system')} went and {figure(trend.new)} came:"
    said = (
        f"Since {day(trend.started)},{moved} {figure(before.systems)} were open then, {figure(after.systems)} are now."
    )
    if not isinstance(before.records, int) or not isinstance(after.records, int):
        return said
    contrast = _contrast(before, after)
    return f"{said}{contrast} {_volume(before, 'records')} records then, {_volume(after, 'records')} now."


def _contrast(before: Four, after: Four) -> str:
    """Where systems and records went different ways: who counts only one of them would be misled."""
    if "records" in (*before.at_least, *after.at_least):
        return ""
    if isinstance(before.systems, str) or isinstance(after.systems, str):
        return ""
    if isinstance(before.records, str) or isinstance(after.records, str):
        return ""
    if after.systems < before.systems and after.records > before.records:
        return " Fewer systems hold more:"
    return " More systems hold less:" if after.systems > before.systems and after.records < before.records else ""


def method(run: RunFacts) -> tuple[str, ...]:
    """How it was measured."""
    steps = [
        "Nothing was contacted outside a signed scope, and nothing beyond the level its owner granted: "
        f"level {int(run.level)}, {run.level.words}.",
        "Whether a system is open was found out by asking for a study that does not exist, under an identifier drawn "
        "at random. An open system answers that it has none; a closed one refuses. No patient’s data move either "
        "way, but for systems that do not look at what they are asked for and begin to tell of studies they have: "
        "these are cut off at the first sign of it, and nothing is kept. No password was tried, nothing was stored, "
        "changed or exploited.",
        "A system is one address, with all of its ports. Its rung is what a stranger could reach there. “Accepts "
        "writes” is read from what a system offers, and never tried.",
    ]
    if run.level >= Level.COUNTS:
        steps.append(
            "Records and images were counted from statistics a system gives by itself, or from dated searches that ask "
            "for identifiers and numbers of images only; identifiers were hashed in memory and forgotten. “Images "
            "linked” are those the records speak of; “images accessible” those of systems that would also hand them "
            "out."
        )
    if run.level >= Level.KINDS:
        steps.append(
            "Kinds of personal data were found by looking at whether fields are filled, in no more records of a system "
            "than its owner granted; their identifiers were held in memory until then, and no value left the function "
            "that looked."
        )
    steps.append(
        "Between two runs a country is good if it had open systems and has none; ugly if its records grew and it is "
        "among the fewest countries that hold 75 % of all; bad if it has open systems otherwise; new if it had "
        "none before."
    )
    return tuple(steps)


def limits(run: RunFacts, four: Four, shown: Shown) -> tuple[str, ...]:
    """What the figures do not say."""
    told = [
        "This is what could be reached from where the survey ran, at that time. A system that was off, blocked us or "
        "listens elsewhere is not in the figures.",
        "Records are studies, not patients. Archives overlap: the same study may lie in two.",
        "Traps and demonstrations are told by their signs; without signs a system counts as exposure and is marked "
        "“unknown”. Nothing was dropped: what is not counted stands in the table of what the systems are.",
        "A flaw is listed where the version a system names is affected. Versions can be wrong or patched by others.",
    ]
    if run.level < Level.COUNTS:
        told.append("Records and images were not counted: the scope did not grant it.")
    if four.at_least:
        told.append(
            "“≥” stands where some systems were not counted, or not to the end; an empty cell, where none was counted."
        )
    if any(source != "probe" for source in run.sources):
        told.append("Part of it was imported from others’ scans, and is as old as they are.")
    if shown.min_cell > 1:
        told.append(
            f"Counts from 1 to {shown.min_cell - 1} are shown as “<{shown.min_cell}”, volumes of so few systems are "
            "withheld, and so are further cells where a small one could be worked out from a total. Single systems are "
            f"not listed, nor states and organisations with fewer than {shown.min_cell} of them; so few have no grade."
        )
    if isinstance(four.others, int) and four.others:
        told.append("Databases and shares are counted apart from imaging systems, and are not in the four counts.")
    return tuple(told)

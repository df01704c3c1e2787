"""The result, the method and its limits, in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.report.judged import Common
from leadglass.report.language import Language
from leadglass.report.model import NOT_MEASURED, Figure, Four, Headline, RunFacts, Shown, Trend
from leadglass.survey.level import Level

__all__ = ["common_ground", "limits", "method", "sentences", "title"]


def title(run: RunFacts, say: Language, *, has_before: bool) -> str:
    """For the cover and the browser's tab."""
    return say("title.compared" if has_before else "title.alone", day=say.day(run.started))


def sentences(run: RunFacts, head: Headline, trend: Trend | None, say: Language) -> tuple[str, ...]:
    """What was found, as one would say it. First of all if it is not all."""
    return tuple(_sentences(run, head, trend, say))


def _sentences(run: RunFacts, head: Headline, trend: Trend | None, say: Language) -> Iterator[str]:
    four = head.four
    if run.finished is None:
        yield _unfinished(run, say)
    if not head.archives:
        yield say("sentence.none_found")
    elif not four.systems:
        yield f"{say('sentence.found', head.archives)} {say('sentence.none_open', head.archives)}"
    else:
        part = say.share(four.systems, head.archives)
        where = say("sentence.where", head.countries_open)
        opened = say("sentence.open", four.systems, share=part and f" ({part})", where=where)
        if head.archives == 1:
            opened = say("sentence.only_open", where=where)
        yield f"{say('sentence.found', head.archives)} {opened}"
        if four.records != NOT_MEASURED:
            yield _volumes(four, say)
    if four.others:
        yield say("sentence.others", four.others)
    if trend is not None:
        yield _turn(trend, say)
        if trend.note:
            yield trend.note


def _unfinished(run: RunFacts, say: Language) -> str:
    if run.looked_at is None or run.looked_at >= run.targets:
        return say("sentence.unfinished")
    return say("sentence.unfinished_of", looked=run.looked_at, ports=say("figures.ports", run.targets))


def _volumes(four: Four, say: Language) -> str:
    if four.images_linked == NOT_MEASURED:
        return say("sentence.records", four.systems, records=_volume(four, "records", say))
    return say(
        "sentence.volumes",
        four.systems,
        records=_volume(four, "records", say),
        linked=_volume(four, "images_linked", say),
        accessible=_volume(four, "images_accessible", say),
    )


def _volume(four: Four, name: str, say: Language) -> str:
    value: Figure = getattr(four, name)
    return say("figures.at_least", value=say.spoken(value)) if name in four.at_least else say.spoken(value)


def _turn(trend: Trend, say: Language) -> str:
    before, after = trend.world.before, trend.world.after
    told = {"day": say.day(trend.started), "before": say.spoken(before.systems), "after": say.spoken(after.systems)}
    if isinstance(trend.gone, int) and isinstance(trend.new, int):
        gone = say("figures.open_systems", trend.gone)
        said = say("sentence.since_moved", gone=gone, new=trend.new, **told)
    else:
        said = say("sentence.since", **told)
    if not isinstance(before.records, int) or not isinstance(after.records, int):
        return said
    volumes = {"before": _volume(before, "records", say), "after": _volume(after, "records", say)}
    return f"{said} {say(_contrast(before, after), **volumes)}"


def _contrast(before: Four, after: Four) -> str:
    """Where systems and records went different ways: who counts only one of them would be misled."""
    same = "sentence.records_then"
    if "records" in (*before.at_least, *after.at_least):
        return same
    if isinstance(before.systems, str) or isinstance(after.systems, str):
        return same
    if isinstance(before.records, str) or isinstance(after.records, str):
        return same
    if after.systems < before.systems and after.records > before.records:
        return "sentence.fewer_hold_more"
    return "sentence.more_hold_less" if after.systems > before.systems and after.records < before.records else same


def common_ground(common: Common | None, say: Language) -> str:
    """Where not the whole of two runs is compared."""
    return "" if common is None else say("sentence.common", both=common.both, all=common.all)


def method(run: RunFacts, say: Language) -> tuple[str, ...]:
    """How it was measured."""
    steps = [
        say("method.scope", level=int(run.level), words=say(f"level.{int(run.level)}")),
        say("method.open"),
        say("method.rungs"),
    ]
    if run.level >= Level.COUNTS:
        steps.append(say("method.counts"))
    if run.level >= Level.KINDS:
        steps.append(say("method.kinds"))
    return (*steps, say("method.classes"))


def limits(run: RunFacts, four: Four, shown: Shown, say: Language) -> tuple[str, ...]:
    """What the figures do not say."""
    told = [say(f"limits.{name}") for name in ("reach", "studies", "traps", "flaws")]
    if run.level < Level.COUNTS:
        told.append(say("limits.uncounted"))
    if four.at_least:
        told.append(say("limits.at_least"))
    if any(source != "probe" for source in run.sources):
        told.append(say("limits.imported"))
    if shown.min_cell > 1:
        told.append(say("limits.min_cell", last=shown.min_cell - 1, least=shown.min_cell))
    if four.others:
        told.append(say("limits.others"))
    return tuple(told)

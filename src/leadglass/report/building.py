"""One run, counted once: what every form of the report shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leadglass.report import details, pictures, regions, trend, wording
from leadglass.report.geography import world
from leadglass.report.judged import Ingredients, Judged
from leadglass.report.language import language
from leadglass.report.model import (
    NOT_MEASURED,
    CaseRow,
    Credit,
    Figure,
    Four,
    Headline,
    RegionRow,
    ReportModel,
    RunFacts,
    Shown,
    TrendRow,
)
from leadglass.report.redacting import redacted
from leadglass.report.withholding import Overlapping, small, withheld_column
from leadglass.report.words import one_line
from leadglass.survey.level import Level

__all__ = ["build"]


def build(given: Ingredients) -> ReportModel:
    """The model. What may not be shown is not in it: no form can show it by mistake."""
    shown, least, say = given.shown, given.shown.min_cell, language(given.shown.language)
    judged = redacted(given.judged, shown)
    measured = _is_measured(given)
    countries = regions.country_table(judged, least, given.grade_of_group, say, measured=measured)
    rows, turned = countries.rows, None
    if given.before is not None:
        found = trend.compared(given.before, judged)
        common = countries  # the very same rows, so that two tables cannot be subtracted
        if given.before.comparable is not None:
            common = regions.country_table(
                trend.comparable(given.before, judged), least, given.grade_of_group, say, measured=measured
            )
        turned = trend.trend(
            given.before, found, {row.code: row for row in common.rows}, common.total, shown, say, measured=measured
        )
        rows = _judged_rows(rows, turned.rows)
    head = _headline(given, judged, countries)
    numbers = details.system_numbers(judged)
    beside = Overlapping(least, head.reached, head.archives, head.four.systems)
    tls, confidence = pictures.tls(judged, beside, say), pictures.confidence(judged, beside, say)
    software = details.software(judged, beside, given.known_flaws, say)
    return ReportModel(
        title=wording.title(given.run, say, has_before=turned is not None),
        made_at=given.made_at,
        run=_one_line(given.run),
        shown=shown,
        headline=head,
        sentences=wording.sentences(given.run, head, turned, say),
        countries=rows,
        states=regions.state_table(judged, least, given.grade_of_group, say, measured=measured),
        organisations=()
        if shown.hides_organisations
        else regions.organisation_table(judged, least, given.grade_of_group, say, measured=measured),
        ladder=pictures.ladder(judged, beside, say),
        tls=tls,
        certificates=pictures.certificates(judged, given.run.started, beside, say),
        software=software,
        leaks=details.leaks(judged, numbers, shown, say, measured=measured),
        confidence=confidence,
        reasons=pictures.reasons(judged, shown, say),
        kinds=pictures.kinds(judged, beside, say),
        rules=details.rules(judged, beside, say),
        findings=details.findings(judged, numbers, shown),
        cases=_cases(given.cases, shown),
        trend=turned,
        method=wording.method(given.run, say),
        limits=wording.limits(given.run, head.four, shown, say),
        credits=(*given.credits, Credit(what=say("credits.map"), text=world().credit, date=world().date)),
    )


def _one_line(run: RunFacts) -> RunFacts:
    """With texts that people wrote into the scope on one line each."""
    scope = run.scope
    return replace(
        run,
        scope=replace(
            scope,
            authority=one_line(scope.authority),
            responsible=one_line(scope.responsible),
            contact=one_line(scope.contact),
            reference=one_line(scope.reference),
        ),
    )


def _is_measured(given: Ingredients) -> bool:
    """Whether anything was counted, by this run or in what it imported."""
    return given.run.level >= Level.COUNTS or any(
        o.sighting.counts is not None for one in given.judged for o in one.system.observations
    )


def _headline(given: Ingredients, judged: list[Judged], countries: regions.Table) -> Headline:
    least = given.shown.min_cell
    opened = {one.system.place.country for one in judged if one.leaks and one.system.is_open_archive}
    reached, _ = withheld_column([sum(one.counts for one in judged)], least)
    return Headline(
        looked_at=_looked_at(given.run),
        reached=reached[0],
        archives=countries.archives,
        countries_open=small(len(opened), least),
        four=countries.total,
    )


def _looked_at(run: RunFacts) -> Figure:
    if run.finished is not None:
        return run.targets
    return NOT_MEASURED if run.looked_at is None else run.looked_at


def _judged_rows(rows: tuple[RegionRow, ...], turned: tuple[TrendRow, ...]) -> tuple[RegionRow, ...]:
    """Today's rows with their class, and rows for countries where nothing is found any more."""
    by_code = {row.code: row for row in turned}
    judged = [
        replace(row, judgement=by_code[row.code].judgement, before=by_code[row.code].before)
        if row.code in by_code
        else replace(row, before=Four())
        for row in rows
    ]
    seen = {row.code for row in rows}
    return (*judged, *(_gone(row) for row in turned if row.code not in seen))


def _gone(row: TrendRow) -> RegionRow:
    return RegionRow(
        code=row.code,
        name=row.name,
        country=row.name,
        archives=0,
        four=row.after,
        grade="",
        judgement=row.judgement,
        before=row.before,
        is_gone=True,
    )


def _cases(cases: Sequence[CaseRow], shown: Shown) -> tuple[CaseRow, ...]:
    if not shown.lists_systems:
        return ()
    return tuple(
        replace(
            case,
            address="" if shown.hides_addresses else case.address,
            organisation="" if shown.hides_organisations else one_line(case.organisation),
            last_step=one_line(case.last_step),
            law=one_line(case.law),
        )
        for case in cases
    )

"""One run, counted once: what every form of the report shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leadglass.report import details, pictures, regions, trend, wording
from leadglass.report.geography import world
from leadglass.report.judged import Ingredients, Judged
from leadglass.report.model import CaseRow, Credit, Four, Headline, RegionRow, ReportModel, RunFacts, Shown
from leadglass.report.redacting import redacted
from leadglass.report.withholding import small, withheld_column
from leadglass.report.words import one_line
from leadglass.survey.level import Level

__all__ = ["build"]


def build(given: Ingredients) -> ReportModel:
    """The model. What may not be shown is not in it: no form can show it by mistake."""
    shown, least = given.shown, given.shown.min_cell
    judged = redacted(given.judged, shown)
    measured = _is_measured(given)
    countries = regions.country_table(judged, least, given.grade_of_group, measured=measured)
    rows, turned = countries.rows, None
    if given.before is not None:
        found = trend.compared(given.before, judged)
        turned = trend.trend(
            given.before, found, {row.code: row for row in rows}, countries.total, shown, measured=measured
        )
        rows = _judged_rows(rows, {row.code: (row.judgement, row.before) for row in turned.rows})
    head = _headline(given, judged, countries)
    numbers = details.system_numbers(judged)
    return ReportModel(
        title=wording.title(given.run, has_before=turned is not None),
        made_at=given.made_at,
        run=_one_line(given.run),
        shown=shown,
        headline=head,
        sentences=wording.sentences(head, turned, measured=measured),
        countries=rows,
        states=regions.state_table(judged, least, given.grade_of_group, measured=measured),
        organisations=()
        if shown.hides_organisations
        else regions.organisation_table(judged, least, given.grade_of_group, measured=measured),
        ladder=pictures.ladder(judged, least),
        tls=pictures.tls(judged, least),
        certificates=pictures.certificates(judged, given.run.started, least),
        software=details.software(judged, least, given.known_flaws),
        leaks=details.leaks(judged, numbers, shown, measured=measured),
        confidence=pictures.confidence(judged, least),
        reasons=pictures.reasons(judged, least),
        kinds=pictures.kinds(judged, least),
        rules=details.rules(judged, least),
        findings=details.findings(judged, numbers, shown),
        cases=_cases(given.cases, shown),
        trend=turned,
        method=wording.method(given.run),
        limits=wording.limits(given.run, head.four, shown),
        credits=(*given.credits, Credit(what="world map", text=world().credit, date=world().date)),
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
    opened = {one.system.place.country for one in judged if one.leaks and one.system.is_archive}
    reached, _ = withheld_column([sum(one.counts for one in judged)], least)
    return Headline(
        looked_at=given.run.targets,
        reached=reached[0],
        archives=countries.archives,
        countries_open=small(len(opened), least),
        four=countries.total,
    )


def _judged_rows(rows: tuple[RegionRow, ...], judgements: dict[str, tuple[str, Four]]) -> tuple[RegionRow, ...]:
    none = ("", Four())
    return tuple(
        replace(row, judgement=judgements.get(row.code, none)[0], before=judgements.get(row.code, none)[1])
        for row in rows
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
            due=one_line(case.due),
        )
        for case in cases
    )

"""Runs on disk, judged and put together: what `leadglass survey report` and `compare` stand on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from leadglass import __version__
from leadglass.app.common_ground import common_ground
from leadglass.app.looking_back import scope_of
from leadglass.app.user_folder import user_folder
from leadglass.report.building import build
from leadglass.report.judged import Before, Common, Ingredients, Judged
from leadglass.report.language import Language, language
from leadglass.report.model import CaseRow, Credit, Cve, ReportModel, RunFacts, ScopeFacts, Shown
from leadglass.survey.cases.book import CaseBook
from leadglass.survey.cases.case import Case
from leadglass.survey.cases.clocks import deadlines
from leadglass.survey.comparing import By, Comparison, compare
from leadglass.survey.finding import Finding
from leadglass.survey.grading import Grade, grade_of_group, grade_of_system
from leadglass.survey.level import Level
from leadglass.survey.observation import Software
from leadglass.survey.records import Run
from leadglass.survey.rules import confidence_of, findings_of, fleets_of
from leadglass.survey.system import System
from leadglass.survey.targets.places import Places
from leadglass.survey.vulnerabilities import known_for
from leadglass.terms.errors import UserFault

__all__ = ["compare_runs", "judge", "model_of"]


def model_of(folder: Path, *, against: Path | None, cases: Path | None, shown: Shown) -> ReportModel:
    """The report of a run. UserFault if a folder holds none, or if the two cannot be compared."""
    run = Run.open(folder)
    systems = run.systems()
    return build(
        Ingredients(
            run=_facts(run, systems),
            judged=judge(systems, shown.language),
            made_at=datetime.now(UTC),
            grade_of_group=_grade_of_group,
            known_flaws=_known_flaws,
            shown=shown,
            before=None if against is None else _before(Run.open(against), run, shown),
            cases=() if cases is None else [_case(case) for case in CaseBook(cases).cases.values()],
            credits=(_places(language(shown.language)),),
        )
    )


def compare_runs(old: Path, new: Path, by: By) -> tuple[Comparison, str]:
    """Two runs by what counts in them, without traps and test data, where both looked; and in words, where that is not
    all. UserFault if one is not finished."""
    ground = common_ground(Run.open(old), Run.open(new))
    return compare(ground.old, ground.new, by), ground.note


def judge(systems: Sequence[System], spoken: str = "en") -> list[Judged]:
    """Every system with its findings in that language, what it most likely is, and its grade."""
    fleets = fleets_of(systems)
    findings = findings_of(systems, fleets, spoken)
    by_address: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        by_address[finding.address].append(finding)
    return [
        Judged(
            system=system,
            findings=tuple(by_address[system.address]),
            confidence=confidence_of(system, fleets),
            grade=grade_of_system(system, by_address[system.address]),
        )
        for system in systems
    ]


def _before(old: Run, new: Run, shown: Shown) -> Before:
    ground = common_ground(old, new)
    if ground.addresses is not None and not shown.lists_systems:
        raise UserFault(
            "the two runs did not look at the same addresses: what they share, beside the whole, would give small "
            "cells away",
            "Leave out --against or --min-cell, or compare runs of the same scope.",
        )
    return Before(
        started=old.facts.started,
        systems=ground.old,
        is_measured=old.facts.level >= Level.COUNTS or _is_counted(ground.old),
        comparable=ground.addresses,
        common=None if ground.addresses is None else Common(len(ground.addresses), ground.found),
    )


def _is_counted(systems: Sequence[System]) -> bool:
    return any(o.sighting.counts is not None for system in systems for o in system.observations)


def _grade_of_group(group: Sequence[Judged], kind: Literal["organisation", "region"]) -> str:
    return grade_of_group([Grade(one.grade) for one in group], kind)


def _known_flaws(software: Software) -> list[Cve]:
    """What is certain; what is only possible stands in the findings."""
    return [
        Cve(id=known.cve, cvss=known.cvss, kind=known.kind, fixed_in=known.fixed_in, advisory=known.advisory)
        for known in known_for(software)
        if known.is_certain
    ]


def _facts(run: Run, systems: Sequence[System]) -> RunFacts:
    facts = run.facts
    seen = [observation for system in systems for observation in system.observations]
    return RunFacts(
        id=facts.id,
        started=facts.started,
        finished=facts.finished,
        level=facts.level,
        product_version=facts.product.rpartition(" ")[2] or __version__,
        targets=max(facts.totals.get("targets", 0), len(seen)),
        looked_at=facts.totals["before"] + facts.totals["looked_at"] if "looked_at" in facts.totals else None,
        scope=_scope(run),
        sources=tuple(sorted({observation.source for observation in seen})),
    )


def _scope(run: Run) -> ScopeFacts:
    """From the copy in the run's folder; `survey self` needs none."""
    scope = scope_of(run)
    if scope is None:
        return ScopeFacts(contact=run.facts.caller.contact)
    return ScopeFacts(
        authority=scope.authority.organisation,
        responsible=scope.authority.person,
        contact=scope.authority.contact,
        reference=scope.authority.reference,
        valid_from=scope.valid_from,
        valid_until=scope.valid_until,
        digest=run.facts.scope_digest,
    )


def _case(case: Case) -> CaseRow:
    clocks = [
        clock
        for clock in deadlines(case.opened.country, case.last_seen.records, case.noticed_at)
        if clock.due is not None and case.closed_at is None
    ]
    return CaseRow(
        id=case.id,
        organisation=case.opened.organisation,
        address=case.address,
        state=case.state,
        opened=case.opened.at,
        last_step=str(type(case.history[-1]).__struct_config__.tag),
        law=clocks[0].law if clocks else "",
        due=clocks[0].due if clocks else None,
        closed=case.closed_at,
    )


def _places(say: Language) -> Credit:
    known = Places(user_folder() / "places")
    return Credit(what=say("credits.places"), text=known.credit, date=known.date)

"""A run as a report gets it, without rules, grading or a CVE table: seeded, and small enough to look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from helpers.survey_world import SEEN, seeded_systems, sixty_days_later
from leadglass.report.building import build
from leadglass.report.judged import Before, Ingredients, Judged
from leadglass.report.model import CaseRow, Credit, Cve, ReportModel, RunFacts, ScopeFacts, Shown
from leadglass.survey.finding import Confidence, Finding, Reality, Severity
from leadglass.survey.level import Level
from leadglass.survey.observation import Rung, Software
from leadglass.survey.system import System

__all__ = ["RUN", "ingredients", "judge", "model"]

RUN = RunFacts(
    id="2026-11-13-0830",
    started=SEEN + timedelta(days=60),
    finished=SEEN + timedelta(days=60, minutes=7),
    level=Level.KINDS,
    product_version="0.1.0",
    targets=18_400,
    scope=ScopeFacts(
        authority="Example CERT",
        responsible="The officer on duty",
        contact="survey@example.org",
        reference="EX-2026-11",
        valid_from=datetime(2026, 9, 1, tzinfo=UTC),
        valid_until=datetime(2026, 12, 31, tzinfo=UTC),
        digest="5f" * 32,
    ),
    sources=("probe",),
)
_CVES = {
    "Orthanc": (Cve(id="CVE-2026-5437", cvss=9.1, kind="out-of-bounds read", fixed_in="1.12.11"),),
    "dcm4chee-arc-light": (
        Cve(
            id="CVE-2026-105279", cvss=9.8, kind="missing authentication", fixed_in="5.35.2", advisory="ICSMA-26-288-02"
        ),
        Cve(id="CVE-2026-105667", cvss=7.5, kind="HL7 merges without authentication", fixed_in="5.35.2"),
    ),
}


def known_flaws(runs: Software) -> Sequence[Cve]:
    return _CVES.get(runs.product, ())


def judge(system: System) -> Judged:
    """By the simplest of rules."""
    honeypot = any(sign.means == "honeypot" for o in system.observations for sign in o.sighting.signs)
    reality = Reality.HONEYPOT if honeypot else Reality.REAL if system.records > 3000 else Reality.UNKNOWN
    why = ("known honeypot class UID",) if honeypot else ("several thousand records",) if system.records > 3000 else ()
    confidence = Confidence(reality=reality, reasons=why)
    return Judged(system=system, findings=_findings(system, confidence), confidence=confidence, grade=_grade(system))


def _grade(system: System) -> str:
    return {
        Rung.ACCEPTS_WRITES: "F",
        Rung.SERVES_IMAGES: "F",
        Rung.ANSWERS_QUERIES: "E",
        Rung.ACCEPTS_STRANGERS: "C",
    }.get(system.rung, "B")


def _findings(system: System, confidence: Confidence) -> tuple[Finding, ...]:
    rungs, found = system.rungs, []
    first = system.observations[0]

    def say(rule: str, severity: Severity, title: str, advice: str, cves: Sequence[str] = ()) -> None:
        found.append(
            Finding(
                rule=rule,
                address=system.address,
                port=first.target.port,
                severity=severity,
                confidence=confidence,
                title=title,
                what=f"{title}: seen at {system.address} of {system.place.organisation or 'nobody known'}.",
                advice=advice,
                observations=(first.number,),
                evidence=(first.evidence,),
                cves=tuple(cves),
            )
        )

    if Rung.ANSWERS_QUERIES in rungs:
        say(
            "dicom-answers-strangers",
            Severity.CRITICAL,
            "Anyone can list patients",
            "Orthanc: set DicomAlwaysAllowFind to false and name the devices under DicomModalities.",
        )
    if Rung.SERVES_IMAGES in rungs:
        say(
            "dicom-serves-strangers",
            Severity.CRITICAL,
            "Anyone can fetch images",
            "Orthanc: set DicomAlwaysAllowGet to false.",
        )
    if not first.sighting.speaks_tls:
        say("dicom-in-clear", Severity.HIGH, "DICOM is spoken in clear", "Switch on TLS with profile B.12 of PS3.15.")
    if flaws := known_flaws(system.software):
        say(
            "known-flaw",
            Severity.HIGH,
            "The software has known flaws",
            f"Update to {flaws[0].fixed_in} or newer.",
            [flaw.id for flaw in flaws],
        )
    return tuple(found)


def _worst(group: Sequence[Judged], kind: str) -> str:
    return max((one.grade for one in group), default="A")


def _case(index: int, one: Judged) -> CaseRow:
    closed = index % 4 == 3
    return CaseRow(
        id=f"case-{index + 1:03}",
        organisation=one.system.place.organisation,
        address=one.system.address,
        state="closed" if closed else "open",
        opened=SEEN,
        last_step="closed" if closed else "notice sent" if index % 2 else "owner",
        law="" if closed else "HIPAA, 45 CFR 164.404",
        due=None if closed else SEEN + timedelta(days=60),
        closed=SEEN + timedelta(days=12) if closed else None,
    )


def ingredients(systems: Sequence[System] | None = None, *, compared: bool = True, **changed: Any) -> Ingredients:
    """Of the seeded world sixty days later, or of `systems`."""
    old = seeded_systems()
    judged = [judge(one) for one in (sixty_days_later(old) if systems is None else systems)]
    before = Before(started=SEEN, systems=[one for one in old if judge(one).counts])
    values: dict[str, Any] = {
        "run": RUN,
        "judged": judged,
        "made_at": RUN.started + timedelta(hours=1),
        "grade_of_group": _worst,
        "known_flaws": known_flaws,
        "before": before if compared and systems is None else None,
        "cases": [_case(index, one) for index, one in enumerate([one for one in judged if one.leaks][:6])],
        "credits": (Credit(what="countries of addresses", text="Example registry data, CC0", date="17 Jun 2026"),),
    }
    return Ingredients(**(values | changed))


def model(systems: Sequence[System] | None = None, **changed: Any) -> ReportModel:
    """The model of it; `min_cell=5` and the like go to what is shown."""
    fields = {name: changed.pop(name) for name in list(changed) if name in Shown.__slots__}
    return build(ingredients(systems, shown=Shown(**fields), **changed))

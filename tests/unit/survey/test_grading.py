"""Grades follow the table, and no finding ever betters one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sightings import handshake, observation, system, tried
from leadglass.net.conversing import Ending
from leadglass.survey.finding import Confidence, Finding, Reality, Severity
from leadglass.survey.grading import Grade, grade_of_group, grade_of_system
from leadglass.survey.observation import Act, DicomFacts, Sighting, Software, Try, Verdict
from leadglass.survey.rules import RULES, findings_of
from leadglass.survey.system import System

SPOKEN = tried(Act.SPEAK, "A-ASSOCIATE")


def standing(*tries: Try, address: str = "192.0.2.1") -> System:
    return system(observation(1, Sighting(ending=Ending.OVER, tries=tries), address=address), address=address)


def finding(rule: str = "a-rule", severity: Severity = Severity.LOW, address: str = "192.0.2.1") -> Finding:
    return Finding(
        rule=rule,
        address=address,
        port=104,
        severity=severity,
        confidence=Confidence(reality=Reality.UNKNOWN, reasons=()),
        title="",
        what="",
        advice="",
        observations=(1,),
        evidence=(),
    )


@pytest.mark.parametrize(
    ("tries", "grade"),
    [
        ([], "A"),
        ([SPOKEN], "A"),
        ([SPOKEN, tried(Act.QUERY, "C-FIND", Verdict.CLOSED)], "A"),
        ([SPOKEN, tried(Act.ENTER, "C-ECHO")], "C"),
        ([SPOKEN, tried(Act.WRITE, "C-STORE")], "E"),
        ([SPOKEN, tried(Act.QUERY, "C-FIND")], "F"),
        ([SPOKEN, tried(Act.RETRIEVE, "C-GET")], "F"),
        ([SPOKEN, tried(Act.QUERY, "C-FIND"), tried(Act.WRITE, "C-STORE")], "F"),
    ],
)
def test_by_rung(tries: list[Try], grade: str) -> None:
    assert grade_of_system(standing(*tries), []) == grade


@pytest.mark.parametrize(
    ("rule", "severity", "grade"),
    [
        ("a-rule", Severity.NONE, "A"),
        ("a-rule", Severity.LOW, "B"),
        ("a-rule", Severity.MEDIUM, "C"),
        ("a-rule", Severity.HIGH, "E"),
        ("a-rule", Severity.CRITICAL, "F"),
        ("version-disclosed", Severity.LOW, "A"),
        ("known-vulnerability", Severity.CRITICAL, "E"),
    ],
)
def test_by_finding(rule: str, severity: Severity, grade: str) -> None:
    assert grade_of_system(standing(SPOKEN), [finding(rule, severity)]) == grade
    assert grade_of_system(standing(SPOKEN), [finding(rule, severity, "192.0.2.2")]) == "A"


def test_an_archive_that_turns_strangers_away_over_tls_is_an_a() -> None:
    facts = DicomFacts(association="rejected", reject=(1, 1, 1), implementation_version_name="LEADGLASS_010")
    seen = Sighting(
        ending=Ending.OVER,
        tries=(SPOKEN, tried(Act.ENTER, "C-ECHO", Verdict.CLOSED), tried(Act.QUERY, "C-FIND", Verdict.CLOSED)),
        facts=facts,
        software=Software(product="Leadglass", version="0.1.0"),
        handshakes=(handshake(),),
        speaks_tls=True,
    )
    archive = system(observation(1, seen))
    findings = findings_of([archive])
    assert [f.rule for f in findings] == ["version-disclosed"]
    assert grade_of_system(archive, findings) is Grade.A


RUNGS = [SPOKEN, *(tried(act, "C-FIND") for act in Act)]
FINDINGS = st.builds(
    finding, st.sampled_from(["a-rule", *(r.name for r in RULES)]), st.sampled_from(Severity), st.just("192.0.2.1")
)


@given(st.lists(st.sampled_from(RUNGS)), st.lists(FINDINGS), FINDINGS)
def test_a_finding_never_betters_a_grade(tries: list[Try], findings: list[Finding], more: Finding) -> None:
    seen = standing(*tries)
    assert grade_of_system(seen, [*findings, more]) >= grade_of_system(seen, findings)


@given(
    st.lists(st.sampled_from(Grade), min_size=1),
    st.integers(min_value=0),
    st.sampled_from(Grade),
    st.sampled_from(["organisation", "region"]),
)
def test_a_worse_system_never_betters_its_group(grades: list[Grade], which: int, worse: Grade, kind: str) -> None:
    after = list(grades)
    after[which % len(grades)] = max(worse, after[which % len(grades)])
    assert grade_of_group(after, kind) >= grade_of_group(grades, kind)  # type: ignore[arg-type]


def test_groups() -> None:
    assert grade_of_group([], "region") is Grade.A
    assert grade_of_group([Grade.A] * 50 + [Grade.C], "organisation") is Grade.C
    assert grade_of_group([Grade.A] * 999 + [Grade.F], "region") is Grade.A
    assert grade_of_group([Grade.A] * 99 + [Grade.F] * 2, "region") is Grade.B
    assert grade_of_group([Grade.A] * 3 + [Grade.F], "region") is Grade.E
    assert grade_of_group([Grade.F] * 3 + [Grade.A], "region") is Grade.F
    assert grade_of_group([Grade.F], "region") is Grade.F

"""Invariant: each status has one meaning, and each sign of a honeypot or test tool is seen with its weight."""

from __future__ import annotations

import pytest

from leadglass.survey.observation import DicomFacts, Verdict
from leadglass.survey.probes.dicom_signs import signs_of
from leadglass.survey.probes.dicom_verdicts import verdict_of

DCMTK = "1.2.276.0.7230010.3.0.3.6.7"


@pytest.mark.parametrize(
    ("how", "status", "uid", "verdict"),
    [
        ("C-FIND", 0x0000, "", Verdict.OPEN),
        ("C-GET", 0xB000, "", Verdict.OPEN),
        ("C-GET", 0x0112, "", Verdict.OPEN),
        ("C-GET", 0xC000, DCMTK, Verdict.OPEN),
        ("C-GET", 0xC000, "1.2.3", Verdict.UNCLEAR),
        ("C-FIND", 0xC000, DCMTK, Verdict.UNCLEAR),
        ("C-FIND", 0x0122, "", Verdict.CLOSED),
        ("C-FIND", 0x0124, DCMTK, Verdict.CLOSED),
        ("C-MOVE", 0xA801, "", Verdict.CLOSED),
        ("C-MOVE", 0x0000, "", Verdict.UNCLEAR),
        ("C-MOVE", 0xC000, DCMTK, Verdict.UNCLEAR),
        ("C-FIND", 0xA700, "", Verdict.UNCLEAR),
        ("C-FIND", -1, "", Verdict.UNCLEAR),
    ],
)
def test_meanings(how: str, status: int, uid: str, verdict: Verdict) -> None:
    assert verdict_of(how, status, uid) is verdict


@pytest.mark.parametrize(
    ("uid", "name", "port", "signs"),
    [
        ("1.2.826.0.1.3680043.9.7133.1.1", "GODICOM_1_1", 104, [("honeypot", 3)]),
        ("1.2.826.0.1.3680043.9.3811.3.0.4", "PYNETDICOM_304", 11112, [("honeypot", 1)]),
        ("1.2.826.0.1.3680043.9.3811.3.0.4", "PYNETDICOM_304", 4000, []),
        ("1.2.826.0.1.3680043.2.1545.1.2.1.7", "dvt2.1", 104, [("test data", 2)]),
        (DCMTK, "OFFIS_DCMTK_367", 104, []),
        ("", "", 104, []),
    ],
)
def test_signs(uid: str, name: str, port: int, signs: list[tuple[str, int]]) -> None:
    facts = DicomFacts(association="accepted", implementation_class_uid=uid, implementation_version_name=name)
    assert [(sign.means, sign.weight) for sign in signs_of(facts, port)] == signs

"""Invariant: a weakness is certain only if all versions it may be are affected; without a version nothing is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leadglass.survey.facts import table
from leadglass.survey.observation import Software
from leadglass.survey.vulnerabilities import Vulnerability, known_for


def found(software: Software) -> dict[str, Vulnerability]:
    return {known.cve: known for known in known_for(software)}


@pytest.mark.parametrize(
    ("version", "is_known"),
    [("1.12.10", True), ("1.12.9", True), ("1.12.11", False), ("1.13.0", False), ("1.12", True), ("2.0", False)],
)
def test_through(version: str, is_known: bool) -> None:
    assert ("CVE-2026-5442" in found(Software(product="Orthanc", version=version))) is is_known


@pytest.mark.parametrize(("version", "is_known"), [("1.5.7", True), ("1.5.8", False), ("1.5.10", False)])
def test_before(version: str, is_known: bool) -> None:
    assert ("CVE-2025-0896" in found(Software(product="Orthanc", version=version))) is is_known


def test_zeros_at_the_end_say_nothing() -> None:
    for version, is_known in (("1.11.9", True), ("1.12", False), ("1.12.0", False), ("1.12.0.0", False)):
        assert ("CVE-2023-33466" in found(Software(product="Orthanc", version=version))) is is_known


def test_a_range_that_ends_where_the_weakness_begins_is_not_concerned() -> None:
    before = Software(product="dcm4chee-arc", version="5.30", version_before="5.35.1")
    assert "CVE-2026-105279" not in found(before)
    assert "CVE-2026-105279" in found(replace(before, version_before="5.35.2"))


def test_exactly() -> None:
    assert "CVE-2026-105279" in found(Software(product="dcm4chee-arc", version="5.35.1"))
    assert "CVE-2026-105279" not in found(Software(product="dcm4chee-arc", version="5.35.2"))


def test_a_range_that_overlaps_in_part_is_possible() -> None:
    some = found(Software(product="Orthanc", version="1.12.6", version_before="2"))
    assert not some["CVE-2026-5442"].is_certain
    every = found(Software(product="Orthanc", version="1.11.2", version_before="1.12.3"))
    assert every["CVE-2026-5442"].is_certain
    assert every["CVE-2026-5442"].cvss == 9.8
    assert every["CVE-2026-5442"].fixed_in == "1.12.11"


def test_the_toolkit_counts_too_and_its_programs_are_possible() -> None:
    known = found(Software(product="Somebody's PACS", toolkit="DCMTK 3.6.7"))
    assert known["CVE-2022-43272"].is_certain
    assert not known["CVE-2026-52868"].is_certain
    assert known["CVE-2026-52868"].component == "wlmscpfs"
    assert "CVE-2022-2119" not in known


@pytest.mark.parametrize(
    "software",
    [
        Software(),
        Software(product="Orthanc"),
        Software(product="Orthanc", version="mainline"),
        Software(toolkit="DCMTK"),
        Software(product="Nobody", version="1.0"),
    ],
)
def test_without_a_version_nothing_is_said(software: Software) -> None:
    assert known_for(software) == ()


def test_the_certain_and_the_worst_come_first() -> None:
    known = known_for(Software(toolkit="DCMTK 3.6.1"))
    certain = [one.is_certain for one in known]
    assert certain == sorted(certain, reverse=True)
    scores = [one.cvss or 0.0 for one in known if one.is_certain]
    assert scores == sorted(scores, reverse=True)


def test_both_tables_speak_of_the_same() -> None:
    words = {row["cve"] for row in table("cves")}
    for row in table("affected"):
        assert row["cve"] in words
        assert row["through"] or row["before"]
        assert not (row["through"] and row["before"])

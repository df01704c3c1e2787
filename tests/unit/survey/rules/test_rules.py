"""Each rule fires where it should, not where it should not, and as gravely as the page of findings says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from helpers.sightings import AT, certificate, handshake, observation, system, tried
from leadglass.net.conversing import Ending, TlsOffer
from leadglass.survey.finding import Finding, Severity
from leadglass.survey.observation import (
    Act,
    Collection,
    Counts,
    DatabaseFacts,
    DicomFacts,
    HttpFacts,
    Sighting,
    Software,
    Try,
    Verdict,
)
from leadglass.survey.rules import RULES, findings_of, known_vulnerability
from leadglass.survey.vulnerabilities import Vulnerability

SPOKEN = tried(Act.SPEAK, "A-ASSOCIATE")
ENTERED = tried(Act.ENTER, "C-ECHO")


def sighting(*tries: Try, **fields: Any) -> Sighting:
    return Sighting(**({"ending": Ending.OVER, "tries": tries} | fields))


def found(*seen: Sighting, **target: Any) -> dict[str, Finding]:
    """Findings of one system by rule; each sighting at a port of its own."""
    doors = [observation(n, one, **({"port": 100 + n, "address": "192.0.2.1"} | target)) for n, one in enumerate(seen)]
    return {finding.rule: finding for finding in findings_of([system(*doors)])}


def database(how: str, act: Act = Act.LIST) -> Sighting:
    return sighting(tried(act, how), facts=DatabaseFacts(asks_for_password=False))


def shaken(**changes: Any) -> Sighting:
    return sighting(SPOKEN, handshakes=(handshake(**changes),), speaks_tls=True)


def shown(**changes: Any) -> Sighting:
    return shaken(certificate=certificate(**changes))


FIRES: list[tuple[str, Sighting, Severity]] = [
    ("dicom-answers-strangers", sighting(tried(Act.QUERY, "C-FIND")), Severity.CRITICAL),
    ("dicom-answers-strangers", sighting(tried(Act.QUERY, "QIDO-RS")), Severity.CRITICAL),
    ("database-without-password", database("MySQL", Act.ENTER), Severity.HIGH),
    ("dicom-answers-strangers", sighting(tried(Act.QUERY, "C-FIND"), counts=Counts(records=0)), Severity.MEDIUM),
    ("serves-images", sighting(tried(Act.RETRIEVE, "C-GET")), Severity.CRITICAL),
    ("serves-images", sighting(tried(Act.RETRIEVE, "C-MOVE")), Severity.CRITICAL),
    ("serves-images", sighting(tried(Act.RETRIEVE, "WADO-RS")), Severity.CRITICAL),
    ("worklist-open", sighting(tried(Act.WORKLIST, "worklist C-FIND")), Severity.CRITICAL),
    ("orthanc-rest-open", sighting(tried(Act.ENTER, "Orthanc REST")), Severity.CRITICAL),
    ("dcm4chee-rest-open", sighting(tried(Act.QUERY, "dcm4chee REST")), Severity.CRITICAL),
    ("open-viewer", sighting(tried(Act.ENTER, "viewer")), Severity.CRITICAL),
    ("fhir-open", sighting(tried(Act.QUERY, "FHIR")), Severity.CRITICAL),
    *[
        ("database-without-password", database(how), Severity.CRITICAL)
        for how in ("Elasticsearch", "CouchDB", "MongoDB", "PostgreSQL", "MySQL", "Redis")
    ],
    ("personal-data-fields-exposed", sighting(kinds=("name",)), Severity.HIGH),
    *[
        ("personal-data-fields-exposed", sighting(kinds=("name", grave)), Severity.CRITICAL)
        for grave in ("national id", "diagnosis", "notes", "insurance")
    ],
    (
        "personal-data-fields-exposed",
        sighting(facts=HttpFacts(collections=(Collection(name="cases", kinds=("diagnosis",)),))),
        Severity.CRITICAL,
    ),
    ("accepts-writes", sighting(tried(Act.WRITE, "C-STORE"), facts=DicomFacts()), Severity.HIGH),
    ("hl7-accepts-anything", sighting(tried(Act.ENTER, "MLLP")), Severity.HIGH),
    ("open-listing", sighting(tried(Act.LIST, "listing")), Severity.HIGH),
    ("bucket-listing", sighting(tried(Act.LIST, "S3")), Severity.HIGH),
    ("ftp-anonymous", sighting(tried(Act.ENTER, "FTP")), Severity.HIGH),
    ("smb-null-session", sighting(tried(Act.ENTER, "SMB")), Severity.HIGH),
    ("accepts-any-ae", sighting(ENTERED, facts=DicomFacts(checks_ae_titles=False)), Severity.MEDIUM),
    ("user-identity-not-demanded", sighting(ENTERED, facts=DicomFacts(demands_user_identity=False)), Severity.LOW),
    ("no-tls", sighting(SPOKEN, ENTERED, speaks_tls=False), Severity.MEDIUM),
    ("no-tls", sighting(SPOKEN, speaks_tls=False), Severity.LOW),
    ("retired-tls", shaken(version="TLSv1.1", offer=TlsOffer.RETIRED), Severity.MEDIUM),
    ("retired-tls", shaken(version="TLSv1.2", offer=TlsOffer.RETIRED), Severity.MEDIUM),
    *[("retired-tls", shaken(version=version), Severity.MEDIUM) for version in ("SSLv3", "TLSv1", "TLSv1.1")],
    ("certificate-expired", shown(not_after=AT - timedelta(days=1)), Severity.MEDIUM),
    ("certificate-expired", shown(not_before=AT + timedelta(days=1)), Severity.MEDIUM),
    ("certificate-self-signed", shown(is_self_signed=True), Severity.LOW),
    ("end-of-life-software", sighting(software=Software(product="ClearCanvas", is_end_of_life=True)), Severity.MEDIUM),
    ("version-disclosed", sighting(software=Software(product="Some archive", version="1.2")), Severity.LOW),
    ("known-vulnerability", sighting(software=Software(product="dcm4chee-arc", version="5.35.1")), Severity.MEDIUM),
    ("possible-vulnerability", sighting(software=Software(toolkit="DCMTK 3.6.2")), Severity.LOW),
]
STAYS_SILENT: list[tuple[str, Sighting]] = [
    ("dicom-answers-strangers", sighting(tried(Act.QUERY, "FHIR"))),
    ("serves-images", sighting(tried(Act.RETRIEVE, "C-GET", Verdict.UNCLEAR))),
    ("accepts-writes", sighting(tried(Act.WRITE, "MLLP"))),
    ("fhir-open", sighting(tried(Act.ENTER, "FHIR"))),
    ("database-without-password", sighting(SPOKEN, facts=DatabaseFacts(asks_for_password=True))),
    ("personal-data-fields-exposed", sighting(facts=HttpFacts(collections=(Collection(name="patients"),)))),
    ("accepts-any-ae", sighting(SPOKEN, facts=DicomFacts(checks_ae_titles=True))),
    ("accepts-any-ae", sighting(ENTERED, facts=DicomFacts())),
    ("user-identity-not-demanded", sighting(SPOKEN, facts=DicomFacts(demands_user_identity=False))),
    ("no-tls", sighting(SPOKEN, speaks_tls=True)),
    ("no-tls", sighting(SPOKEN)),
    ("no-tls", sighting(speaks_tls=False)),
    ("retired-tls", shaken()),
    ("retired-tls", shaken(offer=TlsOffer.RETIRED, version="", fault="no agreement", certificate=None)),
    ("retired-tls", shaken(offer=TlsOffer.RETIRED, version="TLSv1.2", fault="certificate required")),
    ("certificate-expired", shown()),
    ("certificate-self-signed", shown()),
    ("certificate-self-signed", shaken(certificate=None)),
    ("end-of-life-software", sighting(software=Software(product="Orthanc", version="1.12.10"))),
    ("version-disclosed", sighting(software=Software(toolkit="DCMTK 3.6.7"))),
    ("version-disclosed", sighting(software=Software(product="Orthanc", version="1.9.0", version_before="1.11.2"))),
    ("known-vulnerability", sighting(software=Software(product="dcm4chee-arc", version="99.0"))),
    ("known-vulnerability", sighting(software=Software(product="dcm4chee-arc"))),
    ("possible-vulnerability", sighting(software=Software())),
]


@pytest.mark.parametrize(("rule", "seen", "severity"), FIRES)
def test_it_fires(rule: str, seen: Sighting, severity: Severity) -> None:
    finding = found(seen)[rule]
    assert finding.severity is severity
    assert (finding.address, finding.port) == ("192.0.2.1", 100)
    assert finding.observations == (0,)
    assert finding.evidence == (f"{0:064x}",)


def test_an_encrypted_door_beside_it_makes_a_plain_one_a_remark() -> None:
    turned_away, encrypted = sighting(SPOKEN, speaks_tls=False), sighting(SPOKEN, speaks_tls=True)
    assert found(turned_away, encrypted)["no-tls"].severity is Severity.NONE
    assert found(sighting(SPOKEN, ENTERED, speaks_tls=False), encrypted)["no-tls"].severity is Severity.MEDIUM


@pytest.mark.parametrize(("rule", "seen"), STAYS_SILENT)
def test_it_stays_silent(rule: str, seen: Sighting) -> None:
    assert rule not in found(seen)


@pytest.mark.parametrize(("rule", "seen", "severity"), FIRES)
@pytest.mark.parametrize("verdict", [Verdict.CLOSED, Verdict.UNCLEAR, Verdict.NOT_OFFERED])
def test_a_closed_door_is_no_finding(rule: str, seen: Sighting, severity: Severity, verdict: Verdict) -> None:
    tries = tuple(tried(t.act, t.how, verdict) for t in seen.tries)
    if tries and not (seen.kinds or seen.handshakes):
        assert rule not in found(sighting(*tries, facts=seen.facts, speaks_tls=seen.speaks_tls))


def test_every_rule_is_tested() -> None:
    names = [rule.name for rule in RULES]
    assert {rule for rule, *_ in FIRES} == set(names)
    assert len(set(names)) == len(names)


def test_nothing_seen_nothing_found() -> None:
    assert found(sighting()) == {}
    assert findings_of([]) == []


def test_once_for_each_door() -> None:
    seen = sighting(tried(Act.QUERY, "C-FIND"))
    empty = sighting(tried(Act.QUERY, "C-FIND"), counts=Counts(records=0))

    def doors(*ports: int) -> list[Finding]:
        pairs = zip(ports, (empty, seen), strict=True)
        both = [observation(n, one, port=port, address="192.0.2.1") for n, (port, one) in enumerate(pairs)]
        return [f for f in findings_of([system(*both)]) if f.rule == "dicom-answers-strangers"]

    assert [f.port for f in doors(104, 11112)] == [104, 11112]
    assert [f.severity for f in doors(104, 104)] == [Severity.CRITICAL]


def test_advice_is_of_the_product() -> None:
    orthanc = Software(product="Orthanc", version="1.12.10")
    assert (
        "DicomAlwaysAllowFind"
        in found(sighting(tried(Act.QUERY, "C-FIND"), software=orthanc))["dicom-answers-strangers"].advice
    )
    toolkit = Software(toolkit="DCMTK 3.6.7")
    assert "dcmqrscp.cfg" in found(sighting(tried(Act.RETRIEVE, "C-GET"), software=toolkit))["serves-images"].advice
    assert "bindIp" in found(database("MongoDB"))["database-without-password"].advice


def weakness(cvss: float | None, reach: str = "network") -> Vulnerability:
    words = {"cve": "CVE-2026-1", "product": "x", "component": "", "fixed_in": "", "kind": "", "advisory": ""}
    return Vulnerability(**words, cvss=cvss, reach=reach, is_certain=True)


@pytest.mark.parametrize(
    ("weaknesses", "severity"),
    [
        ([weakness(9.0)], Severity.CRITICAL),
        ([weakness(8.9)], Severity.HIGH),
        ([weakness(7.0)], Severity.HIGH),
        ([weakness(6.9)], Severity.MEDIUM),
        ([weakness(4.0)], Severity.MEDIUM),
        ([weakness(3.9)], Severity.LOW),
        ([weakness(None)], Severity.MEDIUM),
        ([weakness(9.8, "network, authenticated")], Severity.CRITICAL),
        ([weakness(9.8, "file")], Severity.MEDIUM),
        ([weakness(3.9, "file")], Severity.LOW),
        ([weakness(3.9), weakness(7.0), weakness(None)], Severity.HIGH),
    ],
)
def test_a_vulnerability_is_as_grave_as_its_score(
    weaknesses: list[Vulnerability], severity: Severity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_vulnerability, "known_for", lambda _: weaknesses)
    assert found(sighting())["known-vulnerability"].severity is severity


def test_a_vulnerability_names_its_cves() -> None:
    finding = found(sighting(software=Software(product="dcm4chee-arc", version="5.35.1")))["known-vulnerability"]
    assert "CVE-2026-105279" in finding.cves

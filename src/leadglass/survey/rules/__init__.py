"""Systems in, findings out: one small file a rule, pure.

findings_of     every rule asked of every system
confidence.py   what a system most likely is, with reasons
words/          what a rule says to people, one file a language
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from leadglass.survey.finding import Confidence, Finding
from leadglass.survey.rules import (
    accepts_any_ae,
    accepts_writes,
    bucket_listing,
    certificate_expired,
    certificate_self_signed,
    database_without_password,
    dcm4chee_rest_open,
    dicom_answers_strangers,
    end_of_life_software,
    fhir_open,
    ftp_anonymous,
    hl7_accepts_anything,
    known_vulnerability,
    no_tls,
    open_listing,
    open_viewer,
    orthanc_rest_open,
    personal_data_fields_exposed,
    possible_vulnerability,
    retired_tls,
    serves_images,
    smb_null_session,
    user_identity_not_demanded,
    version_disclosed,
    worklist_open,
)
from leadglass.survey.rules.confidence import Fleet, confidence_of, counted, fleets_of
from leadglass.survey.rules.rule import Hit, Rule
from leadglass.survey.rules.words import words_for
from leadglass.survey.system import System

__all__ = ["RULES", "confidence_of", "counted", "findings_of", "fleets_of", "words_for"]

RULES: Final[tuple[Rule, ...]] = (
    dicom_answers_strangers.RULE,
    serves_images.RULE,
    worklist_open.RULE,
    orthanc_rest_open.RULE,
    dcm4chee_rest_open.RULE,
    open_viewer.RULE,
    fhir_open.RULE,
    database_without_password.RULE,
    personal_data_fields_exposed.RULE,
    accepts_writes.RULE,
    known_vulnerability.RULE,
    hl7_accepts_anything.RULE,
    open_listing.RULE,
    bucket_listing.RULE,
    ftp_anonymous.RULE,
    smb_null_session.RULE,
    accepts_any_ae.RULE,
    no_tls.RULE,
    retired_tls.RULE,
    certificate_expired.RULE,
    end_of_life_software.RULE,
    certificate_self_signed.RULE,
    possible_vulnerability.RULE,
    user_identity_not_demanded.RULE,
    version_disclosed.RULE,
)
"""The gravest first."""


def findings_of(
    systems: Sequence[System], fleets: Sequence[Fleet] | None = None, language: str = "en"
) -> list[Finding]:
    """All findings, system by system; one for each rule and door. `language`: of `words_for`.

    Honeypots and demonstrations have findings too: their confidence says what they are.
    """
    known = fleets_of(systems) if fleets is None else fleets
    return [finding for system in systems for finding in _findings(system, confidence_of(system, known), language)]


def _findings(system: System, confidence: Confidence, language: str) -> Iterator[Finding]:
    for rule in RULES:
        for hit in _worst_by_port(rule.check(system)):
            words = words_for(rule.name, _product(system, hit), language)
            yield Finding(
                rule=rule.name,
                address=system.address,
                port=hit.seen.target.port,
                severity=hit.severity,
                confidence=confidence,
                title=words.title,
                what=words.what,
                advice=words.advice,
                observations=(hit.seen.number,),
                evidence=(hit.seen.evidence,),
                cves=hit.cves,
            )


def _worst_by_port(hits: Iterator[Hit]) -> list[Hit]:
    """A door may have been seen twice, by a probe and in an imported scan."""
    by_port: dict[int, Hit] = {}
    for hit in hits:
        port = hit.seen.target.port
        if port not in by_port or hit.severity > by_port[port].severity:
            by_port[port] = hit
    return list(by_port.values())


def _product(system: System, hit: Hit) -> str:
    """Whose settings to name."""
    software = system.software_at(hit.seen)
    return hit.product or software.product or software.toolkit

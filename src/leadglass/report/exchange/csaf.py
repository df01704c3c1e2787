"""CSAF 2.0 (OASIS) with a VEX statement for each product: what was seen running, and which known flaws concern it.

Systems are not named: the document is about products. A version seen is `known_affected`; the version that mends it, if
one is known, is `fixed`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from leadglass.report.details import software_name
from leadglass.report.exchange.identifiers import instant
from leadglass.report.language import Language, language
from leadglass.report.model import Cve, ReportModel, SoftwareCluster

__all__ = ["csaf"]


def csaf(model: ReportModel) -> Mapping[str, bytes]:
    """One document (profile VEX, CSAF §4.5); none if no software with known flaws was seen."""
    clusters = [one for one in model.software if one.cves]
    if not clusters:
        return {}
    tracking_id = f"LEADGLASS-{model.run.id}".upper().replace(" ", "-")
    when = instant(model.made_at)
    document = {
        "document": {
            "category": "csaf_vex",
            "csaf_version": "2.0",
            "lang": model.shown.language,
            "publisher": {
                "category": "coordinator",
                "name": model.run.scope.authority or "Leadglass survey",
                "namespace": _namespace(model.run.scope.contact),
            },
            "title": f"Known flaws of imaging software in use: {model.title}",
            "tracking": {
                "id": tracking_id,
                "status": "final",
                "version": "1",
                "initial_release_date": when,
                "current_release_date": when,
                "revision_history": [{"date": when, "number": "1", "summary": "As found by the survey."}],
                "generator": {"date": when, "engine": {"name": "Leadglass", "version": model.run.product_version}},
            },
            "notes": [{"category": "summary", "title": "Summary", "text": " ".join(model.sentences)}],
        },
        "product_tree": {"full_product_names": list(_products(clusters, language(model.shown.language)))},
        "vulnerabilities": _vulnerabilities(clusters),
    }
    return {f"{tracking_id.lower()}.json": msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"}


def _namespace(contact: str) -> str:
    """Where the publisher is at home: an https address, or that of the mail's domain."""
    if contact.startswith("https://"):
        return contact
    _, at, domain = contact.rpartition("@")
    return f"https://{domain}" if at and domain else "https://leadglass.invalid"


def _products(clusters: Iterable[SoftwareCluster], say: Language) -> Iterable[dict[str, str]]:
    named: dict[str, str] = {}
    for one in clusters:
        named[_product_id(one)] = software_name(one, say)
        for cve in one.cves:
            if cve.fixed_in:
                named[_fixed_id(one, cve)] = f"{_family(one)} {cve.fixed_in}"
    for product_id, name in named.items():
        yield {"product_id": product_id, "name": name}


def _vulnerabilities(clusters: Iterable[SoftwareCluster]) -> list[dict[str, Any]]:
    by_cve: dict[str, tuple[Cve, list[SoftwareCluster]]] = {}
    for one in clusters:
        for cve in one.cves:
            by_cve.setdefault(cve.id, (cve, []))[1].append(one)
    return [_vulnerability(cve, found) for cve, found in by_cve.values()]


def _vulnerability(cve: Cve, clusters: list[SoftwareCluster]) -> dict[str, Any]:
    affected = list(dict.fromkeys(_product_id(one) for one in clusters))
    fixed = list(dict.fromkeys(_fixed_id(one, cve) for one in clusters)) if cve.fixed_in else []
    advice = f"Update to {cve.fixed_in} or newer." if cve.fixed_in else "No fix is known: close the door to strangers."
    told: dict[str, Any] = {
        "cve": cve.id,
        "notes": [{"category": "description", "text": cve.kind or cve.id}],
        "product_status": {"known_affected": affected} | ({"fixed": fixed} if fixed else {}),
        "remediations": [
            {
                "category": "vendor_fix" if cve.fixed_in else "mitigation",
                "details": advice,
                "product_ids": affected,
            }
        ],
        "threats": [{"category": "impact", "details": cve.kind or cve.id, "product_ids": affected}],
    }
    return told


def _family(one: SoftwareCluster) -> str:
    return one.product or one.toolkit.rpartition(" ")[0] or one.toolkit


def _product_id(one: SoftwareCluster) -> str:
    return f"LG-{'-'.join((one.product, one.version, one.toolkit)).replace(' ', '_')}"


def _fixed_id(one: SoftwareCluster, cve: Cve) -> str:
    return f"LG-FIXED-{_family(one)}-{cve.fixed_in}".replace(" ", "_")

"""OCSF 1.3 events, one a line. A finding is a Vulnerability Finding (class 2002) if it names CVEs, else a Compliance
Finding (2003): a setting is wrong, and no flaw is published."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from leadglass.report.exchange.identifiers import made_id
from leadglass.report.model import ReportModel
from leadglass.survey.finding import Finding, Reality, Severity

__all__ = ["ocsf"]

_SEVERITIES: Final = {
    Severity.NONE: (1, "Informational"),
    Severity.LOW: (2, "Low"),
    Severity.MEDIUM: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_CREATE: Final = 1  # activity_id: a finding was made
_NEW: Final = 1  # status_id


def ocsf(model: ReportModel) -> Mapping[str, bytes]:
    """JSON lines."""
    encoder = msgspec.json.Encoder()
    return {"ocsf.jsonl": encoder.encode_lines([_event(finding, model) for finding in model.findings])}


def _event(finding: Finding, model: ReportModel) -> dict[str, Any]:
    vulnerable = bool(finding.cves)
    class_uid, class_name = (2002, "Vulnerability Finding") if vulnerable else (2003, "Compliance Finding")
    severity_id, severity = _SEVERITIES[finding.severity]
    when = int(model.run.started.timestamp() * 1000)
    uid = made_id(model.run.id, finding.rule, finding.address, finding.port)
    event: dict[str, Any] = {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": class_uid,
        "class_name": class_name,
        "type_uid": class_uid * 100 + _CREATE,
        "time": when,
        "severity_id": severity_id,
        "severity": severity,
        "status_id": _NEW,
        "message": finding.title,
        "confidence": "Low" if finding.confidence.reality is not Reality.REAL else "High",
        "confidence_id": 1 if finding.confidence.reality is not Reality.REAL else 3,
        "metadata": {
            "version": "1.3.0",
            "uid": uid,
            "product": {"name": "Leadglass", "vendor_name": "Leadglass", "version": model.run.product_version},
        },
        "finding_info": {
            "uid": uid,
            "title": finding.title,
            "desc": finding.what,
            "types": [finding.rule],
            "created_time": when,
        },
        "unmapped": {"reality": finding.confidence.reality, "reasons": finding.confidence.reasons},
    }
    resource = {
        "name": f"{finding.address}:{finding.port}" if finding.port else finding.address,
        "type": "imaging system",
    }
    event["resources" if vulnerable else "resource"] = [resource] if vulnerable else resource
    advice = {"desc": finding.advice}
    if vulnerable:
        event["vulnerabilities"] = [
            {"cve": {"uid": cve}, "title": finding.title, "remediation": advice} for cve in finding.cves
        ]
    else:
        event["remediation"] = advice
        event["compliance"] = {"control": finding.rule, "status_id": 3, "status": "Fail", "standards": ["Leadglass"]}
    return event

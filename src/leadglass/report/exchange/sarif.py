"""SARIF 2.1.0 (OASIS): checks and their results. A system stands as a logical location, its door in the name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from leadglass.report.exchange.identifiers import instant, made_id
from leadglass.report.model import ReportModel, RuleRow
from leadglass.survey.finding import Finding, Severity

__all__ = ["sarif"]

_LEVELS: Final = {
    Severity.NONE: "none",
    Severity.LOW: "note",
    Severity.MEDIUM: "warning",
    Severity.HIGH: "error",
    Severity.CRITICAL: "error",
}
_SCORES: Final = {"remark": "0.0", "low": "3.0", "medium": "5.5", "high": "8.0", "critical": "9.5"}


def sarif(model: ReportModel) -> Mapping[str, bytes]:
    """One log with one run."""
    rules = sorted({finding.rule for finding in model.findings})
    told = {row.rule: row for row in model.rules}
    first = {finding.rule: finding for finding in reversed(model.findings)}
    log = {
        "$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "Leadglass",
                        "semanticVersion": model.run.product_version,
                        "rules": [_rule(name, told.get(name), first[name]) for name in rules],
                    }
                },
                "automationDetails": {"id": f"survey/{model.run.id}", "guid": made_id("run", model.run.id)},
                "invocations": [
                    {"executionSuccessful": model.run.finished is not None, "startTimeUtc": instant(model.run.started)}
                ],
                "results": [_result(finding, rules.index(finding.rule)) for finding in model.findings],
                "columnKind": "unicodeCodePoints",
            }
        ],
    }
    return {"report.sarif": msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"}


def _rule(name: str, row: RuleRow | None, example: Finding) -> dict[str, Any]:
    advice = (
        " ".join([*(f"{product}: {text}" for product, text in row.settings), row.advice]) if row else example.advice
    )
    return {
        "id": name,
        "name": "".join(word.capitalize() for word in name.split("-")),
        "shortDescription": {"text": row.title if row else example.title},
        "help": {"text": advice or example.title},
        "properties": {"security-severity": _SCORES[row.severity if row else "remark"], "tags": ["security"]},
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    where = f"{finding.address}:{finding.port}" if finding.port else finding.address
    properties: dict[str, Any] = {
        "reality": finding.confidence.reality,
        "reasons": finding.confidence.reasons,
        "cves": finding.cves,
    }
    if finding.evidence:
        properties["evidence"] = finding.evidence
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "kind": "fail" if finding.severity else "informational",
        "message": {"text": f"{finding.title}. {finding.what}".strip()},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": where, "kind": "resource"}]}],
        "partialFingerprints": {"leadglass/v1": made_id(finding.rule, finding.address, finding.port)},
        "properties": properties,
    }

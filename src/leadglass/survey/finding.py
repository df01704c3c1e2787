"""What a rule says of a system."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

__all__ = ["Confidence", "Finding", "Reality", "Severity"]


class Severity(IntEnum):
    """How bad; words and order as in CVSS."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Reality(StrEnum):
    """What a system most likely is."""

    REAL = "real"
    DEMO = "demo or test data"
    HONEYPOT = "honeypot"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidence:
    """With its reasons; nothing is dropped silently."""

    reality: Reality
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong with one system. Texts in the reader's language come from `rules/words`, by `rule`."""

    rule: str  # like "dicom-answers-strangers"
    address: str
    port: int  # 0: of the whole system
    severity: Severity
    confidence: Confidence
    title: str
    what: str
    advice: str  # which setting of which product
    observations: tuple[int, ...]  # their numbers
    evidence: tuple[str, ...]  # hashes of their entries in the evidence log
    cves: tuple[str, ...] = ()

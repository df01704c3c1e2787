"""Codes, and texts of strangers, as a report may show them."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from leadglass.survey.finding import Severity

__all__ = ["SEVERITY_WORDS", "one_line"]

SEVERITY_WORDS: Final = {
    Severity.NONE: "remark",
    Severity.LOW: "low",
    Severity.MEDIUM: "medium",
    Severity.HIGH: "high",
    Severity.CRITICAL: "critical",
}


def one_line(text: str) -> str:
    """Text of a stranger's choosing, on one line: control characters and marks that turn the direction of what follows
    are gone."""
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = (" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text if not _turns(c))
    return re.sub(r" +", " ", "".join(kept)).strip()


def _turns(character: str) -> bool:
    return unicodedata.category(character) in {"Cf", "Cs", "Co", "Cn"}

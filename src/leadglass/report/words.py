"""Numbers and codes in words for people."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Final

from leadglass.report.model import Figure, Four
from leadglass.survey.finding import Severity
from leadglass.survey.observation import Rung

__all__ = [
    "RUNG_WORDS",
    "SEVERITY_WORDS",
    "bound",
    "compact",
    "counted",
    "day",
    "figure",
    "moment",
    "one_line",
    "share",
]

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_UNITS: Final = ((10**9, "bn"), (10**6, "M"), (10**3, "k"))

RUNG_WORDS: Final = {
    Rung.NOTHING: "not reachable",
    Rung.REACHABLE: "reachable",
    Rung.SPEAKS: "speaks its protocol",
    Rung.ACCEPTS_STRANGERS: "lets strangers in",
    Rung.ANSWERS_QUERIES: "answers queries",
    Rung.SERVES_IMAGES: "serves images",
    Rung.ACCEPTS_WRITES: "accepts writes",
}
SEVERITY_WORDS: Final = {
    Severity.NONE: "remark",
    Severity.LOW: "low",
    Severity.MEDIUM: "medium",
    Severity.HIGH: "high",
    Severity.CRITICAL: "critical",
}


def figure(value: Figure) -> str:
    """In full: "24,300,000", "<5", "–" for what was not measured."""
    if isinstance(value, int):
        return f"{value:,}"
    return value or "–"


def compact(value: Figure) -> str:
    """For headlines: "24.3 M", "737 M", "1.19 bn"; three digits that count."""
    if not isinstance(value, int):
        return figure(value)
    for size, unit in _UNITS:
        if value >= size * 0.9995 and value >= 10_000:
            scaled = value / size
            digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
            return f"{scaled:.{digits}f}\N{NO-BREAK SPACE}{unit}"
    return f"{value:,}"


def bound(four: Four, name: str) -> str:
    """What stands before that count: "≥ " if it is a lower bound, else nothing."""
    return "≥\N{NO-BREAK SPACE}" if name in four.at_least else ""


def counted(value: Figure, one: str, many: str = "") -> str:
    """ "1 system", "2,300 systems", "<5 systems"."""
    return f"{figure(value)} {one if value == 1 else many or one + 's'}"


def share(part: Figure, whole: Figure) -> str:
    """In percent, "" if it cannot be said."""
    if not isinstance(part, int) or not isinstance(whole, int) or not whole:
        return ""
    percent = 100 * part / whole
    return f"{percent:.{0 if percent >= 10 or not part else 1}f}\N{NO-BREAK SPACE}%"


def day(at: datetime | None) -> str:
    """ "14 Sep 2026"."""
    if at is None:
        return "–"
    utc = at.astimezone(UTC)
    return f"{utc.day} {_MONTHS[utc.month - 1]} {utc.year}"


def moment(at: datetime | None) -> str:
    """ "14 Sep 2026, 08:30 UTC"."""
    return "–" if at is None else f"{day(at)}, {at.astimezone(UTC):%H:%M} UTC"


def one_line(text: str) -> str:
    """Text of a stranger's choosing, on one line: control characters and marks that turn the direction of what follows
    are gone."""
    if text.isascii() and text.isprintable():
        return text.strip()
    kept = (" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in text if not _turns(c))
    return re.sub(r" +", " ", "".join(kept)).strip()


def _turns(character: str) -> bool:
    return unicodedata.category(character) in {"Cf", "Cs", "Co", "Cn"}

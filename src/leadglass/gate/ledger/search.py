"""Reading the ledger: who saw this patient, what did this person see."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from leadglass.gate.ledger.entry import Entry

__all__ = ["search"]


def search(
    directory: Path,
    *,
    patient: str = "",
    study: str = "",
    principal: str = "",
    event: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Entry]:
    """Entries in order that match everything given; `patient` is a pseudonym. Works while a server is writing."""
    raise NotImplementedError

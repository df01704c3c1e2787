"""Who has looked at a study, in words."""

from __future__ import annotations

from collections.abc import Sequence

from leadglass.terms.outcome import Refused
from leadglass.web.console.visit import Visit

__all__ = ["looks_at"]


async def looks_at(visit: Visit, study: str) -> Sequence[object] | Refused:
    return []

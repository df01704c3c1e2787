"""Who is calling: evidence in, a principal or a refusal out."""

from __future__ import annotations

from datetime import datetime

from leadglass.terms.evidence import Evidence
from leadglass.terms.outcome import Identified, Refused

__all__ = ["Identity"]


class Identity:
    """Turns evidence into a principal. Never raises for what a caller shows; a doubt is a refusal."""

    async def identify(self, evidence: Evidence, now: datetime) -> Identified | Refused:
        """Identified with the principal, or Refused with the reason."""
        raise NotImplementedError

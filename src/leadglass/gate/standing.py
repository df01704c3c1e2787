"""What stands about a principal at this moment: is it still one of ours, and which grants does it hold. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leadglass.gate.grants import Grant
from leadglass.terms.outcome import RefusalReason

__all__ = ["End", "Standing"]


@dataclass(frozen=True, slots=True)
class End:
    """From `at` on the principal is none any more."""

    at: datetime
    reason: RefusalReason


@dataclass(frozen=True, slots=True)
class Standing:
    """As read from the index in one go. Dates are judged by whoever asks, so a Standing may be kept for a moment."""

    grants: tuple[Grant, ...] = ()
    ends: tuple[End, ...] = ()
    gone: RefusalReason | None = None  # the row itself is no longer there

    def ended(self, now: datetime) -> RefusalReason | None:
        """Why the principal may do nothing any more, or None if it stands."""
        if self.gone is not None:
            return self.gone
        return next((end.reason for end in self.ends if end.at <= now), None)

"""Why something may not be sent: a value, with words for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from leadglass.terms.errors import UserFault

__all__ = ["Refusal", "Why"]


class Why(StrEnum):
    """The rule of the scope that says no."""

    UNSIGNED = "unsigned"
    CHANGED = "changed"  # or signed by a key other than it says
    NOT_TRUSTED = "not trusted"
    NOT_YET = "not yet valid"
    EXPIRED = "expired"
    OUTSIDE = "outside"
    EXCLUDED = "excluded"
    PORT = "port"
    LEVEL = "level"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`reason` says why, `advice` what to do about it."""

    why: Why
    reason: str
    advice: str = ""

    @property
    def passes(self) -> bool:
        """Whether waiting helps: quiet hours end."""
        return self.why is Why.QUIET

    def as_fault(self) -> UserFault:
        """For those who cannot go on at all."""
        return UserFault(self.reason, self.advice)

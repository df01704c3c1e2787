"""What the workers cannot do, as one fault: the caller asked for something this object cannot be given as."""

from __future__ import annotations

from leadglass.terms.errors import LeadglassError

__all__ = ["TranscodingFault"]


class TranscodingFault(LeadglassError):
    """The object cannot be given in the form asked for: its pixels, a ceiling, or the time is against it."""

"""How many connections this process may have open."""

from __future__ import annotations

import resource

__all__ = ["raise_descriptors"]


def raise_descriptors() -> int:
    """Allow this process as many descriptors as the system grants anybody; how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard

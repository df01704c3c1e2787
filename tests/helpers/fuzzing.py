"""How long fuzzing takes: a moment by default, LEADGLASS_FUZZ_SECONDS for each file of fuzz tests when asked to dig."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

from hypothesis import HealthCheck, settings

__all__ = ["fuzz_for"]

Property = TypeVar("Property", bound=Callable[..., None])
_SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
_EXAMPLES = 50
_EXAMPLES_PER_ROUND = 1000


def fuzz_for(*, share: float) -> Callable[[Property], Property]:
    """Decorates a Hypothesis property (outside of `@given`); `share` of the file's seconds are its own.

    By default it is one round of a few examples. With LEADGLASS_FUZZ_SECONDS set, long rounds follow each other
    until the time is up; each finds its own way, so that one run sees what the last one did not.
    """
    asked = float(os.environ.get("LEADGLASS_FUZZ_SECONDS", "0"))
    examples = _EXAMPLES_PER_ROUND if asked else _EXAMPLES
    profile = settings(max_examples=examples, deadline=None, suppress_health_check=_SLOW, database=None)

    def decorate(check: Property) -> Property:
        bounded = profile(check)

        def fuzzed() -> None:
            ends = time.monotonic() + asked * share
            bounded()
            while time.monotonic() < ends:
                bounded()

        fuzzed.__name__ = check.__name__
        fuzzed.__doc__ = check.__doc__
        return fuzzed  # type: ignore[return-value]

    return decorate

"""The software gets no more corrections from its maker."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.rules.rule import Hit, Rule
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen in system.observations:
        if seen.sighting.software.is_end_of_life:
            yield Hit(Severity.MEDIUM, seen)


RULE = Rule("end-of-life-software", _check)

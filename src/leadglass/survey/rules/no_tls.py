"""What is said at this door can be read on the way: no TLS (PS3.15 B.12 demands it)."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act, Observation, Verdict
from leadglass.survey.rules.rule import Hit, Rule
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen in system.observations:
        if seen.sighting.speaks_tls is False and (acts := _open_acts(seen)):
            yield Hit(Severity.MEDIUM if acts - {Act.SPEAK} else Severity.LOW, seen)


def _open_acts(seen: Observation) -> set[Act]:
    return {attempt.act for attempt in seen.sighting.tries if attempt.verdict is Verdict.OPEN}


RULE = Rule("no-tls", _check)

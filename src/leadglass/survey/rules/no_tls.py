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
            yield Hit(_severity(acts, system, seen), seen)


def _severity(acts: set[Act], system: System, seen: Observation) -> Severity:
    """Strangers let in: medium. Turned away: low; no more than a remark if an encrypted door stands beside it, so that
    whoever may come in need not speak in clear."""
    if acts - {Act.SPEAK}:
        return Severity.MEDIUM
    beside = (other for other in system.observations if other.target.service is seen.target.service)
    return Severity.NONE if any(other.sighting.speaks_tls for other in beside) else Severity.LOW


def _open_acts(seen: Observation) -> set[Act]:
    return {attempt.act for attempt in seen.sighting.tries if attempt.verdict is Verdict.OPEN}


RULE = Rule("no-tls", _check)

"""Anybody could put images into the archive: judged from what it offers, never tried."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act, DicomFacts
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen, _ in opened(system, Act.WRITE):
        if isinstance(seen.sighting.facts, DicomFacts):
            yield Hit(Severity.HIGH, seen)


RULE = Rule("accepts-writes", _check)

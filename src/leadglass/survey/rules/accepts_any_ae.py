"""An association is accepted whatever AE titles are named. By itself no leak, but no hurdle either."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act, DicomFacts
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen, _ in opened(system, Act.ENTER):
        facts = seen.sighting.facts
        if isinstance(facts, DicomFacts) and facts.checks_ae_titles is False:
            yield Hit(Severity.MEDIUM, seen)


RULE = Rule("accepts-any-ae", _check)

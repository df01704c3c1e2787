"""Who enters by DICOM is not asked who they are (user identity negotiation, PS3.7 D.3.3.7)."""

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
        if isinstance(facts, DicomFacts) and facts.demands_user_identity is False:
            yield Hit(Severity.LOW, seen)


RULE = Rule("user-identity-not-demanded", _check)

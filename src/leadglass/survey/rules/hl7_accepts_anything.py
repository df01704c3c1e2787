"""An HL7 listener takes messages from anybody: admissions, merges, orders."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen, _ in opened(system, Act.ENTER, Act.WRITE, how=("MLLP",)):
        yield Hit(Severity.HIGH, seen, "MLLP")


RULE = Rule("hl7-accepts-anything", _check)

"""A FHIR server answers questions about patients without a login. Its statement of abilities is public by design."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen, _ in opened(system, Act.QUERY, Act.RETRIEVE, Act.LIST, how=("FHIR",)):
        yield Hit(Severity.CRITICAL, seen, "FHIR")


RULE = Rule("fhir-open", _check)

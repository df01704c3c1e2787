"""The REST interface of dcm4chee is open: read, change and reject studies."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen, attempt in opened(system, Act.ENTER, Act.QUERY, Act.RETRIEVE, Act.LIST, how=("dcm4chee REST",)):
        yield Hit(Severity.CRITICAL, seen, attempt.how)


RULE = Rule("dcm4chee-rest-open", _check)

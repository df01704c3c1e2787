"""The worklist of the day's patients is handed to anybody."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen, _ in opened(system, Act.WORKLIST):
        yield Hit(Severity.CRITICAL, seen)


RULE = Rule("worklist-open", _check)

"""Images are given to anybody who names a study."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]

_WAYS = ("C-GET", "C-MOVE", "WADO-RS")


def _check(system: System) -> Iterator[Hit]:
    for seen, _ in opened(system, Act.RETRIEVE, how=_WAYS):
        yield Hit(Severity.CRITICAL, seen)


RULE = Rule("serves-images", _check)

"""A stranger's questions are answered: patient names, dates of birth and examinations can be listed."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.observation import Act
from leadglass.survey.rules.rule import Hit, Rule, opened
from leadglass.survey.system import System

__all__ = ["RULE"]

_WAYS = ("C-FIND", "QIDO-RS")


def _check(system: System) -> Iterator[Hit]:
    for seen, _ in opened(system, Act.QUERY, how=_WAYS):
        counts = seen.sighting.counts
        is_empty = counts is not None and counts.records == 0
        yield Hit(Severity.MEDIUM if is_empty else Severity.CRITICAL, seen)


RULE = Rule("dicom-answers-strangers", _check)

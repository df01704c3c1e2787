"""A door tells strangers which version runs behind it, and with it which known flaws to try."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.rules.rule import Hit, Rule
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen in system.observations:
        software = seen.sighting.software
        if software.product and software.version and not software.version_before:
            yield Hit(Severity.LOW, seen)


RULE = Rule("version-disclosed", _check)

"""The server's certificate was not valid when it was seen: expired, or not yet begun."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.rules.rule import Hit, Rule
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen in system.observations:
        shown = [shaken.certificate for shaken in seen.sighting.handshakes if shaken.certificate]
        if any(not one.not_before <= seen.seen_at <= one.not_after for one in shown):
            yield Hit(Severity.MEDIUM, seen)


RULE = Rule("certificate-expired", _check)

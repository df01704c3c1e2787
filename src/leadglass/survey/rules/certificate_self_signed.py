"""The server's certificate vouches for itself: a stranger in between could show one just like it."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.survey.finding import Severity
from leadglass.survey.rules.rule import Hit, Rule
from leadglass.survey.system import System

__all__ = ["RULE"]


def _check(system: System) -> Iterator[Hit]:
    for seen in system.observations:
        if any(shaken.certificate and shaken.certificate.is_self_signed for shaken in seen.sighting.handshakes):
            yield Hit(Severity.LOW, seen)


RULE = Rule("certificate-self-signed", _check)

"""TLS as PS3.15 no longer allows it: TLS 1.0 or 1.1, or suites without forward secrecy."""

from __future__ import annotations

from collections.abc import Iterator

from leadglass.net.conversing import Handshake, TlsOffer
from leadglass.survey.finding import Severity
from leadglass.survey.rules.rule import Hit, Rule
from leadglass.survey.system import System

__all__ = ["RULE"]

_RETIRED = frozenset({"SSLv3", "TLSv1", "TLSv1.1"})


def _check(system: System) -> Iterator[Hit]:
    for seen in system.observations:
        if any(_is_retired(shaken) for shaken in seen.sighting.handshakes):
            yield Hit(Severity.MEDIUM, seen)


def _is_retired(shaken: Handshake) -> bool:
    agreed = bool(shaken.version) and not shaken.fault
    return agreed and (shaken.offer is TlsOffer.RETIRED or shaken.version in _RETIRED)


RULE = Rule("retired-tls", _check)

"""Texts of findings as they may be shown: on one line, and for the public without the addresses and owners that rules
may name in their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from leadglass.report.judged import Judged
from leadglass.report.model import Shown
from leadglass.report.words import one_line
from leadglass.survey.finding import Finding
from leadglass.survey.system import System

__all__ = ["redacted"]

_ADDRESS: Final = re.compile(r"[0-9A-Fa-f.:]{2,45}")


def redacted(judged: Sequence[Judged], shown: Shown) -> list[Judged]:
    """The same, with texts that say nothing the reader may not see: where no single system is listed, none is named.
    The systems themselves are left as they are."""
    if not shown.lists_systems:
        shown = replace(shown, hides_addresses=True, hides_organisations=True)
    addresses = {one.system.address for one in judged} if shown.hides_addresses else set[str]()
    return [_redacted(one, addresses, shown) for one in judged]


def _redacted(one: Judged, addresses: set[str], shown: Shown) -> Judged:
    names = _names(one.system, shown)

    def clean(text: str) -> str:
        text = one_line(text)
        for name in names:
            text = text.replace(one_line(name), "…")
        if not addresses:
            return text
        return _ADDRESS.sub(lambda found: "…" if found[0].strip(".:") in addresses else found[0], text)

    def cleaned(finding: Finding) -> Finding:
        return replace(finding, title=clean(finding.title), what=clean(finding.what), advice=clean(finding.advice))

    confidence = replace(one.confidence, reasons=tuple(clean(reason) for reason in one.confidence.reasons))
    return replace(one, findings=tuple(cleaned(finding) for finding in one.findings), confidence=confidence)


def _names(system: System, shown: Shown) -> list[str]:
    """Names of the owner and of his hosts, the longest first."""
    found: set[str] = set()
    if shown.hides_organisations:
        found.add(system.place.organisation)
    if shown.hides_addresses:
        found.update(o.target.host_name for o in system.observations)
        for observation in system.observations:
            for handshake in observation.sighting.handshakes:
                if handshake.certificate is not None:
                    found.update((handshake.certificate.subject, *handshake.certificate.names))
    return sorted((name for name in found if name), key=len, reverse=True)

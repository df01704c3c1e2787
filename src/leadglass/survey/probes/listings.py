"""Folders that a web server lists to strangers, recognised from the first bytes. No name is kept, no file opened."""

from __future__ import annotations

from typing import Final

from leadglass.survey.observation import Act, Try, Verdict
from leadglass.survey.probes.http_visit import Found, Look, Visit

__all__ = ["is_likely", "look"]

_HOW: Final = "listing"


def is_likely(visit: Visit) -> bool:
    """The first page is a list."""
    return visit.page.kind == "listing" and visit.landing.status == 200


def look(visit: Visit) -> Look:
    """Open; the code says whether files of the list are DICOM by their names. Nothing more is asked."""
    yield from ()
    code = "DICOM files" if "DICOM files" in visit.page.marks else str(visit.landing.status)
    return Found(tries=(Try(act=Act.LIST, how=_HOW, verdict=Verdict.OPEN, code=code),))

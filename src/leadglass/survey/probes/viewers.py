"""Viewers in a browser: open, or behind a login? No study is opened.

A viewer whose server draws the pages shows on its first one whether it asks for a login. One that is a program in the
browser says nothing by its page: it is as open as the DICOMweb it reads, and its configuration says where that is.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Annotated, Final

import msgspec

from leadglass.net.conversing import Outcome
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Software, Try, Verdict
from leadglass.survey.probe import Call
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_keeping import read
from leadglass.survey.probes.http_visit import Found, Look, Visit

__all__ = ["DRAWN_BY_BROWSER", "HOW", "is_likely", "look", "settled"]

HOW: Final = "viewer"
DRAWN_BY_SERVER: Final = frozenset(
    {"MedDream", "Oviyam", "Weasis", "RadiAnt", "OsiriX", "Synapse", "Merge PACS", "PACS"}
)
DRAWN_BY_BROWSER: Final = frozenset({"OHIF", "Stone Web Viewer", "DWV"})
_CONFIGURATION: Final = "/app-config.js"
_LIMIT: Final = 64 * 1024


class _Configuration(msgspec.Struct, forbid_unknown_fields=True):
    """What is looked at of OHIF's app-config.js."""

    has_login: bool
    roots: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=r"^/[A-Za-z0-9/._-]{0,100}$")], ...], msgspec.Meta(max_length=4)
    ]


_ROOT: Final = re.compile(
    rb"""\b(?:qidoRoot|wadoRoot)["']?\s*:\s*["'`](https?://[^/"'`]*)?(/[A-Za-z0-9/._-]{1,100})["'`]"""
)
_OIDC: Final = re.compile(rb"""\boidc["']?\s*:\s*\[\s*\{""")


def _configuration(body: bytes) -> bytes:
    """Whether a login comes first, and the paths of DICOMweb roots. Hosts are not kept: we ask this one only."""
    found = read(body, _Configuration)
    if found is None:
        roots = dict.fromkeys(match[2].decode().rstrip("/") or "/" for match in _ROOT.finditer(body))
        found = _Configuration(has_login=_OIDC.search(body) is not None, roots=tuple(roots)[:4])
    return msgspec.json.encode(found)


def is_likely(visit: Visit) -> bool:
    """Its page."""
    return visit.page.kind in DRAWN_BY_SERVER | DRAWN_BY_BROWSER


def look(visit: Visit) -> Look:
    """Which viewer, and whether a stranger is let in as far as the page shows it."""
    kind = visit.page.kind
    software = Software() if kind == "PACS" else Software(product=kind, proof="its first page")
    if kind in DRAWN_BY_BROWSER:
        tries = (yield from _configured(visit)) if kind == "OHIF" and visit.may(Level.ACCESS) else ()
        return Found(tries=tries, software=software)
    if visit.landing.status != 200:
        return Found(software=software)
    asks_who = "login" in visit.page.marks
    verdict = Verdict.CLOSED if asks_who else Verdict.UNCLEAR if kind == "PACS" else Verdict.OPEN
    code = "login page" if asks_who else "200"
    return Found(tries=(Try(act=Act.ENTER, how=HOW, verdict=verdict, code=code),), software=software)


def _configured(visit: Visit) -> Generator[Call, Outcome, tuple[Try, ...]]:
    ask = Ask(_CONFIGURATION, _configuration, limit=_LIMIT)
    (answer,) = yield from visit.ask(ask, level=Level.ACCESS)
    found = read(answer.body, _Configuration)
    if answer.status != 200 or found is None:
        return ()
    visit.roots += [root for root in found.roots if root not in visit.roots]
    if found.has_login:
        return (Try(act=Act.ENTER, how=HOW, verdict=Verdict.CLOSED, code="OpenID Connect"),)
    return ()


def settled(visit: Visit, tries: tuple[Try, ...]) -> tuple[Try, ...]:
    """The verdict on a viewer drawn by the browser, once it is known what its DICOMweb answers."""
    if visit.page.kind not in DRAWN_BY_BROWSER or any(t.how == HOW for t in tries):
        return ()
    asked = [t for t in tries if t.act is Act.QUERY]
    if not asked:
        return ()
    is_open = any(t.verdict is Verdict.OPEN for t in asked)
    best = next((t for t in asked if t.verdict is Verdict.OPEN), asked[0])
    return (Try(act=Act.ENTER, how=HOW, verdict=Verdict.OPEN if is_open else best.verdict, code=best.code),)

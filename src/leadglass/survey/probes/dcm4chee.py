"""dcm4chee-arc by its REST interface."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Annotated, Final

import msgspec

from leadglass.net.conversing import Outcome
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Counts, Software
from leadglass.survey.probe import Call
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_judging import asked, is_refusal
from leadglass.survey.probes.http_keeping import read, shaped
from leadglass.survey.probes.http_visit import UNKNOWN, Found, Look, Visit

__all__ = ["is_likely", "look"]

_HOW: Final = "dcm4chee REST"
_AETS: Final = "/dcm4chee-arc/aets"
_MAX_TITLES: Final = 3
_PAGES: Final = frozenset({"dcm4chee", "WildFly", "OHIF"})


class _Title(msgspec.Struct, rename={"title": "dicomAETitle"}):
    """One of its AE titles; they are part of its paths."""

    title: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_.-]{1,16}$")]


class _Count(msgspec.Struct):
    """GET …/count."""

    count: Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]


def is_likely(visit: Visit) -> bool:
    """Its page, or the application server it runs in."""
    server = visit.landing.headers.get("server", "").lower()
    return visit.page.kind in _PAGES or "wildfly" in server or "jboss" in server


def look(visit: Visit) -> Look:
    """Whether strangers are let in, and how much there is. What they would be served is asked by DICOMweb."""
    (answer,) = yield from visit.ask(Ask(_AETS, shaped(list[_Title]), "application/json"))
    titles = read(answer.body, list[_Title])
    software = Software(product="dcm4chee-arc", proof=f"GET {_AETS}")
    if answer.status != 200 or not titles:
        is_refused = is_refusal(answer) and not is_refusal(visit.landing) and visit.page.kind != "OHIF"
        tries = (asked(Act.ENTER, _HOW, answer, is_open=False),) if is_refused else ()
        by_page = replace(software, proof="its first page") if visit.page.kind == "dcm4chee" else UNKNOWN
        return Found(tries=tries, software=by_page)
    roots = [f"{_AETS}/{title.title}/rs" for title in titles[:_MAX_TITLES]]
    visit.roots += roots
    counts = (yield from _counts(visit, roots)) if visit.may(Level.COUNTS) else None
    return Found(tries=(asked(Act.ENTER, _HOW, answer, is_open=True),), software=software, counts=counts)


def _counts(visit: Visit, roots: list[str]) -> Generator[Call, Outcome, Counts | None]:
    """Of the first AE title that counts: all of them see one archive."""
    for root in roots:
        asks = [Ask(f"{root}/{what}/count", shaped(_Count)) for what in ("patients", "studies", "instances")]
        answers = yield from visit.ask(*asks, level=Level.COUNTS)
        patients, studies, instances = (_number(answer.body) for answer in answers)
        if studies is not None:
            return Counts(records=studies, images=instances, patients=patients, how=_HOW)
    return None


def _number(body: bytes) -> int | None:
    found = read(body, _Count)
    return None if found is None else found.count

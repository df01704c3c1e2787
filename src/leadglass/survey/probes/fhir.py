"""FHIR servers (HL7 FHIR R4 §3.1): is security declared, would a search be answered?"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from leadglass.net.conversing import Outcome
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Sign, Software, Try, Verdict
from leadglass.survey.probe import Call
from leadglass.survey.probes.fhir_counting import ENTRIES, HOW, JSON, counted, is_bundle
from leadglass.survey.probes.fhir_statement import Capabilities, capabilities
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_judging import asked, is_refusal
from leadglass.survey.probes.http_keeping import read
from leadglass.survey.probes.http_visit import Found, Look, Visit

__all__ = ["is_likely", "look"]

_LIMIT: Final = 64 * 1024
_ROOTS: Final = ("/fhir", "/baseR4", "/hapi-fhir/fhir", "/r4")


def is_likely(visit: Visit) -> bool:
    """Its page; or, where it may be asked whether strangers are served, any page that is nothing else we know."""
    return visit.page.kind in ("FHIR", "HAPI FHIR") or (visit.may(Level.ACCESS) and visit.page.kind == "")


def look(visit: Visit) -> Look:
    """Which version, whether security is declared, and what a stranger would be answered."""
    level = Level.PRESENCE if visit.page.kind else Level.ACCESS
    roots = _roots(visit)
    asks = [Ask(f"{root}/metadata", capabilities, JSON, _LIMIT) for root in roots]
    answers = yield from visit.ask(*asks, level=level)
    for root, answer in zip(roots, answers, strict=True):
        found = read(answer.body, Capabilities)
        if answer.status == 200 and found is not None:
            return (yield from _server(visit, root, found))
    return Found()


def _roots(visit: Visit) -> tuple[str, ...]:
    """Where to ask: where the first page led, at the usual roots if it speaks of FHIR, else at the most usual one."""
    if visit.page.kind == "FHIR" and visit.path.endswith("/metadata"):
        return (visit.path.removesuffix("/metadata"),)
    return (*_ROOTS, "") if visit.page.kind else _ROOTS[:1]


def _server(visit: Visit, root: str, found: Capabilities) -> Look:
    code = f"{found.fhir}, security {'declared' if found.has_security else 'not declared'}"
    tries = [Try(act=Act.SPEAK, how=HOW, verdict=Verdict.OPEN, code=code)]
    software = (
        Software(product="HAPI FHIR", version=found.version, proof="GET /metadata") if found.is_hapi else Software()
    )
    why = "its capability statement speaks of test, demonstration or synthetic data"
    signs = (Sign(means="test data", why=why, weight=2),) if found.is_test else ()
    if visit.may(Level.ACCESS):
        tries += yield from _access(visit, root)
    if not visit.may(Level.COUNTS) or not any(t.act is Act.QUERY and t.verdict is Verdict.OPEN for t in tries):
        return Found(tries=tuple(tries), software=software, signs=signs)
    counts, collections = yield from counted(visit, root)
    return Found(tries=tuple(tries), software=software, signs=signs, counts=counts, collections=collections)


def _access(visit: Visit, root: str) -> Generator[Call, Outcome, list[Try]]:
    nobody = visit.chance.word(20)
    ask = Ask(f"{root}/Patient?_id={nobody}&_summary=count", is_bundle, JSON, stops_at=ENTRIES)
    (answer,) = yield from visit.ask(ask, level=Level.ACCESS)
    is_open = answer.status == 200 and answer.body != b""
    entry = [asked(Act.ENTER, HOW, answer, is_open=is_open)] if is_open or is_refusal(answer) else []
    return [*entry, asked(Act.QUERY, HOW, answer, is_open=is_open)]

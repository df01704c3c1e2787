"""FHIR servers (HL7 FHIR R4 §3.1): is security declared, would a search be answered, how much is there?"""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Annotated, Final

import msgspec

from leadglass.net.conversing import Outcome
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Collection, Counts, Sign, Software, Try, Verdict
from leadglass.survey.probe import Call
from leadglass.survey.probes.fhir_statement import Capabilities, capabilities
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_keeping import read
from leadglass.survey.probes.http_kinds import Kinds, patient_kinds
from leadglass.survey.probes.http_visit import Found, Look, Visit, asked, is_refusal

__all__ = ["is_likely", "look"]

_HOW: Final = "FHIR"
_JSON: Final = "application/fhir+json"
_LIMIT: Final = 64 * 1024
_ROOTS: Final = ("/fhir", "/baseR4", "/hapi-fhir/fhir", "/r4")
_RECORDS: Final = ("ImagingStudy", "DiagnosticReport", "DocumentReference")
_ELEMENTS: Final = "identifier,name,telecom,gender,birthDate,address,contact,generalPractitioner"


class _Bundle(msgspec.Struct, rename={"kind": "resourceType"}):
    """The answer to a search with _summary=count (§3.2.1.5.10)."""

    kind: Annotated[str, msgspec.Meta(pattern=r"^Bundle$")]
    total: Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]


_ENTRIES: Final = re.compile(rb'\s*\{.{0,4096}?"entry"\s*:\s*\[\s*\{', re.DOTALL)
"""So begins an answer that tells of patients though only their number was asked for: no more of it is listened to."""
_IS_BUNDLE: Final = re.compile(rb'"resourceType"\s*:\s*"Bundle"')
_TOTAL: Final = re.compile(rb'"total"\s*:\s*([0-9]{1,15})\b')


def _is_bundle(body: bytes) -> bytes:
    """That it is an answer; never how many, which is asked for at another level."""
    is_one = read(body, _Bundle) is not None or _begins_to_tell(body)
    return msgspec.json.encode(_Bundle(kind="Bundle", total=0)) if is_one else b""


def _count(body: bytes) -> bytes:
    """How many, if it says so."""
    found = read(body, _Bundle)
    if found is None and _begins_to_tell(body) and (total := _TOTAL.search(body)):
        found = _Bundle(kind="Bundle", total=int(total[1]))
    return b"" if found is None else msgspec.json.encode(found)


def _begins_to_tell(body: bytes) -> bool:
    return _ENTRIES.match(body) is not None and _IS_BUNDLE.search(body) is not None


def is_likely(visit: Visit) -> bool:
    """Its page; or, where it may be asked whether strangers are served, any page that is nothing else we know."""
    return visit.page.kind in ("FHIR", "HAPI FHIR") or (visit.may(Level.ACCESS) and visit.page.kind == "")


def look(visit: Visit) -> Look:
    """Which version, whether security is declared, and what a stranger would be answered."""
    level = Level.PRESENCE if visit.page.kind else Level.ACCESS
    roots = _roots(visit)
    asks = [Ask(f"{root}/metadata", capabilities, _JSON, _LIMIT) for root in roots]
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
    tries = [Try(act=Act.SPEAK, how=_HOW, verdict=Verdict.OPEN, code=code)]
    software = (
        Software(product="HAPI FHIR", version=found.version, proof="GET /metadata") if found.is_hapi else Software()
    )
    why = "its capability statement speaks of test, demonstration or synthetic data"
    signs = (Sign(means="test data", why=why, weight=2),) if found.is_test else ()
    if visit.may(Level.ACCESS):
        tries += yield from _access(visit, root)
    if not visit.may(Level.COUNTS) or not any(t.act is Act.QUERY and t.verdict is Verdict.OPEN for t in tries):
        return Found(tries=tuple(tries), software=software, signs=signs)
    counts, collections = yield from _counts(visit, root)
    return Found(tries=tuple(tries), software=software, signs=signs, counts=counts, collections=collections)


def _access(visit: Visit, root: str) -> Generator[Call, Outcome, list[Try]]:
    nobody = visit.chance.word(20)
    ask = Ask(f"{root}/Patient?_id={nobody}&_summary=count", _is_bundle, _JSON, stops_at=_ENTRIES)
    (answer,) = yield from visit.ask(ask, level=Level.ACCESS)
    is_open = answer.status == 200 and answer.body != b""
    entry = [asked(Act.ENTER, _HOW, answer, is_open=is_open)] if is_open or is_refusal(answer) else []
    return [*entry, asked(Act.QUERY, _HOW, answer, is_open=is_open)]


def _counts(visit: Visit, root: str) -> Generator[Call, Outcome, tuple[Counts | None, tuple[Collection, ...]]]:
    kinds = ("Patient", *_RECORDS)
    asks = [Ask(f"{root}/{kind}?_summary=count", _count, _JSON, stops_at=_ENTRIES) for kind in kinds]
    answers = yield from visit.ask(*asks, level=Level.COUNTS)
    totals = {}
    for kind, answer in zip(kinds, answers, strict=True):
        bundle = read(answer.body, _Bundle)
        if bundle is not None:
            totals[kind] = bundle.total
    if not totals:
        return None, ()
    records = sum(totals.get(kind, 0) for kind in _RECORDS)
    patient = (yield from _kinds(visit, root)) if totals.get("Patient") else ()
    collections = tuple(
        Collection(name=kind, records=total, kinds=patient if kind == "Patient" else ())
        for kind, total in totals.items()
    )
    return Counts(records=records, patients=totals.get("Patient"), how=_HOW), collections


def _kinds(visit: Visit, root: str) -> Generator[Call, Outcome, tuple[str, ...]]:
    """Which elements a few patients have filled in."""
    if not visit.samples:
        return ()
    path = f"{root}/Patient?_count={visit.samples}&_elements={_ELEMENTS}"
    (answer,) = yield from visit.ask(Ask(path, patient_kinds, _JSON, _LIMIT), level=Level.KINDS)
    found = read(answer.body, Kinds) if answer.status == 200 else None
    return found.kinds if found else ()

"""What a FHIR server is asked for beyond access: how much there is, and of what patients have something filled in."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import Annotated, Final

import msgspec

from leadglass.net.conversing import Outcome
from leadglass.survey.level import Level
from leadglass.survey.observation import Collection, Counts
from leadglass.survey.probe import Call
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_keeping import read
from leadglass.survey.probes.http_kinds import Kinds, patient_kinds
from leadglass.survey.probes.http_visit import Visit
from leadglass.terms.ceilings import KIB

__all__ = ["ENTRIES", "HOW", "JSON", "counted", "is_bundle"]

HOW: Final = "FHIR"
JSON: Final = "application/fhir+json"
_LIMIT: Final = 64 * KIB
_RECORDS: Final = ("ImagingStudy", "DiagnosticReport", "DocumentReference")
_ELEMENTS: Final = "identifier,name,telecom,gender,birthDate,address,contact,generalPractitioner"


class _Bundle(msgspec.Struct, rename={"kind": "resourceType"}):
    """The answer to a search with _summary=count (§3.2.1.5.10)."""

    kind: Annotated[str, msgspec.Meta(pattern=r"^Bundle$")]
    total: Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]


ENTRIES: Final = re.compile(rb'\s*\{.{0,4096}?"entry"\s*:\s*\[\s*\{', re.DOTALL)
"""So begins an answer that tells of patients though only their number was asked for: no more of it is listened to."""
_IS_BUNDLE: Final = re.compile(rb'"resourceType"\s*:\s*"Bundle"')
_TOTAL: Final = re.compile(rb'"total"\s*:\s*([0-9]{1,15})\b')


def is_bundle(body: bytes) -> bytes:
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
    return ENTRIES.match(body) is not None and _IS_BUNDLE.search(body) is not None


def counted(visit: Visit, root: str) -> Generator[Call, Outcome, tuple[Counts | None, tuple[Collection, ...]]]:
    """Level 3, and at level 4 the kinds that patients have something filled in of. None: it does not say."""
    kinds = ("Patient", *_RECORDS)
    asks = [Ask(f"{root}/{kind}?_summary=count", _count, JSON, stops_at=ENTRIES) for kind in kinds]
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
    return Counts(records=records, patients=totals.get("Patient"), how=HOW), collections


def _kinds(visit: Visit, root: str) -> Generator[Call, Outcome, tuple[str, ...]]:
    """Which elements a few patients have filled in. An answer that goes on to more of them is cut off there."""
    if not visit.samples:
        return ()
    path = f"{root}/Patient?_count={visit.samples}&_elements={_ELEMENTS}"
    ask = Ask(path, patient_kinds, JSON, _LIMIT, stops_at=_more_than(visit.samples))
    (answer,) = yield from visit.ask(ask, level=Level.KINDS)
    found = read(answer.body, Kinds) if answer.status == 200 else None
    return found.kinds if found else ()


def _more_than(count: int) -> re.Pattern[bytes]:
    """How a Bundle begins that has more entries than so many. Nothing is looked at twice for it."""
    return re.compile(rb'(?>.*?"resource"\s*:\s*\{){%d}' % (count + 1), re.DOTALL)

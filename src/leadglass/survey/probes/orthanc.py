"""Orthanc by its REST interface. The login it was once shipped with is never tried."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from typing import Annotated, Final

import msgspec

from leadglass.net.conversing import Outcome
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Counts, Software, Try, Verdict
from leadglass.survey.probe import Call
from leadglass.survey.probes.http_asking import Ask
from leadglass.survey.probes.http_judging import asked
from leadglass.survey.probes.http_keeping import nothing, read, shaped
from leadglass.survey.probes.http_kinds import Kinds, orthanc_kinds
from leadglass.survey.probes.http_visit import Found, Look, Visit

__all__ = ["is_likely", "look"]

_HOW: Final = "Orthanc REST"
_PAGES: Final = frozenset({"Orthanc Explorer", "Orthanc Explorer 2", "Stone Web Viewer", "OHIF"})
_PORTS: Final = frozenset({8042, 8043})
_Count = Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]


class _System(msgspec.Struct, rename={"api": "ApiVersion", "version": "Version"}):
    """GET /system: other software does not answer both."""

    api: _Count
    version: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]{0,30}$")]


_SYSTEM: Final = shaped(_System)


class _Statistics(
    msgspec.Struct, rename={"patients": "CountPatients", "studies": "CountStudies", "instances": "CountInstances"}
):
    """GET /statistics."""

    patients: _Count
    studies: _Count
    instances: _Count


def is_likely(visit: Visit) -> bool:
    """Its page, its realm, or its port."""
    realm = visit.landing.headers.get("www-authenticate", "")
    return visit.page.kind in _PAGES or "Orthanc" in realm or visit.target.port in _PORTS


def look(visit: Visit) -> Look:
    """Which version, whether strangers are let in, and would be served; how much there is."""
    if "Orthanc" in visit.landing.headers.get("www-authenticate", ""):
        proof = "the realm of its login"
        entry = asked(Act.ENTER, _HOW, visit.landing, is_open=False)
        return Found(tries=(entry,), software=Software(product="Orthanc", proof=proof))
    (answer,) = yield from visit.ask(Ask("/system", _SYSTEM))
    system = read(answer.body, _System)
    if answer.status != 200 or system is None:
        return Found()
    software = Software(product="Orthanc", version=system.version, proof="GET /system")
    visit.roots.append("/dicom-web")
    tries = [asked(Act.ENTER, _HOW, answer, is_open=True)]
    if visit.may(Level.ACCESS):
        tries += yield from _access(visit)
    counts = (yield from _counts(visit)) if visit.may(Level.COUNTS) else None
    if tries[-1].verdict is Verdict.OPEN:
        yield from _kinds(visit)
    return Found(tries=tuple(tries), software=software, counts=counts)


def _access(visit: Visit) -> Generator[Call, Outcome, list[Try]]:
    """A study and an image with names of its own making, which nothing has."""
    name = hashlib.sha1(visit.chance.uid().encode(), usedforsecurity=False).hexdigest()
    nobody = "-".join(name[start : start + 8] for start in range(0, 40, 8))
    study, file = yield from visit.ask(
        Ask(f"/studies/{nobody}", nothing), Ask(f"/instances/{nobody}/file", nothing), level=Level.ACCESS
    )
    return [
        asked(Act.QUERY, _HOW, study, is_open=study.status == 404),
        asked(Act.RETRIEVE, _HOW, file, is_open=file.status == 404),
    ]


def _counts(visit: Visit) -> Generator[Call, Outcome, Counts | None]:
    (answer,) = yield from visit.ask(Ask("/statistics", shaped(_Statistics)), level=Level.COUNTS)
    found = read(answer.body, _Statistics)
    if found is None:
        return None
    return Counts(records=found.studies, images=found.instances, patients=found.patients, how=_HOW)


def _kinds(visit: Visit) -> Generator[Call, Outcome, None]:
    """Leaves `visit.kinds`: which of the patient's attributes a few studies have filled in."""
    where = [f"/studies?since={number}&limit=1&expand" for number in range(visit.samples)]
    answers = yield from visit.ask(*(Ask(path, orthanc_kinds) for path in where), level=Level.KINDS)
    found = [read(answer.body, Kinds) for answer in answers if answer.status == 200]
    visit.kinds.update(kind for kinds in found if kinds for kind in kinds.kinds)

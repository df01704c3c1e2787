"""One study: what is in it, and who has looked at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from leadglass.archive.retrieving import RetrieveRequest, plan
from leadglass.archive.searching import QueryLevel
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action
from leadglass.web.console import errors, wording
from leadglass.web.console.looks import looks_at
from leadglass.web.console.rows import Series, Study, series_of, study_of
from leadglass.web.console.searches import Found, find_all
from leadglass.web.console.visit import Visit

__all__ = ["StudyShown", "series_in", "study"]

_MOST_SERIES: Final = 1000
_FROM_THE_STUDY: Final = (
    *("PatientName", "PatientBirthDate", "PatientSex", "StudyDescription", "StudyDate", "StudyTime"),
    *("AccessionNumber", "StudyID", "ReferringPhysicianName", "InstitutionName", "ModalitiesInStudy"),
    *("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"),
)


@dataclass(frozen=True, slots=True)
class StudyShown:
    """A study and its series, as the visitor may see them."""

    about: Found
    study: Study
    series: Sequence[Series]


@dataclass(frozen=True, slots=True)
class _Fact:
    words: str
    value: str


async def series_in(visit: Visit) -> StudyShown | Refused | None:
    """The study the address names, series in their order; None if there is none that the visitor may see."""
    archive, caller, uid = visit.parts.archive, visit.visitor.caller, visit.path["study"]
    found = await find_all(archive, caller, QueryLevel.SERIES, _FROM_THE_STUDY, {"study": uid}, _MOST_SERIES)
    if isinstance(found, Refused):
        return found
    if not found:
        # Whoever names a study that is not granted to them is written down, as at every door.
        await plan(archive, caller, Action.VIEW, RetrieveRequest.of(uid))
        return None
    all_series = sorted(map(series_of, found), key=lambda series: (not series.has_pictures, series.number, series.uid))
    return StudyShown(found[0], study_of(found[0]), all_series)


async def study(visit: Visit) -> Response:
    """The page of one study."""
    shown = await series_in(visit)
    if isinstance(shown, Refused):
        return errors.refused(visit, shown)
    if shown is None:
        return errors.not_found(visit)
    looks = await looks_at(visit, shown.study.uid)
    if isinstance(looks, Refused):
        return errors.refused(visit, looks)
    return visit.page(
        "study.html",
        here="/",
        study=shown.study,
        facts=_facts(shown),
        all_series=shown.series,
        viewable=next((series.uid for series in shown.series if series.has_pictures), ""),
        looks=looks,
    )


def _facts(shown: StudyShown) -> list[_Fact]:
    about, objects = shown.about, sum(series.instances for series in shown.series)
    facts = (
        _Fact("Patient ID", about.one("PatientID")),
        _Fact("Born", wording.date(about.one("PatientBirthDate"))),
        _Fact("Sex", wording.sex(about.one("PatientSex"))),
        _Fact("Study date", shown.study.date),
        _Fact("Accession number", about.one("AccessionNumber")),
        _Fact("Referring physician", wording.person(about.one("ReferringPhysicianName") or "^")),
        _Fact("Institution", about.one("InstitutionName")),
        _Fact(
            "Size", f"{wording.counted(len(shown.series), 'series', 'series')}, {wording.counted(objects, 'object')}"
        ),
    )
    return [fact for fact in facts if fact.value and fact.value != "No name"]

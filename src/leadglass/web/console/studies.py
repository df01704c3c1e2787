"""The study list and its search. What is searched for holds names, so it travels in the body of a POST: never in an
address, which browsers keep in their history and servers in their logs (law 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

from starlette.responses import Response

from leadglass.archive.searching import QueryLevel
from leadglass.terms.errors import PeerViolation
from leadglass.terms.outcome import Refused
from leadglass.web.console import errors
from leadglass.web.console.rows import study_of
from leadglass.web.console.searches import find_some
from leadglass.web.console.visit import Visit
from leadglass.web.console.wording import counted

__all__ = ["search", "studies"]

STUDIES_ON_A_PAGE: Final = 50
_MOST_SKIPPED: Final = 100_000
_MODALITIES: Final = (
    *("CR", "CT", "DX", "ES", "GM", "IO", "IVUS", "MG", "MR", "NM", "OCT", "OP", "OT", "PT"),
    *("PX", "RF", "RTIMAGE", "SC", "SM", "SR", "US", "XA", "XC"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What was typed into the search form."""

    name: str = ""
    patient: str = ""
    accession: str = ""
    since: str = ""
    until: str = ""
    modality: str = ""

    @classmethod
    def in_form(cls, form: Mapping[str, str]) -> Asked:
        return cls(**{field.name: form.get(field.name, "").strip()[:64] for field in fields(cls)})

    @property
    def is_empty(self) -> bool:
        return self == Asked()

    @property
    def keys(self) -> list[tuple[str, str]]:
        """The query keys it means. Names, ids and accession numbers match from their beginning."""
        day_since, day_until = self.since.replace("-", ""), self.until.replace("-", "")
        keys = (
            ("PatientName", _beginning(_person(self.name))),
            ("PatientID", _beginning(self.patient)),
            ("AccessionNumber", _beginning(self.accession)),
            ("StudyDate", f"{day_since}-{day_until}" if day_since or day_until else ""),
            ("ModalitiesInStudy", self.modality),
        )
        return [(keyword, value) for keyword, value in keys if value]


def _person(typed: str) -> str:
    """ "Family, Given" as DICOM writes it."""
    family, comma, given = typed.partition(",")
    return f"{family.strip()}^{given.strip()}" if comma and given.strip() else family.strip()


def _beginning(typed: str) -> str:
    return typed if not typed or typed.endswith("*") else f"{typed}*"


async def studies(visit: Visit) -> Response:
    """The list as it stands before anything was searched for: the newest studies."""
    return await _answer(visit, Asked(), 0)


async def search(visit: Visit) -> Response:
    """The studies that match the form: the whole page, or, if htmx asks, its results."""
    offset = visit.form.get("offset", "")
    start = int(offset) if offset.isascii() and offset.isdecimal() and len(offset) < 9 else 0
    return await _answer(visit, Asked.in_form(visit.form), min(start, _MOST_SKIPPED))


async def _answer(visit: Visit, asked: Asked, start: int) -> Response:
    paging = [("limit", str(STUDIES_ON_A_PAGE)), ("offset", str(start))]
    shown: list[object] = []
    complaint, has_more = "", False
    try:
        answers = await find_some(
            visit.parts.archive, visit.visitor.caller, QueryLevel.STUDY, [*asked.keys, *paging], {}
        )
    except PeerViolation:
        complaint = "A date is written as year, month and day; names, ids and accession numbers as plain text."
    else:
        if isinstance(answers, Refused):
            return errors.refused(visit, answers)
        shown, has_more = [study_of(found) for found in answers.found], answers.has_more
    return visit.page(
        "study_results.html" if visit.wants_part else "studies.html",
        here="/",
        asked=asked,
        studies=shown,
        complaint=complaint,
        count=_count(len(shown), start, has_more),
        earlier=max(0, start - STUDIES_ON_A_PAGE) if start else None,
        later=start + STUDIES_ON_A_PAGE if has_more else None,
        modalities=_MODALITIES,
    )


def _count(number: int, start: int, has_more: bool) -> str:
    if not number:
        return "No studies"
    if not start and not has_more:
        return f"{counted(number, 'study', 'studies')}, newest first"
    last = f"{start + number:,}"
    return f"Studies {start + 1:,} to {last}, newest first" + ("; there are more" if has_more else "")

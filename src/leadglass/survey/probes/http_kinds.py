"""What is kept of records (level 4): the kinds of personal data of which they have something filled in.

Values, and names of fields, which may be made of data, live in one function each and are forgotten at its end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from leadglass.survey.personal_data import KINDS, kinds_of_fields
from leadglass.survey.probes.http_asking import Keep
from leadglass.survey.probes.http_keeping import read
from leadglass.survey.probes.personal_attributes import IDENTITY_REMOVED, PERSONAL

__all__ = ["SECOND", "Kinds", "document_kinds", "mapping_kinds", "orthanc_kinds", "patient_kinds", "study_kinds"]

SECOND: Final = re.compile(rb"\s*\[.*?\}\s*\}\s*,\s*\{", re.DOTALL)
"""How a list of studies in DICOM JSON begins that goes on to a second one."""
_BEGUN: Final = re.compile(rb",\s*\{$")
_TAGS: Final[Mapping[str, str]] = {f"{tag:08X}": keyword for tag, keyword in PERSONAL.items()}
_KEYWORDS: Final = frozenset(PERSONAL.values())
_OWN: Final = ("id", "_id", "_rev")
"""Fields that the server itself gives to every record."""


class Kinds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which kinds of personal data there are."""

    kinds: tuple[str, ...]
    is_deidentified: bool = False  # a record says that the patient's identity was removed


def _keeping(fields: Callable[[Any], Iterable[str]]) -> Keep:
    """Of JSON, the kinds that the names of these fields speak of."""

    def keep(body: bytes) -> bytes:
        kept = read(body, Kinds)
        if kept is None:
            records = read(_BEGUN.sub(b"]", body), Any)
            kept = Kinds(kinds_of_fields(fields(records)), _is_deidentified(records))
        said = tuple(kind for kind in KINDS if kind in kept.kinds)
        return msgspec.json.encode(Kinds(said, kept.is_deidentified))

    return keep


def _mapped(mapping: Any) -> Iterator[str]:
    """Names below "properties", at any depth, as dotted paths."""
    waiting: list[tuple[str, Any]] = [("", mapping)]
    while waiting:
        prefix, value = waiting.pop()
        if not isinstance(value, dict):
            continue
        fields = value.get("properties")
        if isinstance(fields, dict):
            for name, below in fields.items():
                yield f"{prefix}{name}"
                waiting.append((f"{prefix}{name}.", below))
        waiting += [(prefix, below) for name, below in value.items() if name not in ("properties", "fields")]


def _filled(value: Any, path: str = "") -> Iterator[str]:
    """Fields that are not blank, at any depth, as dotted paths."""
    waiting: list[tuple[str, Any]] = [(path, value)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            dot = "." if path else ""
            waiting += [(f"{path}{dot}{name}", below) for name, below in value.items() if path or name not in _OWN]
        elif isinstance(value, list):
            waiting += [(path, item) for item in value]
        elif value is not None and str(value).strip(" ^=\0\\"):
            yield path


def _listed(records: Any, *way: str) -> Iterator[dict[str, Any]]:
    """The objects of a list; `way` leads from the body to the list, and from there into each of its items."""
    where, *inside = way or ("",)
    rows = records.get(where) if where and isinstance(records, dict) else records
    for row in rows if isinstance(rows, list) else ():
        for name in inside:
            row = row.get(name) if isinstance(row, dict) else None
        if isinstance(row, dict):
            yield row


def _documents(answer: Any) -> Iterator[str]:
    """Of CouchDB's GET /{db}/_all_docs?include_docs=true."""
    for document in _listed(answer, "rows", "doc"):
        yield from _filled(document)


def _patients(answer: Any) -> Iterator[str]:
    """Of a Bundle of Patients (FHIR R4 §8.1): their elements, with and without what they are elements of."""
    for patient in _listed(answer, "entry", "resource"):
        for name, value in patient.items():
            if name not in _OWN and any(_filled(value, name)):
                yield from (name, f"patient.{name}")


def _studies(answer: Any) -> Iterator[str]:
    """Of a list of studies in DICOM JSON (PS3.18 §F.2)."""
    for study in _listed(answer):
        for tag, element in study.items():
            keyword = _TAGS.get(tag.upper(), "")
            if keyword and isinstance(element, dict) and any(_filled(element.get("Value"), tag)):
                yield keyword


def _orthancs(answer: Any) -> Iterator[str]:
    """Of a list of studies as Orthanc tells of them itself."""
    for tags in ("MainDicomTags", "PatientMainDicomTags"):
        for study in _listed(answer, "", tags):
            yield from _KEYWORDS.intersection(_filled(study))


def _is_deidentified(answer: Any) -> bool:
    removed = [study.get(f"{IDENTITY_REMOVED:08X}") for study in _listed(answer)]
    return {"vr": "CS", "Value": ["YES"]} in removed


mapping_kinds: Final = _keeping(_mapped)
"""Of an index's mapping in Elasticsearch."""
document_kinds: Final = _keeping(_documents)
patient_kinds: Final = _keeping(_patients)
study_kinds: Final = _keeping(_studies)
orthanc_kinds: Final = _keeping(_orthancs)

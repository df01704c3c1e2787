"""Studies and series as pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from leadglass.web.console import wording
from leadglass.web.console.searches import Found

__all__ = ["Series", "Study", "series_of", "study_of"]

_WITHOUT_PICTURES: Final = frozenset(
    {"AU", "DOC", "ECG", "EPS", "FID", "HD", "KO", "PLAN", "PR", "REG", "RESP", "RTPLAN", "RTRECORD", "RTSTRUCT"}
    | {"RWV", "SMR", "SR", "TEXTUREMAP", "EEG", "EMG", "EOG"}
)


@dataclass(frozen=True, slots=True)
class Study:
    """A study in words."""

    uid: str
    patient_name: str
    patient_id: str
    patient_birth_and_sex: str
    description: str
    modalities: Sequence[str]
    date: str
    accession: str
    series: str
    instances: str

    @property
    def patient_line(self) -> str:
        return " · ".join(part for part in (self.patient_id, self.patient_birth_and_sex) if part)


@dataclass(frozen=True, slots=True)
class Series:
    """A series in words."""

    uid: str
    modality: str
    description: str
    line: str
    has_pictures: bool
    number: int
    instances: int


def study_of(found: Found) -> Study:
    born = wording.date(found.one("PatientBirthDate"))
    parts = (f"born {born}" if born else "", wording.sex(found.one("PatientSex")))
    return Study(
        uid=found.one("StudyInstanceUID"),
        patient_name=wording.person(found.one("PatientName")),
        patient_id=found.one("PatientID"),
        patient_birth_and_sex=", ".join(part for part in parts if part),
        description=found.one("StudyDescription"),
        modalities=found.all("ModalitiesInStudy"),
        date=wording.date_and_time(found.one("StudyDate"), found.one("StudyTime")),
        accession=found.one("AccessionNumber"),
        series=found.one("NumberOfStudyRelatedSeries"),
        instances=found.one("NumberOfStudyRelatedInstances"),
    )


def series_of(found: Found) -> Series:
    modality, instances = found.one("Modality"), found.number("NumberOfSeriesRelatedInstances")
    number = found.one("SeriesNumber")
    parts = (modality, f"series {number}" if number else "", wording.counted(instances, "object"))
    return Series(
        uid=found.one("SeriesInstanceUID"),
        modality=modality,
        description=found.one("SeriesDescription") or found.one("ProtocolName") or f"Series {number or 'without name'}",
        line=" · ".join(part for part in parts if part),
        has_pictures=modality not in _WITHOUT_PICTURES,
        number=found.number("SeriesNumber"),
        instances=instances,
    )

"""Small studies of invented people, made for queries whose answers are known."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import FileMetaDataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.uid import ExplicitVRLittleEndian

__all__ = ["CR", "CT", "MR", "PEOPLE", "US", "Instance", "instances_of_people", "part10_of", "write_files"]

CT = "1.2.840.10008.5.1.4.1.1.2"
MR = "1.2.840.10008.5.1.4.1.1.4"
CR = "1.2.840.10008.5.1.4.1.1.1"
US = "1.2.840.10008.5.1.4.1.1.6.1"
_MODALITY = {CT: "CT", MR: "MR", CR: "CR", US: "US"}
ROOT = "1.2.826.0.1.3680043.10.1461"


@dataclass(frozen=True, slots=True)
class Instance:
    """One image; `more` are further attributes by keyword."""

    study: int
    series: int
    number: int
    sop_class: str
    patient_id: str
    patient_name: str
    study_date: str
    accession_number: str = ""
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def study_uid(self) -> str:
        return f"{ROOT}.{self.study}"

    @property
    def series_uid(self) -> str:
        return f"{self.study_uid}.{self.series}"

    @property
    def uid(self) -> str:
        return f"{self.series_uid}.{self.number}"

    def data_set(self) -> pydicom.Dataset:
        data_set = pydicom.Dataset()
        data_set.SpecificCharacterSet = "ISO_IR 192"
        data_set.SOPClassUID, data_set.SOPInstanceUID = self.sop_class, self.uid
        data_set.StudyInstanceUID, data_set.SeriesInstanceUID = self.study_uid, self.series_uid
        data_set.PatientID, data_set.PatientName = self.patient_id, self.patient_name
        data_set.StudyDate, data_set.StudyTime = self.study_date, "081500"
        data_set.AccessionNumber, data_set.StudyID = self.accession_number, str(self.study)
        data_set.Modality, data_set.SeriesNumber = _MODALITY[self.sop_class], self.series
        data_set.InstanceNumber = self.number
        data_set.Rows = data_set.Columns = 16
        data_set.SamplesPerPixel, data_set.PhotometricInterpretation = 1, "MONOCHROME2"
        data_set.BitsAllocated, data_set.BitsStored, data_set.HighBit = 16, 12, 11
        data_set.PixelRepresentation = 0
        data_set.PixelData = bytes((self.number * 7 + place * self.study) % 251 for place in range(2 * 16 * 16))
        for keyword, value in self.more.items():
            setattr(data_set, keyword, value)
        return data_set


def part10_of(data_set: pydicom.Dataset, transfer_syntax: str = str(ExplicitVRLittleEndian)) -> bytes:
    """The data set as a file, written by pydicom."""
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = transfer_syntax
    buffer = io.BytesIO()
    data_set.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _requested(procedure: str, step: str) -> dict[str, Any]:
    item = pydicom.Dataset()
    item.RequestedProcedureID, item.ScheduledProcedureStepID = procedure, step
    return {"RequestAttributesSequence": DicomSequence([item])}


PEOPLE: tuple[Instance, ...] = (
    *(Instance(1, 1, n, CT, "P1", "Adams^Ann", "20240110", "A100") for n in (1, 2, 3)),
    *(Instance(1, 2, n, CT, "P1", "Adams^Ann", "20240110", "A100") for n in (1, 2)),
    *(Instance(2, 1, n, MR, "P1", "Adams^Ann", "20240215", "A200", _requested("RP7", "SPS7")) for n in (1, 2)),
    Instance(3, 1, 1, CR, "P2", "ADAMS^BERT", "20240320", "B300"),
    Instance(4, 1, 1, US, "P3", "Müller^Jörg", "20240401", "C400", _requested("RP9", "SPS9")),
)
"""Three people: P1 has a CT study of two series and an MR study, P2 a CR, P3 (with umlauts) a US."""


def instances_of_people() -> dict[str, bytes]:
    """SOP Instance UID → file, for all of `PEOPLE`."""
    return {one.uid: part10_of(one.data_set()) for one in PEOPLE}


def write_files(folder: Path) -> list[Path]:
    """All of `PEOPLE` as files in `folder`, one each."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for position, content in enumerate(instances_of_people().values()):
        path = folder / f"{position:03}.dcm"
        path.write_bytes(content)
        paths.append(path)
    return paths

"""Which attributes can be asked for, at which level, and where the index keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from leadglass.store.index.matching import QueryLevel

__all__ = ["ATTRIBUTES", "UNIQUE_KEYS", "Attribute", "Kind", "supports"]


class Kind(Enum):
    """How an attribute is compared and answered."""

    TEXT = "compared as it is: CS, IS, LO, SH, UI"
    DATE = "DA: compared as text, YYYYMMDD"
    TIME = "TM: compared by the precision given"
    PATIENT_NAME = "PN with its component groups in columns of their own"
    NAME = "PN kept in one normalised column"
    DERIVED = "computed from another table when asked for"
    ITEMS = "RequestAttributesSequence"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the index. `column` belongs to the table of its level, or, if derived, of the one it is derived
    from; without a column it can be answered but not matched."""

    keyword: str
    level: QueryLevel
    kind: Kind
    column: str = ""


_P, _S, _E, _I = QueryLevel.PATIENT, QueryLevel.STUDY, QueryLevel.SERIES, QueryLevel.IMAGE

_TABLE: Final = (
    Attribute("PatientID", _P, Kind.TEXT, "patient_id"),
    Attribute("IssuerOfPatientID", _P, Kind.TEXT, "issuer_of_patient_id"),
    Attribute("PatientName", _P, Kind.PATIENT_NAME, "patient_name"),
    Attribute("PatientBirthDate", _P, Kind.DATE, "patient_birth_date"),
    Attribute("PatientSex", _P, Kind.TEXT, "patient_sex"),
    Attribute("NumberOfPatientRelatedStudies", _P, Kind.DERIVED),
    Attribute("NumberOfPatientRelatedSeries", _P, Kind.DERIVED),
    Attribute("NumberOfPatientRelatedInstances", _P, Kind.DERIVED),
    Attribute("StudyInstanceUID", _S, Kind.TEXT, "study_instance_uid"),
    Attribute("StudyDate", _S, Kind.DATE, "study_date"),
    Attribute("StudyTime", _S, Kind.TIME, "study_time"),
    Attribute("AccessionNumber", _S, Kind.TEXT, "accession_number"),
    Attribute("StudyID", _S, Kind.TEXT, "study_id"),
    Attribute("StudyDescription", _S, Kind.TEXT, "study_description"),
    Attribute("ReferringPhysicianName", _S, Kind.NAME, "referring_physician_name"),
    Attribute("InstitutionName", _S, Kind.TEXT, "institution_name"),
    Attribute("ModalitiesInStudy", _S, Kind.DERIVED, "modality"),
    Attribute("SOPClassesInStudy", _S, Kind.DERIVED, "sop_class_uid"),
    Attribute("NumberOfStudyRelatedSeries", _S, Kind.DERIVED),
    Attribute("NumberOfStudyRelatedInstances", _S, Kind.DERIVED),
    Attribute("SeriesInstanceUID", _E, Kind.TEXT, "series_instance_uid"),
    Attribute("Modality", _E, Kind.TEXT, "modality"),
    Attribute("SeriesNumber", _E, Kind.TEXT, "series_number"),
    Attribute("SeriesDescription", _E, Kind.TEXT, "series_description"),
    Attribute("SeriesDate", _E, Kind.DATE, "series_date"),
    Attribute("SeriesTime", _E, Kind.TIME, "series_time"),
    Attribute("BodyPartExamined", _E, Kind.TEXT, "body_part_examined"),
    Attribute("ProtocolName", _E, Kind.TEXT, "protocol_name"),
    Attribute("StationName", _E, Kind.TEXT, "station_name"),
    Attribute("Laterality", _E, Kind.TEXT, "laterality"),
    Attribute("PerformedProcedureStepStartDate", _E, Kind.DATE, "performed_procedure_step_start_date"),
    Attribute("PerformedProcedureStepStartTime", _E, Kind.TIME, "performed_procedure_step_start_time"),
    Attribute("NumberOfSeriesRelatedInstances", _E, Kind.DERIVED),
    Attribute("RequestAttributesSequence", _E, Kind.ITEMS),
    Attribute("RequestedProcedureID", _E, Kind.DERIVED, "requested_procedure_id"),
    Attribute("ScheduledProcedureStepID", _E, Kind.DERIVED, "scheduled_procedure_step_id"),
    Attribute("SOPInstanceUID", _I, Kind.TEXT, "sop_instance_uid"),
    Attribute("SOPClassUID", _I, Kind.TEXT, "sop_class_uid"),
    Attribute("AvailableTransferSyntaxUID", _I, Kind.TEXT, "transfer_syntax_uid"),
    Attribute("InstanceNumber", _I, Kind.TEXT, "instance_number"),
    Attribute("Rows", _I, Kind.TEXT, "rows"),
    Attribute("Columns", _I, Kind.TEXT, "columns"),
    Attribute("BitsAllocated", _I, Kind.TEXT, "bits_allocated"),
    Attribute("NumberOfFrames", _I, Kind.TEXT, "number_of_frames"),
    Attribute("ContentDate", _I, Kind.DATE, "content_date"),
    Attribute("ContentTime", _I, Kind.TIME, "content_time"),
)

ATTRIBUTES: Final = MappingProxyType({attribute.keyword: attribute for attribute in _TABLE})
"""By keyword. The sequence's two attributes can be asked for by themselves: they answer one value per item."""

UNIQUE_KEYS: Final = MappingProxyType(
    {
        QueryLevel.PATIENT: ("PatientID", "IssuerOfPatientID"),
        QueryLevel.STUDY: ("StudyInstanceUID",),
        QueryLevel.SERIES: ("SeriesInstanceUID",),
        QueryLevel.IMAGE: ("SOPInstanceUID",),
    }
)
"""What names one entity of a level (PS3.4 §C.6.1.1); in every answer, asked for or not."""


def supports(keyword: str, level: QueryLevel) -> bool:
    """True if the index can answer `keyword` at `level`: it belongs to that level or one above it."""
    attribute = ATTRIBUTES.get(keyword)
    return attribute is not None and attribute.level <= level

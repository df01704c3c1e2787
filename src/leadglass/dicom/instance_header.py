"""The attributes of an instance that the index keeps, decoded to text."""

from __future__ import annotations

from dataclasses import dataclass

from leadglass.dicom.elements.index_tags import IDENTIFYING, INDEX_TAGS, REQUEST_ATTRIBUTES_SEQUENCE
from leadglass.dicom.elements.refusals import mismatch
from leadglass.dicom.header import Header
from leadglass.terms.ids import uid_of

__all__ = ["InstanceHeader", "index_attributes"]


@dataclass(frozen=True, slots=True)
class InstanceHeader:
    """What the index keeps of one instance, by level. Missing is ""; several values are joined by backslash."""

    # patient
    patient_id: str
    issuer_of_patient_id: str
    patient_name: str
    patient_birth_date: str
    patient_sex: str
    # study
    study_instance_uid: str
    study_date: str
    study_time: str
    accession_number: str
    study_id: str
    study_description: str
    referring_physician_name: str
    institution_name: str
    # series
    series_instance_uid: str
    modality: str
    series_number: str
    series_description: str
    series_date: str
    series_time: str
    body_part_examined: str
    protocol_name: str
    station_name: str
    laterality: str
    performed_procedure_step_start_date: str
    performed_procedure_step_start_time: str
    # instance
    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    instance_number: str
    rows: str
    columns: str
    bits_allocated: str
    number_of_frames: str
    content_date: str
    content_time: str
    # of the series: (RequestedProcedureID, ScheduledProcedureStepID) of each item of RequestAttributesSequence
    request_attributes: tuple[tuple[str, str], ...] = ()


_REQUESTED_PROCEDURE_ID = 0x00401001
_SCHEDULED_PROCEDURE_STEP_ID = 0x00400009
_NAMES = {
    "sop_class_uid": "SOPClassUID",
    "sop_instance_uid": "SOPInstanceUID",
    "study_instance_uid": "StudyInstanceUID",
    "series_instance_uid": "SeriesInstanceUID",
}


def index_attributes(header: Header, transfer_syntax: str) -> InstanceHeader:
    """The index attributes of one instance.

    PeerViolation (status A900) names the attribute if a UID the index is built on is missing or is not a UID.
    """
    values, text = header.values, header.text
    fields = {field: text(tag) if tag in values else "" for field, tag in INDEX_TAGS.items()}
    for field, tag in IDENTIFYING.items():
        uid = uid_of(text(tag))
        if uid is None:
            what = "is not a UID" if tag in header else "is missing"
            raise mismatch(f"{_NAMES[field]} {what}", "PS3.5 §9.1")
        fields[field] = uid
    requests = tuple(
        (item.text(_REQUESTED_PROCEDURE_ID), item.text(_SCHEDULED_PROCEDURE_STEP_ID))
        for item in header.items(REQUEST_ATTRIBUTES_SEQUENCE)
    )
    return InstanceHeader(**fields, transfer_syntax_uid=transfer_syntax, request_attributes=requests)

"""Search answers as DICOM JSON (PS3.18 §10.6.3.3, annex F): what never changes is rendered once, when a row is opened.

A fragment is the attributes of one study or series in ascending order of their tags, cut by newlines at the places
where an attribute belongs that is only known when somebody asks. (JSON holds no newline of its own.)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from leadglass.dicom.attribute_json import attribute_json, merged, sequence_json
from leadglass.dicom.instance_header import InstanceHeader
from leadglass.terms.ceilings import MAX_ITEMS_ANSWERED

__all__ = [
    "INSTANCE_COLUMNS",
    "instance_object",
    "series_fragment",
    "series_object",
    "study_fragment",
    "study_object",
    "with_attribute",
]

_UTF8 = attribute_json("SpecificCharacterSet", "ISO_IR 192")
_ONLINE = attribute_json("InstanceAvailability", "ONLINE")


def study_fragment(header: InstanceHeader) -> str:
    """Cut where InstanceAvailability and ModalitiesInStudy, and where RetrieveURL belong."""
    return _pieces(
        (
            ("StudyDate", header.study_date),
            ("StudyTime", header.study_time),
            ("AccessionNumber", header.accession_number),
        ),
        (
            ("InstitutionName", header.institution_name),
            ("ReferringPhysicianName", header.referring_physician_name),
            ("StudyDescription", header.study_description),
        ),
        (
            ("PatientName", header.patient_name),
            ("PatientID", header.patient_id),
            ("IssuerOfPatientID", header.issuer_of_patient_id),
            ("PatientBirthDate", header.patient_birth_date),
            ("PatientSex", header.patient_sex),
            ("StudyInstanceUID", header.study_instance_uid),
            ("StudyID", header.study_id),
        ),
    )


def study_object(fragment: str, modalities: str, series: str, instances: str, url: str) -> str:
    """The study as one JSON object; `modalities` joined by backslash, `url` as it stands in JSON."""
    first, second, third = fragment.split("\n")
    return (
        f'{{{_UTF8},{first},{_ONLINE},{_kept("ModalitiesInStudy", modalities)},{second},"00081190":{{"vr":"UR",'
        f'"Value":["{url}"]}},{third},"00201206":{{"vr":"IS","Value":[{series}]}},"00201208":{{"vr":"IS","Value":['
        f"{instances}]}}}}"
    )


def series_fragment(header: InstanceHeader) -> str:
    """Cut where InstanceAvailability, RetrieveURL and NumberOfSeriesRelatedInstances belong."""
    requests = [
        (attribute_json("ScheduledProcedureStepID", step), attribute_json("RequestedProcedureID", procedure))
        for procedure, step in header.request_attributes[:MAX_ITEMS_ANSWERED]
    ]
    fragment = _pieces(
        (("SeriesDate", header.series_date), ("SeriesTime", header.series_time)),
        (
            ("Modality", header.modality),
            ("StationName", header.station_name),
            ("SeriesDescription", header.series_description),
        ),
        (
            ("BodyPartExamined", header.body_part_examined),
            ("ProtocolName", header.protocol_name),
            ("StudyInstanceUID", header.study_instance_uid),
            ("SeriesInstanceUID", header.series_instance_uid),
            ("SeriesNumber", header.series_number),
            ("Laterality", header.laterality),
        ),
        (
            ("PerformedProcedureStepStartDate", header.performed_procedure_step_start_date),
            ("PerformedProcedureStepStartTime", header.performed_procedure_step_start_time),
        ),
    )
    return f"{fragment},{sequence_json('RequestAttributesSequence', requests)}"


def series_object(fragment: str, instances: int, url: str) -> str:
    """The series as one JSON object."""
    first, second, third, fourth = fragment.split("\n")
    return (
        f'{{{_UTF8},{first},{_ONLINE},{second},"00081190":{{"vr":"UR","Value":["{url}"]}},{third},'
        f'"00201209":{{"vr":"IS","Value":[{instances}]}},{fourth}}}'
    )


def instance_object(uids: tuple[str, str, str], values: Sequence[str], url: str) -> str:
    """The instance as one JSON object. `uids` of study, series and instance; `values` in the order of
    `INSTANCE_COLUMNS`: rows of instances are many, so these are rendered when they are asked for."""
    sop_class, syntax, number, rows, columns, bits, frames, date, time = values
    study, series, instance = uids
    return (
        f'{{{_UTF8},{_kept("SOPClassUID", sop_class)},"00080018":{{"vr":"UI","Value":["{instance}"]}},'
        f"{_kept('ContentDate', date)},{attribute_json('ContentTime', time)},{_ONLINE},"
        f'"00081190":{{"vr":"UR","Value":["{url}"]}},{_kept("AvailableTransferSyntaxUID", syntax)},'
        f'"0020000D":{{"vr":"UI","Value":["{study}"]}},"0020000E":{{"vr":"UI","Value":["{series}"]}},'
        f"{_kept('InstanceNumber', number)},{_kept('NumberOfFrames', frames)},{_kept('Rows', rows)},"
        f"{_kept('Columns', columns)},{_kept('BitsAllocated', bits)}}}"
    )


INSTANCE_COLUMNS: Final = (
    "sop_class_uid",
    "transfer_syntax_uid",
    "instance_number",
    "rows",
    "columns",
    "bits_allocated",
    "number_of_frames",
    "content_date",
    "content_time",
)


def with_attribute(written: str, keyword: str, text: str) -> str:
    """The object with one more attribute in its place."""
    return merged(written, f"{{{attribute_json(keyword, text)}}}")


_kept = lru_cache(maxsize=4096)(attribute_json)
"""For values that most rows have in common."""


def _pieces(*pieces: Sequence[tuple[str, str]]) -> str:
    return "\n".join(",".join(attribute_json(keyword, text) for keyword, text in piece) for piece in pieces)

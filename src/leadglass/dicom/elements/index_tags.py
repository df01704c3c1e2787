"""The attributes the index is built on: field of `InstanceHeader` → tag (PS3.6)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

__all__ = ["IDENTIFYING", "INDEX_TAGS", "REQUEST_ATTRIBUTES_SEQUENCE", "SPECIFIC_CHARACTER_SET"]

SPECIFIC_CHARACTER_SET: Final = 0x00080005
REQUEST_ATTRIBUTES_SEQUENCE: Final = 0x00400275

IDENTIFYING: Final = MappingProxyType(
    {
        "sop_class_uid": 0x00080016,
        "sop_instance_uid": 0x00080018,
        "study_instance_uid": 0x0020000D,
        "series_instance_uid": 0x0020000E,
    }
)
"""Without these four an object has no place in the index."""

INDEX_TAGS: Final = MappingProxyType(
    {
        "patient_id": 0x00100020,
        "issuer_of_patient_id": 0x00100021,
        "patient_name": 0x00100010,
        "patient_birth_date": 0x00100030,
        "patient_sex": 0x00100040,
        "study_date": 0x00080020,
        "study_time": 0x00080030,
        "accession_number": 0x00080050,
        "study_id": 0x00200010,
        "study_description": 0x00081030,
        "referring_physician_name": 0x00080090,
        "institution_name": 0x00080080,
        "modality": 0x00080060,
        "series_number": 0x00200011,
        "series_description": 0x0008103E,
        "series_date": 0x00080021,
        "series_time": 0x00080031,
        "body_part_examined": 0x00180015,
        "protocol_name": 0x00181030,
        "station_name": 0x00081010,
        "laterality": 0x00200060,
        "performed_procedure_step_start_date": 0x00400244,
        "performed_procedure_step_start_time": 0x00400245,
        "instance_number": 0x00200013,
        "rows": 0x00280010,
        "columns": 0x00280011,
        "bits_allocated": 0x00280100,
        "number_of_frames": 0x00280008,
        "content_date": 0x00080023,
        "content_time": 0x00080033,
    }
)
"""Attributes kept as text where present."""

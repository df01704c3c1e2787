"""The attributes of a patient whose presence is looked at (PS3.3 C.7.1.1, C.7.2): the same by DIMSE and by DICOMweb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from leadglass.dicom.dictionary import tag_of

__all__ = ["IDENTITY_REMOVED", "PERSONAL"]

PERSONAL: Final[Mapping[int, str]] = {
    tag_of(keyword): keyword
    for keyword in (
        "PatientName",
        "PatientID",
        "IssuerOfPatientID",
        "OtherPatientIDs",
        "PatientBirthDate",
        "PatientSex",
        "PatientMotherBirthName",
        "PatientAddress",
        "PatientTelephoneNumbers",
        "InsurancePlanIdentification",
        "PatientComments",
        "AdditionalPatientHistory",
        "AdmittingDiagnosesDescription",
        "ReferringPhysicianName",
        "NameOfPhysiciansReadingStudy",
    )
}
"""Keywords by tag."""
IDENTITY_REMOVED: Final = 0x00120062
""""YES": these are no patient's."""

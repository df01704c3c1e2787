"""The DICOM manners of common products, each in the configurations that are met in the wild.

Class UIDs and version names as those products send them; what they answer was looked up in their documentation, or seen
on the real ones that the interoperability tests install.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from leadglass.range.manners.dicom_conduct import ABORTS, Conduct

__all__ = [
    "AE_CHECKING",
    "AE_LISTED",
    "CONQUEST",
    "DCM4CHEE",
    "DCM4CHEE_LISTED",
    "DCMQRSCP",
    "DCMQRSCP_OPEN",
    "IDENTITY_ANSWERING",
    "IDENTITY_ANY",
    "IDENTITY_DEMANDING",
    "LIMITED",
    "MODALITY",
    "ORTHANC",
    "ORTHANC_OPEN",
    "ORTHANC_QUERIES",
    "PYNETDICOM",
    "STORESCP",
    "WORKLIST",
]

_NOT_AUTHORIZED: Final = 0x0124
_MOVE_DESTINATION_UNKNOWN: Final = 0xA801
_OUT_OF_RESOURCES: Final = 0xA700
_KNOWN: Final = frozenset({"MAINARCHIVE"})
"""The one AE title that archives with a table of titles know."""


def _dcmtk(version: str) -> tuple[str, str]:
    """DCMTK's class UID and version name, of "3.6.7"."""
    return f"1.2.276.0.7230010.3.0.{version}", f"OFFIS_DCMTK_{version.replace('.', '')}"


def _orthanc(version: str, *, find: int, get: int, move: int) -> Conduct:
    """Orthanc lets every title in, and aborts at a command that its policy forbids."""
    uid, name = _dcmtk(version)
    return Conduct(
        product="Orthanc",
        implementation_class_uid=uid,
        implementation_version_name=name,
        stores=True,
        find=find,
        get=get,
        move=move,
        worklist=ABORTS,
    )


ORTHANC: Final = _orthanc("3.6.7", find=ABORTS, get=ABORTS, move=ABORTS)
"""As shipped: anybody may echo and store."""
ORTHANC_QUERIES: Final = _orthanc("3.6.4", find=0, get=ABORTS, move=ABORTS)
"""DicomAlwaysAllowFind."""
ORTHANC_OPEN: Final = _orthanc("3.6.8", find=0, get=0, move=_MOVE_DESTINATION_UNKNOWN)
"""DicomAlwaysAllowFind and DicomAlwaysAllowGet."""

DCM4CHEE: Final = Conduct(
    product="dcm4chee-arc",
    implementation_class_uid="1.2.40.0.13.1.3",
    implementation_version_name="dcm4che-5.31.2",
    stores=True,
    find=0,
    get=0,
    move=_MOVE_DESTINATION_UNKNOWN,
)
"""As shipped: open to all."""
DCM4CHEE_LISTED: Final = replace(DCM4CHEE, calling=_KNOWN)
"""With the list of accepted calling AE titles."""

STORESCP: Final = Conduct(
    product="DCMTK storescp",
    implementation_class_uid=_dcmtk("3.6.7")[0],
    implementation_version_name=_dcmtk("3.6.7")[1],
    stores=True,
)
DCMQRSCP: Final = Conduct(
    product="DCMTK dcmqrscp",
    implementation_class_uid=_dcmtk("3.6.7")[0],
    implementation_version_name=_dcmtk("3.6.7")[1],
    called=_KNOWN,
    calling=_KNOWN,
    stores=True,
    find=0,
    get=0,
    move=_MOVE_DESTINATION_UNKNOWN,
)
"""With its table of AE titles, which it cannot be run without."""
DCMQRSCP_OPEN: Final = replace(DCMQRSCP, called=None, calling=None)
"""Behind a relay that puts in the right titles for everybody."""
CONQUEST: Final = Conduct(
    product="Conquest",
    implementation_class_uid="1.2.826.0.1.3680043.2.135.1066.101",
    implementation_version_name="1.5.0/WIN32",
    stores=True,
    find=0,
    get=0,
    move=_MOVE_DESTINATION_UNKNOWN,
)
PYNETDICOM: Final = Conduct(
    product="pynetdicom qrscp",
    implementation_class_uid="1.2.826.0.1.3680043.9.3811.2.0.2",
    implementation_version_name="PYNETDICOM_202",
    stores=True,
    find=0,
    get=0,
    move=_MOVE_DESTINATION_UNKNOWN,
)
WORKLIST: Final = Conduct(
    product="DCMTK wlmscpfs",
    implementation_class_uid=_dcmtk("3.6.6")[0],
    implementation_version_name=_dcmtk("3.6.6")[1],
    worklist=0,
)
LIMITED: Final = Conduct(
    product="",
    implementation_class_uid="1.2.40.0.13.1.1",
    implementation_version_name="dcm4che-2.0.25",
    find=0,
    get=_NOT_AUTHORIZED,
    move=_NOT_AUTHORIZED,
    limit=500,
    limit_status=_OUT_OF_RESOURCES,
)
"""Lists, but hands nothing out; no more than 500 matches of a query."""
AE_CHECKING: Final = Conduct(
    product="",
    implementation_class_uid="1.2.840.113619.6.336",
    implementation_version_name="PACS_ARCHIVE_4",
    called=_KNOWN,
    find=0,
    get=0,
    move=0,
)
"""Answers to its own name alone."""
AE_LISTED: Final = replace(AE_CHECKING, called=None, calling=_KNOWN, implementation_version_name="PACS_ARCHIVE_5")
"""Lets in whom it knows."""
IDENTITY_DEMANDING: Final = replace(DCM4CHEE, demands_user_identity=True, user_names=_KNOWN)
"""Lets in a user that it knows."""
IDENTITY_ANSWERING: Final = replace(DCM4CHEE, answers_user_identity=True)
"""Takes note of who shows a name, and lets everybody in."""
MODALITY: Final = Conduct(
    product="",
    implementation_class_uid="1.3.12.2.1107.5.9.20000101",
    implementation_version_name="SCANNER_7",
    max_pdu_length=28_672,
)
"""A device that lets anybody echo, and serves nothing."""
IDENTITY_ANY: Final = replace(MODALITY, demands_user_identity=True, answers_user_identity=True)
"""Whoever shows a name, whichever it is, may echo."""

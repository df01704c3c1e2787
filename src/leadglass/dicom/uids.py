"""Which UID is what: transfer syntaxes, storage SOP classes, and the UIDs we are known by (PS3.6 annex A).

The tables come from pydicom's copy of PS3.6; what the standard added since is listed here by hand.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from leadglass.dicom.tables import uids as _uids
from leadglass.terms.ids import is_uid

__all__ = [
    "APPLICATION_CONTEXT",
    "CT_IMAGE_STORAGE",
    "DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN",
    "EXPLICIT_VR_BIG_ENDIAN",
    "EXPLICIT_VR_LITTLE_ENDIAN",
    "IMPLEMENTATION_CLASS_UID",
    "IMPLEMENTATION_VERSION_NAME",
    "IMPLICIT_VR_LITTLE_ENDIAN",
    "MODALITY_WORKLIST_FIND",
    "MR_IMAGE_STORAGE",
    "PATIENT_ROOT_FIND",
    "PATIENT_ROOT_GET",
    "PATIENT_ROOT_MOVE",
    "SECONDARY_CAPTURE_IMAGE_STORAGE",
    "STORAGE_COMMITMENT_PUSH_MODEL",
    "STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE",
    "STUDY_ROOT_FIND",
    "STUDY_ROOT_GET",
    "STUDY_ROOT_MOVE",
    "VERIFICATION",
    "TransferSyntax",
    "all_storage_sop_classes",
    "all_transfer_syntaxes",
    "is_storage_sop_class",
    "transfer_syntax_of",
    "uid_name",
]

IMPLEMENTATION_CLASS_UID: Final = "2.25.122081610909435577466898346972441940618"
"""Who wrote this file or association (PS3.7 §D.3.3.2): a UID of the 2.25 branch, ours for good."""
IMPLEMENTATION_VERSION_NAME: Final = "LEADGLASS_0_1"

APPLICATION_CONTEXT: Final = "1.2.840.10008.3.1.1.1"
VERIFICATION: Final = "1.2.840.10008.1.1"
STORAGE_COMMITMENT_PUSH_MODEL: Final = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE: Final = "1.2.840.10008.1.20.1.1"
PATIENT_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.1.1"
PATIENT_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.1.2"
PATIENT_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.1.3"
STUDY_ROOT_FIND: Final = "1.2.840.10008.5.1.4.1.2.2.1"
STUDY_ROOT_MOVE: Final = "1.2.840.10008.5.1.4.1.2.2.2"
STUDY_ROOT_GET: Final = "1.2.840.10008.5.1.4.1.2.2.3"
MODALITY_WORKLIST_FIND: Final = "1.2.840.10008.5.1.4.31"
CT_IMAGE_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.4"
SECONDARY_CAPTURE_IMAGE_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.7"

IMPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2"
EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"
DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1.99"
EXPLICIT_VR_BIG_ENDIAN: Final = "1.2.840.10008.1.2.2"
ENCAPSULATED_UNCOMPRESSED: Final = "1.2.840.10008.1.2.1.98"
PAPYRUS_3: Final = "1.2.840.10008.1.20"

_JPIP_DEFLATE = frozenset({"1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"})
_JPIP = _JPIP_DEFLATE | {"1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.204"}
_NOT_FOR_OBJECTS = (
    "1.2.840.10008.1.2.6.",  # MIME and XML: never data sets
    "1.2.840.10008.1.2.7.",  # SMPTE ST 2110: live video over RTP
)
_NEWER_TRANSFER_SYNTAXES = {
    "1.2.840.10008.1.2.4.110": "JPEG XL Lossless",
    "1.2.840.10008.1.2.4.111": "JPEG XL JPEG Recompression",
    "1.2.840.10008.1.2.4.112": "JPEG XL",
    "1.2.840.10008.1.2.8.1": "Deflated Image Frame Compression",
}


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """How a data set is laid out as bytes (PS3.5 §10)."""

    uid: str
    name: str
    is_implicit_vr: bool = False
    is_little_endian: bool = True
    is_deflated: bool = False  # the whole data set is one deflate stream (PS3.5 §A.5)
    is_encapsulated: bool = True  # pixel data comes as fragments (PS3.5 §A.4)

    @property
    def is_native(self) -> bool:
        """True if pixel data is uncompressed and contiguous."""
        return not self.is_encapsulated


_NATIVE = {
    ts.uid: ts
    for ts in (
        TransferSyntax(IMPLICIT_VR_LITTLE_ENDIAN, "Implicit VR Little Endian", True, is_encapsulated=False),
        TransferSyntax(EXPLICIT_VR_LITTLE_ENDIAN, "Explicit VR Little Endian", is_encapsulated=False),
        TransferSyntax(
            DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
            "Deflated Explicit VR Little Endian",
            is_deflated=True,
            is_encapsulated=False,
        ),
        TransferSyntax(EXPLICIT_VR_BIG_ENDIAN, "Explicit VR Big Endian", is_little_endian=False, is_encapsulated=False),
        TransferSyntax(PAPYRUS_3, "Papyrus 3 Implicit VR Little Endian", True, is_encapsulated=False),
    )
}


@cache
def _transfer_syntaxes() -> dict[str, TransferSyntax]:
    found = dict(_NATIVE)
    for uid, name in [*((u, e[0]) for u, e in _entries("Transfer Syntax")), *_NEWER_TRANSFER_SYNTAXES.items()]:
        if uid not in found and not uid.startswith(_NOT_FOR_OBJECTS):
            found[uid] = TransferSyntax(uid, name, is_deflated=uid in _JPIP_DEFLATE, is_encapsulated=uid not in _JPIP)
    return found


def transfer_syntax_of(uid: str) -> TransferSyntax:
    """The facts of a transfer syntax. An unknown one is read as encapsulated explicit VR little endian.

    That is what the standard demands of every new one (PS3.5 §10.1 note, §A.4), and what vendors do.
    """
    known = _transfer_syntaxes().get(uid)
    return known if known is not None else TransferSyntax(uid, "")


def all_transfer_syntaxes() -> tuple[str, ...]:
    """Every transfer syntax a stored object may have: the default first, then the native, then the compressed."""
    return tuple(_transfer_syntaxes())


_STORAGE_NAME = re.compile(r"Storage(?: - (?:For Presentation|For Processing|Trial)| SOP Class)?(?: \(Retired\))?$")
_MEDIA_STORAGE_DIRECTORY = "1.2.840.10008.1.3.10"  # a DICOMDIR: a file, never sent (PS3.4 annex B)
_STANDARD_ROOT = "1.2.840.10008."
_STORAGE_ROOT = "1.2.840.10008.5.1.4.1.1."
_PRIVATE_QUERY_ROOT = "1.2.40.0.13.1.5.1.4.1.2."  # dcm4che's own query/retrieve models


def _entries(kind: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(uid, entry) for uid, entry in _uids().items() if entry[1] == kind]


@cache
def _storage_sop_classes() -> frozenset[str]:
    return frozenset(
        uid
        for uid, entry in _entries("SOP Class")
        if _STORAGE_NAME.search(entry[0]) and uid != _MEDIA_STORAGE_DIRECTORY
    )


def all_storage_sop_classes() -> tuple[str, ...]:
    """Every storage SOP class of the standard, retired and trial ones included, sorted."""
    return tuple(sorted(_storage_sop_classes()))


def is_storage_sop_class(uid: str) -> bool:
    """True if objects of this SOP class can be stored.

    Those are the standard's storage classes, what it may add to its storage branch after this release, and
    private classes that are not known to be something else.
    """
    if uid in _storage_sop_classes():
        return True
    entry = _uids().get(uid)
    if (entry is not None and entry[1]) or uid.startswith(_PRIVATE_QUERY_ROOT) or not is_uid(uid):
        return False
    return uid.startswith(_STORAGE_ROOT) or not uid.startswith(_STANDARD_ROOT)


def uid_name(uid: str) -> str:
    """The name PS3.6 gives a UID, or "" if it is not in its registry."""
    entry = _uids().get(uid)
    return entry[0] if entry else _NEWER_TRANSFER_SYNTAXES.get(uid, "")

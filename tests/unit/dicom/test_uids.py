"""UID facts against pydicom's registry and the standard's rules."""

from __future__ import annotations

import pydicom.uid
import pytest

from leadglass.dicom.uids import (
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
    all_storage_sop_classes,
    all_transfer_syntaxes,
    is_storage_sop_class,
    transfer_syntax_of,
    uid_name,
)
from leadglass.terms.ids import is_uid


def test_implementation_class_uid_is_a_uid_of_the_uuid_branch() -> None:
    assert is_uid(IMPLEMENTATION_CLASS_UID)
    assert IMPLEMENTATION_CLASS_UID.startswith("2.25.")
    assert int(IMPLEMENTATION_CLASS_UID[5:]) < 2**128


def test_implementation_version_name_fits_its_field() -> None:
    assert IMPLEMENTATION_VERSION_NAME == "LEADGLASS_0_1"
    assert len(IMPLEMENTATION_VERSION_NAME) <= 16


@pytest.mark.parametrize("uid", [uid for uid in all_transfer_syntaxes() if uid in pydicom.uid.UID_dictionary])
def test_transfer_syntax_facts_equal_pydicom(uid: str) -> None:
    ours, theirs = transfer_syntax_of(uid), pydicom.uid.UID(uid)
    assert ours.name == theirs.name
    if uid == "1.2.840.10008.1.20":  # Papyrus: implicit by its name; pydicom knows no more of it
        assert ours.is_implicit_vr
        return
    assert ours.is_implicit_vr == theirs.is_implicit_VR
    assert ours.is_little_endian == theirs.is_little_endian
    if uid.startswith(("1.2.840.10008.1.2.4.94", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.20")):
        return  # JPIP: no pixel data at all, only a URL; pydicom calls some of them compressed
    assert ours.is_deflated == theirs.is_deflated
    assert ours.is_encapsulated == theirs.is_compressed


def test_every_transfer_syntax_of_objects_is_known() -> None:
    missing = {
        uid
        for uid, entry in pydicom.uid.UID_dictionary.items()
        if entry[1] == "Transfer Syntax" and uid not in all_transfer_syntaxes()
    }
    assert all(uid.startswith(("1.2.840.10008.1.2.6.", "1.2.840.10008.1.2.7.")) for uid in missing)


def test_jpip_deflate_is_deflated_and_holds_no_fragments() -> None:
    facts = transfer_syntax_of("1.2.840.10008.1.2.4.95")
    assert facts.is_deflated
    assert facts.is_native


def test_unknown_transfer_syntax_is_read_as_encapsulated_explicit_little_endian() -> None:
    facts = transfer_syntax_of("1.2.3.4.5")
    assert (facts.is_implicit_vr, facts.is_little_endian, facts.is_deflated, facts.is_encapsulated) == (
        False,
        True,
        False,
        True,
    )


def test_every_storage_class_pynetdicom_knows_is_a_storage_class() -> None:
    from pynetdicom.sop_class import _STORAGE_CLASSES

    assert not [uid for uid in _STORAGE_CLASSES.values() if not is_storage_sop_class(uid)]


@pytest.mark.parametrize(
    "uid",
    [
        "1.2.840.10008.5.1.4.1.1.6",  # Ultrasound Image Storage (Retired)
        "1.2.840.10008.5.1.1.29",  # Hardcopy Grayscale Image Storage SOP Class, retired
        "1.2.840.10008.5.1.4.1.1.9.1",  # Waveform Storage - Trial
        "1.2.840.10008.5.1.4.1.1.1.1",  # Digital X-Ray Image Storage - For Presentation
        "1.2.840.10008.5.1.4.1.1.999.7",  # not there yet, but in the storage branch
        "1.3.12.2.1107.5.9.1",  # Siemens CSA Non-Image Storage
    ],
)
def test_is_storage(uid: str) -> None:
    assert is_storage_sop_class(uid)


@pytest.mark.parametrize(
    "uid",
    [
        "1.2.840.10008.1.1",  # Verification
        "1.2.840.10008.1.20.1",  # Storage Commitment Push Model
        "1.2.840.10008.1.3.10",  # Media Storage Directory Storage
        "1.2.840.10008.5.1.4.1.2.2.1",  # Study Root FIND
        "1.2.840.10008.5.1.4.1.1.200.4",  # Protocol Approval FIND: in the storage branch, yet a query
        "1.2.840.10008.5.1.4.31",  # Modality Worklist
        "1.2.840.10008.1.2.1",  # a transfer syntax
        "1.2.840.10008.9.9.9",  # the standard's, unknown, outside the storage branch
        "1.2.40.0.13.1.5.1.4.1.2.1.1",  # a private query model
        "../../etc/passwd",
        "",
    ],
)
def test_is_not_storage(uid: str) -> None:
    assert not is_storage_sop_class(uid)


def test_uid_name_reads_the_registry() -> None:
    assert uid_name("1.2.840.10008.1.1") == "Verification SOP Class"
    assert uid_name("1.2.840.10008.1.2.4.110") == "JPEG XL Lossless"
    assert uid_name("1.2.3") == ""


def test_storage_classes_are_sorted_and_plenty() -> None:
    classes = all_storage_sop_classes()
    assert list(classes) == sorted(classes)
    assert len(classes) > 180

"""File meta information, written and read."""

from __future__ import annotations

import io
import struct

import pydicom
import pytest

from helpers.samples import Sample, all_samples, explicit, implicit, instance, part10, sample, uid
from leadglass.dicom.part10 import MAX_FILE_META, PREAMBLE, file_meta, split
from leadglass.dicom.uids import (
    CT_IMAGE_STORAGE,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLEMENTATION_CLASS_UID,
    IMPLEMENTATION_VERSION_NAME,
)
from leadglass.terms.ae_title import AETitle
from leadglass.terms.errors import CeilingReached, PeerViolation

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom warns of what the samples get wrong


def test_file_meta_is_read_back_by_pydicom_with_a_true_group_length() -> None:
    meta = file_meta(CT_IMAGE_STORAGE, "2.25.4", EXPLICIT_VR_LITTLE_ENDIAN, AETitle.of("MODALITY1"))
    written = pydicom.dcmread(io.BytesIO(meta + instance()))
    assert written.preamble == bytes(128)
    assert written.file_meta.FileMetaInformationGroupLength == len(meta) - 128 - 4 - 12
    assert written.file_meta.FileMetaInformationVersion == b"\0\x01"
    assert written.file_meta.MediaStorageSOPClassUID == CT_IMAGE_STORAGE
    assert written.file_meta.MediaStorageSOPInstanceUID == "2.25.4"
    assert written.file_meta.TransferSyntaxUID == EXPLICIT_VR_LITTLE_ENDIAN
    assert written.file_meta.ImplementationClassUID == IMPLEMENTATION_CLASS_UID
    assert written.file_meta.ImplementationVersionName == IMPLEMENTATION_VERSION_NAME
    assert written.file_meta.SourceApplicationEntityTitle == "MODALITY1"
    assert written.StudyInstanceUID == "2.25.2"


def test_every_meta_element_has_even_length() -> None:
    for text in ("1.2.3", "1.2.34"):
        assert len(file_meta(text, text, text, "ABC")) % 2 == 0


def test_without_a_calling_ae_title_there_is_no_source_ae_title() -> None:
    meta = file_meta(CT_IMAGE_STORAGE, "2.25.4", EXPLICIT_VR_LITTLE_ENDIAN)
    assert "SourceApplicationEntityTitle" not in pydicom.dcmread(io.BytesIO(meta + instance())).file_meta


def test_a_polyglot_preamble_does_not_survive() -> None:
    foreign = part10(instance(), preamble=b"MZ\x90\0 an executable")
    meta, offset = split(foreign)
    ours = file_meta(CT_IMAGE_STORAGE, "2.25.4", meta.transfer_syntax_uid) + foreign[offset:]
    assert ours[:132] == PREAMBLE
    assert b"MZ\x90" not in ours


def test_split_reads_back_what_file_meta_wrote() -> None:
    written = file_meta(CT_IMAGE_STORAGE, "2.25.4", EXPLICIT_VR_LITTLE_ENDIAN, "ME")
    meta, offset = split(written + instance())
    assert offset == len(written)
    assert meta.media_storage_sop_class_uid == CT_IMAGE_STORAGE
    assert meta.media_storage_sop_instance_uid == "2.25.4"
    assert meta.transfer_syntax_uid == EXPLICIT_VR_LITTLE_ENDIAN
    assert meta.source_ae_title == "ME"


@pytest.mark.parametrize("found", all_samples(), ids=lambda s: s.name)
def test_split_equals_pydicom_on_every_sample(found: Sample) -> None:
    data = found.data()
    meta, offset = split(memoryview(data))
    theirs = found.dataset(stop_before_pixels=True).file_meta
    assert meta.transfer_syntax_uid == str(theirs.get("TransferSyntaxUID", ""))
    assert meta.media_storage_sop_class_uid == str(theirs.get("MediaStorageSOPClassUID", ""))
    assert meta.media_storage_sop_instance_uid == str(theirs.get("MediaStorageSOPInstanceUID", ""))
    assert meta.implementation_class_uid == str(theirs.get("ImplementationClassUID", ""))
    assert meta.source_ae_title == str(theirs.get("SourceApplicationEntityTitle", "")).strip()
    assert data[offset : offset + 2] != b"\x02\0"


def test_a_wrong_group_length_is_not_believed() -> None:
    group_length = explicit(0x00020000, "UL", struct.pack("<I", 9999))
    data = PREAMBLE + group_length + explicit(0x00020010, "UI", uid("1.2.840.10008.1.2")) + instance()
    meta, offset = split(data)
    assert meta.transfer_syntax_uid == "1.2.840.10008.1.2"
    assert data[offset:] == instance()


def test_meta_information_in_implicit_vr_is_read() -> None:
    data = PREAMBLE + implicit(0x00020010, uid("1.2.840.10008.1.2")) + implicit(0x00080018, b"1.2\0")
    meta, offset = split(data)
    assert meta.transfer_syntax_uid == "1.2.840.10008.1.2"
    assert offset == len(data) - 12


def test_what_has_no_prefix_is_no_dicom_file() -> None:
    with pytest.raises(PeerViolation, match="no DICM prefix"):
        split(b"\x89PNG" + bytes(500))
    with pytest.raises(PeerViolation):
        split(b"")


@pytest.mark.parametrize("cut", [140, 150, 170])
def test_meta_information_cut_short_is_named(cut: int) -> None:
    data = sample("test_files/CT_small.dcm").data()
    with pytest.raises(PeerViolation, match="ends within an element"):
        split(data[:cut])


def test_endless_meta_information_reaches_its_ceiling() -> None:
    huge = PREAMBLE + explicit(0x00020102, "OB", bytes(MAX_FILE_META + 2))
    with pytest.raises(CeilingReached, match="MAX_FILE_META"):
        split(huge)


def test_meta_information_of_undefined_length_is_refused() -> None:
    with pytest.raises(PeerViolation, match="undefined length"):
        split(PREAMBLE + explicit(0x00020102, "OB", b"", length=0xFFFFFFFF) + bytes(64))

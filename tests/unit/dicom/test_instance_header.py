"""The index attributes of an instance."""

from __future__ import annotations

import dataclasses

import pytest

from helpers.samples import Sample, all_samples, explicit, identifying, instance, item, sequence
from leadglass.dicom.elements.index_tags import IDENTIFYING, INDEX_TAGS
from leadglass.dicom.header import Header, read_header
from leadglass.dicom.instance_header import InstanceHeader, index_attributes
from leadglass.dicom.uids import CT_IMAGE_STORAGE, EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.terms.errors import PeerViolation
from leadglass.terms.ids import is_uid

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom warns of what the samples get wrong


def indexed(data: bytes) -> InstanceHeader:
    header = read_header(data, EXPLICIT_VR_LITTLE_ENDIAN, complete=True)
    assert isinstance(header, Header)
    return index_attributes(header, EXPLICIT_VR_LITTLE_ENDIAN)


def test_the_fields_are_the_attributes_of_the_index() -> None:
    fields = {field.name for field in dataclasses.fields(InstanceHeader)}
    assert fields == {*INDEX_TAGS, *IDENTIFYING, "transfer_syntax_uid", "request_attributes"}


def test_missing_attributes_are_empty() -> None:
    found = indexed(instance())
    assert found.sop_class_uid == CT_IMAGE_STORAGE
    assert (found.study_instance_uid, found.series_instance_uid, found.sop_instance_uid) == (
        "2.25.2",
        "2.25.3",
        "2.25.4",
    )
    assert found.transfer_syntax_uid == EXPLICIT_VR_LITTLE_ENDIAN
    assert found.patient_name == ""
    assert found.request_attributes == ()


def test_request_attributes_are_pairs() -> None:
    one = item(explicit(0x00400009, "SH", b"S1") + explicit(0x00401001, "SH", b"P1"))
    assert indexed(instance(after=sequence(0x00400275, one, item(b"")))).request_attributes == (("P1", "S1"), ("", ""))


def test_several_values_are_joined_by_backslash() -> None:
    assert indexed(instance(explicit(0x00100020, "LO", b"A \\ B"))).patient_id == "A\\B"


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"])
def test_a_missing_uid_is_refused_by_name(keyword: str) -> None:
    with pytest.raises(PeerViolation, match=f"{keyword} is missing") as caught:
        indexed(b"".join(identifying(**{keyword: ""})))
    assert caught.value.answer.status == 0xA900


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"])
@pytest.mark.parametrize(
    "trick",
    [
        "../../../etc/passwd",
        "1.2/3.4",
        "1.2.3\\4.5.6",
        "1..2",
        ".1.2",
        "1.2.3\n",
        "C:1.2",
        "1.2.%2e%2e",
        "1" * 65,
        "1.2.3;rm -rf",
        "١.٢",
        "PATIENT^NAME",
    ],
)
def test_tricks_in_uids_are_refused_by_name_and_not_repeated(keyword: str, trick: str) -> None:
    with pytest.raises(PeerViolation, match=f"{keyword} is not a UID") as caught:
        indexed(b"".join(identifying(**{keyword: trick})))
    assert caught.value.answer.status == 0xA900
    assert trick not in str(caught.value)


@pytest.mark.parametrize("found", all_samples(), ids=lambda s: s.name)
def test_every_sample_is_indexed_or_refused_as_pydicom_would_have_it(found: Sample) -> None:
    theirs = found.dataset(stop_before_pixels=True)
    header = read_header(found.data_set_bytes(), found.transfer_syntax(), complete=True)
    assert isinstance(header, Header)
    keywords = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
    if all(is_uid(str(theirs.get(keyword, ""))) for keyword in keywords):
        ours = index_attributes(header, found.transfer_syntax())
        assert ours.study_instance_uid == theirs.StudyInstanceUID
        assert ours.sop_instance_uid == theirs.SOPInstanceUID
    else:
        with pytest.raises(PeerViolation, match=r"UID (is missing|is not a UID)"):
            index_attributes(header, found.transfer_syntax())

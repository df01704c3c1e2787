"""The dictionary against pydicom's."""

from __future__ import annotations

import pytest
from pydicom.datadict import DicomDictionary, dictionary_VR, keyword_for_tag

from leadglass.dicom.dictionary import keyword_of, private_vr_of, tag_of, vr_of


def test_all_tags_equal_pydicom() -> None:
    assert all(vr_of(tag) == dictionary_VR(tag) for tag in DicomDictionary)
    assert all(keyword_of(tag) == keyword_for_tag(tag) for tag in DicomDictionary)


def test_keyword_and_tag_are_inverse() -> None:
    assert tag_of("PatientName") == 0x00100010
    assert keyword_of(0x00100010) == "PatientName"


def test_unknown_keyword_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        tag_of("PatientShoeSize")


@pytest.mark.parametrize(
    ("tag", "vr"),
    [
        (0x60003000, "OB or OW"),  # overlay data, a repeating group
        (0x601E0010, "US"),
        (0x00090010, "LO"),  # private creator
        (0x00091001, ""),  # private, block unknown
        (0x00080000, "UL"),  # group length
        (0x00070001, ""),
        (0x00081139, ""),
    ],
)
def test_vr_of_tags_outside_the_plain_table(tag: int, vr: str) -> None:
    assert vr_of(tag) == vr


def test_private_vr_needs_the_creator() -> None:
    assert private_vr_of(0x00191008, "SIEMENS MR HEADER") == "CS"
    assert private_vr_of(0x00191008, "NOBODY") == ""

"""Which layout a data set really uses."""

from __future__ import annotations

import pytest
from pydicom.valuerep import EXPLICIT_VR_LENGTH_16, EXPLICIT_VR_LENGTH_32

from helpers.samples import explicit, implicit
from leadglass.dicom.elements.encoding import LONG_VRS, SHORT_VRS, Encoding, actual_encoding, encoding_of, layout_of

EXPLICIT, IMPLICIT = Encoding(False), Encoding(True)


def test_vr_tables_equal_pydicom() -> None:
    assert {vr.decode() for vr in SHORT_VRS} == {str(vr) for vr in EXPLICIT_VR_LENGTH_16}
    assert {vr.decode() for vr in LONG_VRS} == {str(vr) for vr in EXPLICIT_VR_LENGTH_32}


@pytest.mark.parametrize(
    ("uid", "encoding"),
    [
        ("1.2.840.10008.1.2", IMPLICIT),
        ("1.2.840.10008.1.2.1", EXPLICIT),
        ("1.2.840.10008.1.2.2", Encoding(False, False)),
        ("1.2.840.10008.1.2.4.90", EXPLICIT),
        ("1.2.3.4", EXPLICIT),
    ],
)
def test_encoding_of_transfer_syntaxes(uid: str, encoding: Encoding) -> None:
    assert encoding_of(uid) == encoding


def test_a_kept_promise_is_believed() -> None:
    assert actual_encoding(explicit(0x00080016, "UI", b"1.2\0"), 0, EXPLICIT) is EXPLICIT
    assert actual_encoding(implicit(0x00080016, b"1.2\0"), 0, IMPLICIT) is IMPLICIT


def test_a_broken_promise_is_seen() -> None:
    assert actual_encoding(implicit(0x00080016, b"1.2\0"), 0, EXPLICIT) == IMPLICIT
    assert actual_encoding(explicit(0x00080016, "UI", b"1.2\0"), 0, IMPLICIT) == EXPLICIT


def test_two_capitals_that_are_no_vr_do_not_make_an_implicit_data_set_explicit() -> None:
    data = implicit(0x00091001, length=0x4141)  # 16705 reads "AA"
    assert actual_encoding(data, 0, IMPLICIT) is IMPLICIT


def test_an_empty_data_set_keeps_its_promise() -> None:
    assert actual_encoding(b"", 0, EXPLICIT) is EXPLICIT


def test_layouts_differ_in_byte_order_only() -> None:
    assert layout_of(EXPLICIT).implicit.unpack(bytes([8, 0, 5, 0, 4, 0, 0, 0])) == (8, 5, 4)
    assert layout_of(Encoding(False, False)).implicit.unpack(bytes([0, 8, 0, 5, 0, 0, 0, 4])) == (8, 5, 4)

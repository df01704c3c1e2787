"""Values as text."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.dicom.character_set import DEFAULT, character_set
from leadglass.dicom.elements.values import text_of


@pytest.mark.parametrize(
    ("vr", "raw", "text"),
    [
        ("UI", b"1.2.3\0", "1.2.3"),
        ("CS", b" CT \\MR ", "CT\\MR"),
        ("LO", b" padded both sides  ", "padded both sides"),
        ("PN", b"A^B==", "A^B"),
        ("PN", b"A^B=\\C=D", "A^B\\C=D"),
        ("LT", b" a\\b \0", " a\\b"),
        ("UR", b"http://x/a\\b ", "http://x/a\\b"),
        ("US", b"\x00\x02", "512"),
        ("US", b"\x01\0\x02\0", "1\\2"),
        ("SS", b"\xff\xff", "-1"),
        ("US", b"\x01", ""),  # half a number is none
        ("FD", struct.pack("<d", 1.5), "1.5"),
        ("AT", b"\x08\0\x18\0", "00080018"),
        ("UN", b"text\xe9", "texté"),
        ("DA", b"20200101", "20200101"),
        ("SH", b"", ""),
    ],
)
def test_text_of(vr: str, raw: bytes, text: str) -> None:
    assert text_of(vr, raw, DEFAULT) == text


def test_byte_order_is_minded() -> None:
    assert text_of("US", b"\x02\x00", DEFAULT, is_little_endian=False) == "512"
    assert text_of("AT", b"\0\x08\0\x18", DEFAULT, is_little_endian=False) == "00080018"


def test_only_text_vrs_are_in_the_specific_character_set() -> None:
    utf_8 = character_set("ISO_IR 192")
    assert text_of("LO", "é".encode(), utf_8) == "é"
    assert text_of("CS", "é".encode(), utf_8) == "Ã©"


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2), st.binary(max_size=40), st.booleans())
def test_text_of_never_raises(vr: str, raw: bytes, little: bool) -> None:
    assert isinstance(text_of(vr, raw, DEFAULT, is_little_endian=little), str)

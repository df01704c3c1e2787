"""Values of the DICOM JSON model."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.dicom.character_set import DEFAULT, character_set
from leadglass.dicom.elements.json_values import json_values


@pytest.mark.parametrize(
    ("vr", "raw", "values"),
    [
        ("CS", b"CT", ["CT"]),
        ("CS", b"ORIGINAL\\\\AXIAL ", ["ORIGINAL", None, "AXIAL"]),
        ("CS", b"  ", []),
        ("AE", b"  STORE ", ["STORE"]),
        ("UI", b"1.2\0", ["1.2"]),
        ("LT", b"a\\b ", ["a\\b"]),
        ("PN", b"A^B=C^D", [{"Alphabetic": "A^B", "Ideographic": "C^D"}]),
        (
            "PN",
            b"A^B\\\\E=F=G",
            [{"Alphabetic": "A^B"}, None, {"Alphabetic": "E", "Ideographic": "F", "Phonetic": "G"}],
        ),
        ("PN", b"=C^D", [{"Alphabetic": "", "Ideographic": "C^D"}]),
        ("DS", b"1.50\\-2e3 ", [1.5, -2000.0]),
        ("DS", b"1.5\\", [1.5, None]),
        ("DS", b"1,5 ", ["1,5"]),
        ("DS", b"nan", ["nan"]),
        ("IS", b" 12 ", [12]),
        ("IS", b"1.0", [1]),
        ("IS", b"1A", ["1A"]),
        ("IS", b"99999999999999999999", ["99999999999999999999"]),
        ("US", b"\1\0\2\0", [1, 2]),
        ("US", b"\1\0\2", None),
        ("FD", struct.pack("<dd", 0.5, float("nan")), [0.5, None]),
        ("FL", struct.pack("<f", float("inf")), [None]),
        ("SV", struct.pack("<q", -5), [-5]),
        ("AT", b"\x08\0\x18\0", ["00080018"]),
        ("AT", b"\x08\0\x18", None),
        ("ZZ", b"ab", None),
    ],
)
def test_values(vr: str, raw: bytes, values: object) -> None:
    assert json_values(vr, raw, DEFAULT, True) == values


def test_text_is_in_its_character_set() -> None:
    assert json_values("LO", "é".encode(), character_set("ISO_IR 192"), True) == ["é"]


def test_big_endian() -> None:
    assert json_values("US", b"\0\1", DEFAULT, False) == [1]
    assert json_values("AT", b"\0\x08\0\x18", DEFAULT, False) == ["00080018"]


@given(st.text("ADFILNSTU", min_size=2, max_size=2), st.binary(max_size=30), st.booleans())
def test_never_raises(vr: str, raw: bytes, little: bool) -> None:
    values = json_values(vr, raw, DEFAULT, little)
    assert values is None or isinstance(values, list)

"""Pseudonyms of patients."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.gate.ledger import Pseudonyms, patient_pseudonym

KEY = bytes(range(32))


def test_the_documented_construction() -> None:
    message = b"leadglass ledger patient v1\0" + b"\0\0\0\x04" + b"P-17" + b"HOSP"
    assert patient_pseudonym(KEY, "P-17", "HOSP") == hmac.new(KEY, message, hashlib.sha256).hexdigest()[:32]


@given(key=st.binary(min_size=32, max_size=130), patient=st.text(), issuer=st.text(max_size=9))
def test_it_is_hmac_for_any_key_and_name(key: bytes, patient: str, issuer: str) -> None:
    bare = patient.strip(" ").encode()
    message = b"leadglass ledger patient v1\0" + len(bare).to_bytes(4, "big") + bare + issuer.strip(" ").encode()
    expected = hmac.new(key, message, hashlib.sha256).hexdigest()[:32] if bare else ""
    pseudonyms = Pseudonyms(key)
    assert pseudonyms.of(patient, issuer) == pseudonyms.of(patient, issuer) == expected


def test_same_patient_same_pseudonym_whatever_the_padding() -> None:
    assert patient_pseudonym(KEY, "P-17 ") == patient_pseudonym(KEY, "P-17", " ")


def test_neither_key_nor_issuer_nor_boundary_can_be_confused() -> None:
    made = {
        patient_pseudonym(KEY, "AB", "C"),
        patient_pseudonym(KEY, "A", "BC"),
        patient_pseudonym(KEY, "ABC"),
        patient_pseudonym(bytes(32), "ABC"),
    }
    assert len(made) == 4


def test_nobody_has_no_pseudonym() -> None:
    assert patient_pseudonym(KEY, "  ", "HOSP") == ""


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError):
        patient_pseudonym(b"short", "P-17")

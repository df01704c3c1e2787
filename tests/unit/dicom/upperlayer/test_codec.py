"""Reading and writing PDUs against pynetdicom, both ways, and the promise that nothing received is altered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.tests import encoded_pdu_items

from helpers.pair import a_request
from helpers.pdus import built_by_pynetdicom, pdus, requests
from leadglass.dicom.upperlayer import (
    Abort,
    AssociateRq,
    PDataTf,
    Pdu,
    PresentationDataValue,
    ReleaseRq,
    UnknownItem,
    decode_pdu,
    encode_pdu,
)
from leadglass.dicom.upperlayer.encode import written_by_the_book
from leadglass.terms.ae_title import AETitle
from leadglass.terms.ceilings import MAX_USER_INFORMATION_ITEMS

PYNETDICOM_SAMPLES = sorted(
    name
    for name, value in vars(encoded_pdu_items).items()
    if isinstance(value, bytes) and name.startswith(("a_", "p_data"))
)


@given(pdus)
def test_we_write_what_pynetdicom_writes(pdu: Pdu) -> None:
    assert encode_pdu(pdu) == built_by_pynetdicom(pdu).encode()


@given(pdus)
def test_we_read_what_pynetdicom_writes(pdu: Pdu) -> None:
    assert decode_pdu(built_by_pynetdicom(pdu).encode()) == pdu


@given(pdus)
def test_pynetdicom_reads_what_we_write(pdu: Pdu) -> None:
    wanted = built_by_pynetdicom(pdu)
    read = type(wanted)()
    read.decode(encode_pdu(pdu))
    assert read.encode() == wanted.encode()
    assert read == wanted


@pytest.mark.parametrize("name", PYNETDICOM_SAMPLES)
def test_samples_of_pynetdicom_survive_byte_for_byte(name: str) -> None:
    sample: bytes = getattr(encoded_pdu_items, name)
    length = (len(sample) - 6).to_bytes(4, "big")  # one of them states a wrong one, which pynetdicom does not look at
    sample = sample[:2] + length + sample[6:]
    assert encode_pdu(decode_pdu(sample)) == sample


def test_the_samples_of_pynetdicom_are_there() -> None:
    assert len(PYNETDICOM_SAMPLES) >= 15


def test_a_sample_means_to_us_what_it_means_to_pynetdicom() -> None:
    pdu = decode_pdu(encoded_pdu_items.a_associate_rq_user_id_user_pass)
    assert isinstance(pdu, AssociateRq)
    assert (pdu.calling_ae_title.text, pdu.called_ae_title.text) == ("STORESCU", "ANY-SCP")
    identity = pdu.user_information.user_identity
    assert identity is not None
    assert (identity.kind, identity.primary, identity.secondary) == (2, b"pynetdicom", b"p4ssw0rd")


def disturbed(pdu: bytes, noise: bytes) -> bytes:
    """An A-ASSOCIATE-RQ whose 32 + 2 + 1 reserved bytes are not zero."""
    return pdu[:1] + noise[:1] + pdu[2:8] + noise[1:3] + pdu[10:42] + noise[3:35] + pdu[74:]


@given(requests, st.binary(min_size=35, max_size=35))
def test_reserved_bytes_are_not_tested_and_not_lost(request_: AssociateRq, noise: bytes) -> None:
    data = disturbed(encode_pdu(request_), noise)
    read = decode_pdu(data)
    assert read == request_
    assert encode_pdu(read) == data


@pytest.mark.parametrize(
    "data",
    [
        bytes.fromhex("05 ff 00000004 01020304"),
        bytes.fromhex("06 00 00000004 000000ff"),
        bytes.fromhex("07 00 00000004 aabb 02 06"),
        bytes.fromhex("03 00 00000004 ff 01 01 07"),
        bytes.fromhex("04 99 00000008 00000004 01 ff 6162"),  # reserved bits of the message control header
    ],
)
def test_odd_short_pdus_are_kept_as_they_are(data: bytes) -> None:
    assert encode_pdu(decode_pdu(data)) == data
    assert written_by_the_book(decode_pdu(data)) != data


def test_a_received_pdu_that_is_altered_is_written_by_the_book() -> None:
    received = decode_pdu(disturbed(encode_pdu(a_request()), b"\xaa" * 35))
    assert isinstance(received, AssociateRq)
    altered = replace(received, calling_ae_title=AETitle.of("OTHER"))
    assert encode_pdu(altered) == encode_pdu(a_request(calling_ae_title=AETitle.of("OTHER")))


def test_items_in_another_order_are_kept_in_that_order() -> None:
    plain = encode_pdu(a_request())
    head, items = plain[:74], plain[74:]
    application_context, rest = items[:25], items[25:]
    data = head + rest + application_context
    assert decode_pdu(data) == a_request()
    assert encode_pdu(decode_pdu(data)) == data


def test_padding_of_uids_is_not_read_and_not_lost() -> None:
    read = decode_pdu(encode_pdu(a_request(application_context="1.2.840.10008.3.1.1.1\0")))
    assert read == a_request()
    assert encode_pdu(read) != encode_pdu(a_request())


def test_unknown_items_are_kept() -> None:
    information = replace(a_request().user_information, unknown=(UnknownItem(0x5A, b"new"), UnknownItem(0x01, b"")))
    request = a_request(unknown=(UnknownItem(0x77, bytes(9)),), user_information=information)
    read = decode_pdu(encode_pdu(request))
    assert read == request
    assert read.as_received == b""  # they are written by the book too


def test_what_cannot_be_written_by_the_book_is_still_kept() -> None:
    """No maximum length item, and no room to add the one that should be there."""
    filler = (UnknownItem(0x5A, bytes(65535 - 4 - 8)),)
    full = a_request(
        user_information=replace(a_request().user_information, implementation_class_uid="", unknown=filler)
    )
    by_the_book = encode_pdu(full)
    start = by_the_book.index(bytes.fromhex("51000004"))
    data = by_the_book[:start] + bytes.fromhex("5B000004 00000001") + by_the_book[start + 8 :]
    read = decode_pdu(data)
    assert isinstance(read, AssociateRq)
    assert read.user_information.max_pdu_length == 0
    assert encode_pdu(read) == data


def test_the_keepsake_is_not_part_of_the_value() -> None:
    odd: Any = decode_pdu(bytes.fromhex("05 ff 00000004 01020304"))
    assert odd == ReleaseRq()
    assert hash(odd) == hash(ReleaseRq())
    assert "as_received" not in repr(odd)


def test_secrets_and_data_are_not_in_any_repr() -> None:
    pdu = decode_pdu(encoded_pdu_items.a_associate_rq_user_id_user_pass)
    assert "p4ssw0rd" not in repr(pdu)
    assert "secret" not in repr(PDataTf((PresentationDataValue(1, False, True, b"secret"),)))


def test_abort_keeps_numbers_the_standard_does_not_know() -> None:
    assert decode_pdu(encode_pdu(Abort(1, 255))) == Abort(1, 255)


def test_as_many_items_as_allowed() -> None:
    many = tuple(UnknownItem(0x5A, b"") for _ in range(MAX_USER_INFORMATION_ITEMS - 2))
    request = a_request(user_information=replace(a_request().user_information, unknown=many))
    assert decode_pdu(encode_pdu(request)) == request

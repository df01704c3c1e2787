"""encode_command beyond the oracle: what it refuses, cuts and pads."""

from __future__ import annotations

import pytest

from leadglass.dicom.dimse.decode import decode_command
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.messages import CEchoRsp, CFindRsp, CMoveRq, CStoreRq, Message
from leadglass.terms.errors import LocalViolation


def test_a_data_set_given_overrides_the_message() -> None:
    message = CFindRsp(message_id_being_responded_to=1, status=0xFF00)
    assert not decode_command(encode_command(message)).has_data_set
    assert decode_command(encode_command(message, has_data_set=True)).has_data_set


def test_odd_values_are_padded_to_even_length() -> None:
    written = encode_command(CMoveRq(message_id=1, affected_sop_class_uid="1.2.3", move_destination="ABC"))
    assert b"\x06\x00\x00\x001.2.3\x00" in written
    assert b"\x04\x00\x00\x00ABC " in written


def test_an_error_comment_is_cut_to_64_characters_of_ascii() -> None:
    written = encode_command(CEchoRsp(message_id_being_responded_to=1, status=0x0110, error_comment="é" + "x" * 99))
    read = decode_command(written)
    assert isinstance(read, CEchoRsp)
    assert read.error_comment == "?" + "x" * 63


@pytest.mark.parametrize(
    "message",
    [
        CEchoRsp(message_id_being_responded_to=65536, status=0),
        CEchoRsp(message_id_being_responded_to=1, status=-1),
        CStoreRq(message_id=1, affected_sop_class_uid="1.2.é", affected_sop_instance_uid="1.2"),
        CFindRsp(message_id_being_responded_to=1, status=0, offending_element=(1 << 32,)),
    ],
)
def test_a_value_that_does_not_fit_is_our_own_fault(message: Message) -> None:
    with pytest.raises(LocalViolation):
        encode_command(message)

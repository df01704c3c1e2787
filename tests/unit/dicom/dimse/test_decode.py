"""decode_command on what peers really send, and on what they should not."""

from __future__ import annotations

import struct

import pytest

from leadglass.dicom.dimse.decode import decode_command
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.messages import CEchoRq, CEchoRsp, CStoreRq, CStoreRsp
from leadglass.terms.ceilings import MAX_COMMAND_SET
from leadglass.terms.errors import CeilingReached, PeerViolation


def element(number: int, value: bytes, group: int = 0) -> bytes:
    return struct.pack("<HHI", group, number, len(value)) + value


def us(number: int, value: int) -> bytes:
    return element(number, struct.pack("<H", value))


ECHO_RQ = [element(0x0002, b"1.2.840.10008.1.1\0"), us(0x0100, 0x0030), us(0x0110, 5), us(0x0800, 0x0101)]
STORE_RQ = {
    "affected_sop_class_uid": element(0x0002, b"1.2.3\0"),
    "Command Field": us(0x0100, 0x0001),
    "message_id": us(0x0110, 5),
    "Command Data Set Type": us(0x0800, 0),
    "affected_sop_instance_uid": element(0x1000, b"1.2.3.4\0"),
}
STORE = b"".join(STORE_RQ.values())


def test_order_group_length_and_retired_elements_do_not_matter() -> None:
    strange = [element(0, b"\xff\xff\xff\xff"), us(0x5110, 1), element(0x0010, b"ACR-NEMA"), *reversed(ECHO_RQ)]
    assert decode_command(b"".join(strange)) == CEchoRq(message_id=5)


def test_padding_of_either_kind_is_taken_off() -> None:
    spaced = [element(0x0002, b"1.2.840.10008.1.1 "), *ECHO_RQ[1:]]
    assert decode_command(b"".join(spaced)) == CEchoRq(message_id=5)


def test_a_missing_priority_means_medium() -> None:
    assert decode_command(STORE) == CStoreRq(
        message_id=5, affected_sop_class_uid="1.2.3", affected_sop_instance_uid="1.2.3.4", priority=0
    )


@pytest.mark.parametrize("data_set_type", [0x0000, 0x0001, 0x0100, 0x0102, 0xFFFF])
def test_every_data_set_type_but_one_announces_a_data_set(data_set_type: int) -> None:
    assert decode_command(b"".join([*ECHO_RQ[:3], us(0x0800, data_set_type)])).has_data_set


def test_text_that_is_not_ascii_is_shown_escaped() -> None:
    response = [us(0x0100, 0x8030), us(0x0120, 5), us(0x0800, 0x0101), us(0x0900, 0x0110), element(0x0902, b"\xe9 ")]
    read = decode_command(b"".join(response))
    assert isinstance(read, CEchoRsp)
    assert read.error_comment == "\\xe9"


@pytest.mark.parametrize("name", STORE_RQ)
def test_a_missing_mandatory_field_is_named(name: str) -> None:
    without = b"".join(value for other, value in STORE_RQ.items() if other != name)
    with pytest.raises(PeerViolation, match=name) as caught:
        decode_command(without)
    assert caught.value.answer.abort_reason == 6


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(STORE[:-1], id="value cut"),
        pytest.param(STORE + b"\0\0\0", id="header cut"),
        pytest.param(STORE + element(0x0010, b"X ", group=0x0010), id="another group"),
        pytest.param(STORE + struct.pack("<HHI", 0, 0x5000, 0xFFFFFFFF), id="undefined length"),
        pytest.param(us(0x0100, 0x0002) + us(0x0800, 0x0101), id="no such message"),
        pytest.param(STORE + element(0x0110, b"\x05\0\0\0"), id="number of four bytes"),
        pytest.param(STORE + element(0x1000, b"1.2.../../etc "), id="a path for a UID"),
        pytest.param(STORE + element(0x1000, b"1." * 40 + b"11"), id="a UID too long"),
    ],
)
def test_what_is_no_command_set_is_the_peers_fault(command: bytes) -> None:
    with pytest.raises(PeerViolation) as caught:
        decode_command(command)
    assert caught.value.answer.abort_reason == 6
    assert "etc" not in str(caught.value)


def test_a_tag_list_must_be_whole() -> None:
    response = [us(0x0100, 0x8001), us(0x0120, 5), us(0x0800, 0x0101), us(0x0900, 0), element(0x0901, b"\0\0")]
    with pytest.raises(PeerViolation, match="offending_element"):
        decode_command(b"".join(response))


def test_truncated_at_every_byte_nothing_else_is_raised() -> None:
    whole = encode_command(
        CStoreRsp(
            message_id_being_responded_to=1,
            status=0,
            affected_sop_class_uid="1.2",
            affected_sop_instance_uid="1.2.3",
            offending_element=(0x00100020,),
            error_comment="no",
        )
    )
    for end in range(len(whole)):
        try:
            decode_command(whole[:end])
        except PeerViolation as violation:
            assert violation.answer.abort_reason == 6  # noqa: PT017 - some cuts still hold a whole message


def test_the_ceiling_from_both_sides() -> None:
    comment = element(0x5110, bytes(MAX_COMMAND_SET - len(STORE) - 8))
    assert decode_command(STORE + comment)
    with pytest.raises(CeilingReached, match="MAX_COMMAND_SET"):
        decode_command(STORE + comment + bytes(1))

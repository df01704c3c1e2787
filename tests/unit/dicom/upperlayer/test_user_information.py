"""Each user information sub-item by itself: the bytes of the standard's tables, cut and misused."""

from __future__ import annotations

from contextlib import suppress

import pytest

from helpers.pair import a_request
from leadglass.dicom.upperlayer import (
    CommonExtendedNegotiation,
    ExtendedNegotiation,
    RoleSelection,
    UnknownItem,
    UserInformation,
    encode_pdu,
)
from leadglass.dicom.upperlayer.user_information import decode_user_information, encode_user_information
from leadglass.terms.errors import LocalViolation, PeerViolation
from leadglass.terms.evidence import UserIdentity

NO_LIMIT = bytes.fromhex("51000004 00000000")

SUB_ITEMS = {
    "maximum length": (UserInformation(max_pdu_length=0x4000), "51000004 00004000"),
    "implementation class UID": (UserInformation(implementation_class_uid="1.2.3"), "52000005 312e322e33"),
    "asynchronous operations window": (UserInformation(async_window=(3, 65535)), "53000004 0003 ffff"),
    "role selection": (UserInformation(roles=(RoleSelection("1.2", False, True),)), "54000007 0003 312e32 00 01"),
    "implementation version name": (UserInformation(implementation_version_name="V_1"), "55000003 565f31"),
    "extended negotiation": (
        UserInformation(extended=(ExtendedNegotiation("1.2", b"\1\0\1"),)),
        "56000008 0003 312e32 010001",
    ),
    "common extended negotiation": (
        UserInformation(common_extended=(CommonExtendedNegotiation("1.2", "1.4", ("1.5", "1.66")),)),
        "57000017 0003 312e32 0003 312e34 000b 0003 312e35 0004 312e3636",
    ),
    "user and passcode": (
        UserInformation(user_identity=UserIdentity(2, b"ann", b"pw", response_requested=True)),
        "5800000b 02 01 0003 616e6e 0002 7077",
    ),
    "JSON web token": (UserInformation(user_identity=UserIdentity(5, b"e.y", b"")), "58000009 05 00 0003 652e79 0000"),
    "identity response": (UserInformation(identity_response=b"ok"), "59000004 0002 6f6b"),
    "empty identity response": (UserInformation(identity_response=b""), "59000002 0000"),
    "unknown": (UserInformation(unknown=(UnknownItem(0x5A, b"?"),)), "5a000001 3f"),
}


@pytest.mark.parametrize("name", SUB_ITEMS)
def test_the_bytes_of_the_standard(name: str) -> None:
    value, text = SUB_ITEMS[name]
    data = bytes.fromhex(text) if name == "maximum length" else NO_LIMIT + bytes.fromhex(text)
    assert encode_user_information(value) == data
    assert decode_user_information(data) == value


@pytest.mark.parametrize("name", [name for name in SUB_ITEMS if name not in ("unknown", "maximum length")])
def test_a_sub_item_cut_short_within(name: str) -> None:
    """With a length of its own that is true, each proper beginning is refused or means something else."""
    value, text = SUB_ITEMS[name]
    data = bytes.fromhex(text)
    for end in range(4, len(data)):
        cut = data[:2] + (end - 4).to_bytes(2, "big") + data[4:end]
        with suppress(PeerViolation):
            assert decode_user_information(NO_LIMIT + cut) != value


@pytest.mark.parametrize(
    "text",
    [
        "51000003 000000",
        "51000005 0000000000",
        "53000005 0001000100",
        "54000008 0003 312e32 00 01 00",
        "5800000a 01 00 0001 61 0000 000000",
        "59000005 0002 6f6b 00",
    ],
)
def test_a_sub_item_longer_than_its_fields(text: str) -> None:
    with pytest.raises(PeerViolation):
        decode_user_information(bytes.fromhex(text))


def test_reserved_bytes_behind_common_extended_negotiation_are_passed_over() -> None:
    value, text = SUB_ITEMS["common extended negotiation"]
    data = bytes.fromhex(text)
    longer = data[:2] + (len(data) - 4 + 3).to_bytes(2, "big") + data[4:] + b"\1\2\3"
    assert decode_user_information(longer) == value


@pytest.mark.parametrize("item_type", [0x51, 0x52, 0x53, 0x55, 0x58, 0x59])
def test_two_of_what_there_is_one_of(item_type: int) -> None:
    once = bytes([item_type, 0, 0, 4, 0, 1, 0, 1])
    with pytest.raises(PeerViolation, match="two user information items"):
        decode_user_information(once + once)


def test_true_is_anything_but_zero() -> None:
    read = decode_user_information(bytes.fromhex("54000007 0003 312e32 02 ff 58000007 01 80 0001 61 0000"))
    assert read.roles == (RoleSelection("1.2", True, True),)
    assert read.user_identity == UserIdentity(1, b"a", b"", response_requested=True)


def test_nothing_at_all() -> None:
    assert decode_user_information(b"") == UserInformation()


@pytest.mark.parametrize(
    "information",
    [
        UserInformation(max_pdu_length=2**32),
        UserInformation(async_window=(-1, 0)),
        UserInformation(identity_response=bytes(65536)),
        UserInformation(unknown=(UnknownItem(0x5A, bytes(65536)),)),
        UserInformation(implementation_class_uid="１"),
        UserInformation(user_identity=UserIdentity(256, b"", b"")),
    ],
)
def test_values_that_do_not_fit_are_our_own_mistake(information: UserInformation) -> None:
    with pytest.raises(LocalViolation):
        encode_pdu(a_request(user_information=information))

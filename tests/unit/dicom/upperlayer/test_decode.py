"""Reading PDUs is total: each cut, each lie and each excess has its own designed end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.pair import IMPLICIT, VERIFICATION, a_request
from helpers.pdus import pdus
from leadglass.dicom.upperlayer import (
    AssociateAc,
    ContextResult,
    PDataTf,
    Pdu,
    PresentationDataValue,
    ProposedContext,
    ReleaseRq,
    UnknownItem,
    UserInformation,
    decode_pdu,
    encode_pdu,
)
from leadglass.dicom.upperlayer.tlv import item
from leadglass.terms.ceilings import (
    MAX_ASSOCIATE_PDU,
    MAX_IDENTITY_FIELD,
    MAX_PRESENTATION_CONTEXTS,
    MAX_TRANSFER_SYNTAXES_PER_CONTEXT,
    MAX_USER_INFORMATION_ITEMS,
)
from leadglass.terms.errors import CeilingReached, PeerViolation
from leadglass.terms.evidence import UserIdentity

LOCAL_LIMIT_EXCEEDED = (1, 3, 2)


def an_accept(**changes: object) -> AssociateAc:
    request = a_request()
    fields: dict[str, object] = {
        "called_ae_title": request.called_ae_title,
        "calling_ae_title": request.calling_ae_title,
        "contexts": (ContextResult(1, 0, IMPLICIT), ContextResult(3, 3, IMPLICIT)),
        "user_information": UserInformation(max_pdu_length=16384, implementation_class_uid="1.2.3"),
    }
    return AssociateAc(**{**fields, **changes})  # type: ignore[arg-type]


RICH_REQUEST = a_request(
    user_information=UserInformation(
        max_pdu_length=1,
        implementation_class_uid="1.2",
        async_window=(1, 1),
        user_identity=UserIdentity(2, b"user", b"pass", response_requested=True),
        unknown=(UnknownItem(0x99, b"?"),),
    )
)
ONE_OF_EACH: list[Pdu] = [
    RICH_REQUEST,
    an_accept(),
    PDataTf((PresentationDataValue(1, True, True, b"abc"), PresentationDataValue(1, False, True, b""))),
    ReleaseRq(),
]


def with_length(data: bytes, length: int) -> bytes:
    return data[:2] + length.to_bytes(4, "big") + data[6:]


def violation_of(data: bytes) -> PeerViolation:
    with pytest.raises(PeerViolation) as caught:
        decode_pdu(data)
    return caught.value


@pytest.mark.parametrize("pdu", ONE_OF_EACH, ids=lambda pdu: type(pdu).__name__)
def test_cut_at_every_byte_it_is_refused(pdu: Pdu) -> None:
    data = encode_pdu(pdu)
    for end in range(len(data)):
        assert violation_of(data[:end]).answer.abort_reason == 6


@pytest.mark.parametrize("pdu", ONE_OF_EACH, ids=lambda pdu: type(pdu).__name__)
def test_cut_at_every_byte_with_a_length_to_match(pdu: Pdu) -> None:
    """Now the PDU header is true, and the lie is in an item: read or refused, nothing else."""
    data = encode_pdu(pdu)
    for end in range(6, len(data)):
        cut = with_length(data[:end], end - 6)
        try:
            read = decode_pdu(cut)
        except PeerViolation:
            continue
        assert encode_pdu(read) == cut
        assert read != pdu


@pytest.mark.parametrize("pdu", ONE_OF_EACH, ids=lambda pdu: type(pdu).__name__)
@pytest.mark.parametrize("length", [0, 1, 3, 5, 67, 0x7FFFFFFF, 0xFFFFFFFF])
def test_a_lying_length_is_refused(pdu: Pdu, length: int) -> None:
    violation_of(with_length(encode_pdu(pdu), length))


@given(pdus, st.data())
def test_any_byte_changed_is_read_or_refused(pdu: Pdu, draw: st.DataObject) -> None:
    data = bytearray(encode_pdu(pdu))
    position = draw.draw(st.integers(0, len(data) - 1))
    data[position] = draw.draw(st.integers(0, 255))
    try:
        read = decode_pdu(bytes(data))
    except PeerViolation:
        return
    assert encode_pdu(read) == data


@pytest.mark.parametrize("pdu_type", [0x00, 0x08, 0x16, 0x47, 0xFF])  # 16H begins a TLS hello, 47H is the G of GET
def test_an_unknown_type_is_unrecognized(pdu_type: int) -> None:
    assert violation_of(bytes([pdu_type]) + bytes(9)).answer.abort_reason == 1


def test_the_longest_association_pdu_and_one_byte_more() -> None:
    header = bytes([1, 0]) + (MAX_ASSOCIATE_PDU + 1).to_bytes(4, "big")
    reached = violation_of(header + bytes(MAX_ASSOCIATE_PDU + 1))
    assert isinstance(reached, CeilingReached)
    assert (reached.ceiling, reached.seen) == ("MAX_ASSOCIATE_PDU", MAX_ASSOCIATE_PDU + 1)
    assert reached.answer.reject == LOCAL_LIMIT_EXCEEDED
    violation = violation_of(bytes([1, 0]) + MAX_ASSOCIATE_PDU.to_bytes(4, "big") + bytes(MAX_ASSOCIATE_PDU))
    assert not isinstance(violation, CeilingReached) or violation.ceiling != "MAX_ASSOCIATE_PDU"
    answer = violation_of(b"\2" + header[1:] + bytes(MAX_ASSOCIATE_PDU + 1)).answer
    assert (answer.abort_reason, answer.reject) == (6, None)  # an answer cannot be rejected, only aborted


def contexts(count: int) -> bytes:
    proposed = item(0x30, b"1.2") + item(0x40, b"1.2")
    return b"".join(item(0x20, bytes([(2 * n + 1) % 256, 0, 0, 0]) + proposed) for n in range(count))


def with_contexts(items: bytes) -> bytes:
    data = encode_pdu(a_request(contexts=()))
    data = data[: 74 + 25] + items + data[74 + 25 :]
    return with_length(data, len(data) - 6)


def test_all_presentation_contexts_and_one_more() -> None:
    read = decode_pdu(with_contexts(contexts(MAX_PRESENTATION_CONTEXTS)))
    assert len(read.contexts) == 128  # type: ignore[union-attr]
    for count in (129, 10_000):
        reached = violation_of(with_contexts(contexts(count)))
        assert isinstance(reached, CeilingReached)
        assert reached.answer.reject == LOCAL_LIMIT_EXCEEDED


def test_too_many_transfer_syntaxes() -> None:
    limit = MAX_TRANSFER_SYNTAXES_PER_CONTEXT
    allowed = a_request(contexts=(ProposedContext(1, VERIFICATION, (IMPLICIT,) * limit),))
    assert decode_pdu(encode_pdu(allowed)) == allowed
    reached = violation_of(encode_pdu(a_request(contexts=(ProposedContext(1, VERIFICATION, ("1",) * (limit + 1)),))))
    assert isinstance(reached, CeilingReached)
    assert reached.ceiling == "MAX_TRANSFER_SYNTAXES_PER_CONTEXT"
    assert reached.answer.reject == LOCAL_LIMIT_EXCEEDED


@pytest.mark.parametrize("where", ["pdu", "user information", "context"])
def test_too_many_items(where: str) -> None:
    many = tuple(UnknownItem(0x77, b"") for _ in range(MAX_USER_INFORMATION_ITEMS + 1))
    request = a_request()
    data = encode_pdu(replace(request, unknown=many))
    if where == "user information":
        data = encode_pdu(replace(request, user_information=replace(request.user_information, unknown=many)))
    elif where == "context":
        data = with_contexts(item(0x20, b"\1\0\0\0" + item(0x40, b"1") * len(many)))
    reached = violation_of(data)
    assert isinstance(reached, CeilingReached)
    assert reached.ceiling == "MAX_USER_INFORMATION_ITEMS"
    assert reached.answer.reject == LOCAL_LIMIT_EXCEEDED


@pytest.mark.parametrize("secondary", [False, True])
def test_the_longest_identity_and_one_byte_more(secondary: bool) -> None:
    def asking(size: int) -> bytes:
        fields = (b"u", bytes(size)) if secondary else (bytes(size), b"")
        information = replace(a_request().user_information, user_identity=UserIdentity(5, *fields))
        return encode_pdu(a_request(user_information=information))

    decode_pdu(asking(MAX_IDENTITY_FIELD))
    reached = violation_of(asking(MAX_IDENTITY_FIELD + 1))
    assert isinstance(reached, CeilingReached)
    assert reached.ceiling == "MAX_IDENTITY_FIELD"


def test_the_longest_identity_response_is_an_abort_reason() -> None:
    information = replace(an_accept().user_information, identity_response=bytes(MAX_IDENTITY_FIELD + 1))
    assert violation_of(encode_pdu(an_accept(user_information=information))).answer.abort_reason == 6


@pytest.mark.parametrize("ids", [(2,), (0,), (1, 1), (1, 3, 1)])
def test_ids_are_odd_and_used_once(ids: tuple[int, ...]) -> None:
    violation_of(encode_pdu(a_request(contexts=tuple(ProposedContext(n, VERIFICATION, (IMPLICIT,)) for n in ids))))
    violation_of(encode_pdu(an_accept(contexts=tuple(ContextResult(n, 0, IMPLICIT) for n in ids))))


SYNTAX = item(0x40, b"1.2")


@pytest.mark.parametrize(
    "context",
    [
        item(0x20, b""),
        item(0x20, b"\1\0\0"),
        item(0x20, b"\1\0\0\0" + SYNTAX),  # no abstract syntax
        item(0x20, b"\1\0\0\0" + item(0x30, b"1.2") * 2 + SYNTAX),
        item(0x20, b"\1\0\0\0" + item(0x30, b"1.2")[:-1]),
        item(0x20, b"\1\0\0\0" + item(0x30, b"1.2") + b"\x40\0"),
    ],
)
def test_a_context_that_makes_no_sense(context: bytes) -> None:
    assert violation_of(with_contexts(context)).answer.abort_reason == 6


def test_a_context_without_transfer_syntaxes_and_with_strange_items_is_read() -> None:
    strange = item(0x20, b"\1\7\7\7" + item(0x99, b"?") + item(0x30, b"1.2\0"))
    data = with_contexts(strange)
    read = decode_pdu(data)
    assert read == a_request(contexts=(ProposedContext(1, "1.2", ()),))
    assert encode_pdu(read) == data


@pytest.mark.parametrize("item_type", [0x10, 0x50])
def test_an_item_that_there_is_one_of(item_type: int) -> None:
    data = encode_pdu(a_request(unknown=(UnknownItem(item_type, b"1"),)))
    assert "two items" in str(violation_of(data))


def test_an_item_that_there_must_be() -> None:
    data = encode_pdu(a_request())
    without_context = data[:74] + data[74 + 25 :]
    assert "missing" in str(violation_of(with_length(without_context, len(without_context) - 6)))
    only_fixed = data[:74]
    assert "missing" in str(violation_of(with_length(only_fixed, 68)))


@pytest.mark.parametrize("syntaxes", [b"", SYNTAX * 2])
def test_a_result(syntaxes: bytes) -> None:
    """Rejected, its transfer syntax is not looked at; accepted, there is exactly one."""
    data = encode_pdu(an_accept(contexts=()))
    for result in (0, 4):
        answer = item(0x21, bytes([1, 0, result, 0]) + syntaxes)
        changed = data[: 74 + 25] + answer + data[74 + 25 :]
        changed = with_length(changed, len(changed) - 6)
        if result == 0:
            assert violation_of(changed).answer.abort_reason == 6
        else:
            assert encode_pdu(decode_pdu(changed)) == changed


@pytest.mark.parametrize(
    "body",
    ["00000000", "00000001 01", "00000001 01 00 0000", "00000002 01", "00000009 01 00 61", "00000003 01 00 61 00"],
)
def test_a_pdv_that_does_not_fit(body: str) -> None:
    data = bytes.fromhex(body)
    violation_of(bytes([4, 0]) + len(data).to_bytes(4, "big") + data)


@pytest.mark.parametrize("pdu_type", [3, 5, 6, 7])
@pytest.mark.parametrize("length", [0, 3, 5, 100])
def test_short_pdus_have_one_length(pdu_type: int, length: int) -> None:
    violation_of(bytes([pdu_type, 0]) + length.to_bytes(4, "big") + bytes(length))


def test_errors_name_rules_and_no_values() -> None:
    violation = violation_of(encode_pdu(a_request(contexts=(ProposedContext(2, "1.2.PATIENT", ()),))))
    assert "PATIENT" not in str(violation)
    assert "PS3.8" in str(violation)

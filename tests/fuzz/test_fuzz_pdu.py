"""Invariant: whatever a peer sends, in whatever portions, reading ends in values, events and a designed answer.

Never another exception than PeerViolation, never more held than the ceilings allow, never a state outside table
9-10, and always a timer or a hang-up that ends it. LEADGLASS_FUZZ_SECONDS=60 digs for a minute.
"""

from __future__ import annotations

from struct import pack

from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from helpers.pair import OFFER, Pair, a_request, joined, portions
from helpers.pdus import pdus
from leadglass.dicom.upperlayer import (
    Aborted,
    AssociateRejected,
    AssociateRequested,
    Association,
    ConnectionClosed,
    Event,
    PdvReceived,
    ReleaseRequested,
    State,
    decode_pdu,
    encode_pdu,
    negotiate,
)
from leadglass.dicom.upperlayer.encode import written_by_the_book
from leadglass.terms.ceilings import MAX_ASSOCIATE_PDU
from leadglass.terms.errors import LocalViolation, PeerViolation

_lengths = st.one_of(st.integers(0, 300), st.sampled_from((0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFF)))
_item = st.builds(
    lambda kind, lie, value: pack(">BxH", kind, max(0, min(0xFFFF, len(value) + lie))) + value,
    st.one_of(st.sampled_from((0x10, 0x20, 0x21, 0x30, 0x40, *range(0x50, 0x5B))), st.integers(0, 255)),
    st.sampled_from((0, 0, 0, 0, 1, -1, 9000)),
    st.binary(max_size=60),
)
_nested = st.recursive(
    _item,
    lambda inner: st.builds(
        lambda kind, head, parts: pack(">BxH", kind, len(head + b"".join(parts))) + head + b"".join(parts),
        st.sampled_from((0x20, 0x21, 0x50)),
        st.sampled_from((b"", b"\1\0\0\0", b"\3\0\0\0")),
        st.lists(inner, max_size=5),
    ),
    max_leaves=12,
)
_built = st.builds(
    lambda kind, fixed, parts: pack(">BxI", kind, 68 + len(b"".join(parts))) + fixed + b"".join(parts),
    st.sampled_from((1, 2)),
    st.binary(min_size=68, max_size=68),
    st.lists(_nested, max_size=6),
)
_valid = pdus.map(encode_pdu)
_mutated = st.builds(
    lambda data, cut, at, byte: data[: max(1, len(data) - cut)][:at] + bytes([byte]) + data[at + 1 :],
    _valid,
    st.integers(0, 5),
    st.integers(0, 200),
    st.integers(0, 255),
)
_lying = st.builds(lambda data, length: data[:2] + pack(">I", length) + data[6:], _valid, _lengths)
_for_context_one = st.builds(
    lambda lie, control, data: pack(">BxIIBB", 4, len(data) + 6, len(data) + 2 + lie, 1, control) + data,
    st.sampled_from((0, 0, 0, 1, -1, 2**31)),
    st.integers(0, 255),
    st.binary(max_size=100),
)
_hostile = st.one_of(_valid, _built, _mutated, _lying, _for_context_one, st.binary(max_size=300))
_streams = st.lists(_hostile, min_size=1, max_size=5).map(b"".join)
_stages = st.sampled_from(("Sta2", "Sta3", "Sta5", "Sta6 requestor", "Sta6", "Sta7", "Sta8", "Sta13"))


def an_end(stage: str) -> Association:
    """An engine that a peer can talk to, in any stage of its life."""
    pair = Pair()
    end = pair.requestor if stage in ("Sta5", "Sta6 requestor") else pair.acceptor
    if stage == "Sta2":
        end.connection_opened(0.0)
    elif stage in ("Sta3", "Sta5"):
        pair.open()
    else:
        pair.establish()
        if stage == "Sta7":
            end.release(0.0)
        elif stage == "Sta8":
            pair.requestor.release(0.0)
            pair.carry()
        elif stage == "Sta13":
            end.abort(0.0)
    end.data_to_send()
    end.events()
    return end


@fuzz_for(share=0.3)
@given(_hostile)
def test_decoding_is_total_and_loses_nothing(data: bytes) -> None:
    try:
        pdu = decode_pdu(data)
    except PeerViolation as violation:
        answer = violation.answer
        assert (answer.abort_reason is None) != (answer.reject is None)
        return
    assert encode_pdu(pdu) == data
    try:
        by_the_book = written_by_the_book(pdu)
    except LocalViolation:
        return  # a mandatory item was left out, and there is no room for it
    assert decode_pdu(by_the_book) == pdu


def listened(stage: str, parts: list[bytes]) -> tuple[list[Event], bytes, State]:
    end = an_end(stage)
    events: list[Event] = []
    for part in parts:
        end.receive_data(part, 1.0)
        for event in end.events():
            is_piece = isinstance(event, PdvReceived)
            events.append(kept(event) if is_piece else event)  # type: ignore[arg-type]
    return joined(events), b"".join(end.data_to_send()), end.state


def kept(piece: PdvReceived) -> PdvReceived:
    data = memoryview(bytes(piece.data))
    return PdvReceived(piece.presentation_context_id, piece.is_command, piece.is_last, data, piece.begins_pdv)


@fuzz_for(share=0.3)
@given(_stages, _streams, st.integers(1, 40))
def test_portions_make_no_difference(stage: str, stream: bytes, size: int) -> None:
    whole = listened(stage, [stream])
    assert listened(stage, portions(stream, size)) == whole
    assert listened(stage, portions(stream, 1)) == whole


@fuzz_for(share=0.3)
@given(_stages, st.lists(_streams, min_size=1, max_size=4), st.booleans())
def test_every_conversation_ends(stage: str, streams: list[bytes], answers: bool) -> None:
    """The user answers what is asked, or nothing at all; then the peer falls silent, then the line goes dead."""
    end = an_end(stage)
    told: list[Event] = []
    for stream in streams:
        end.receive_data(stream, 1.0)
        for event in end.events():
            told.append(event)
            if answers and isinstance(event, AssociateRequested) and end.state is State.AWAITING_LOCAL_ANSWER:
                negotiation = negotiate(event.request, OFFER)
                end.accept(negotiation.accept, negotiation.contexts, 1.0)
            elif answers and isinstance(event, ReleaseRequested) and end.state.value in ("Sta8", "Sta9", "Sta12"):
                end.answer_release(1.0)
        assert len(end._reader._body) <= MAX_ASSOCIATE_PDU + 6
        assert len(end._reader._header) < 6
    assert sum(isinstance(event, (Aborted, AssociateRejected)) for event in told) <= 1
    if any(isinstance(event, Aborted) and not event.by_peer for event in told):
        assert end.violation is not None
    for _ in range(2):  # idle, then ARTIM
        deadline = end.timer()
        assert (deadline is None) == end.close_expected
        if deadline is not None:
            end.handle_timer(deadline)
    assert end.close_expected
    end.events()
    end.receive_eof(10_000.0)
    assert end.events() == [ConnectionClosed(lost=False)]


@fuzz_for(share=0.1)
@given(st.data())
def test_two_engines_never_break_each_others_rules(data: st.DataObject) -> None:
    """Whatever two users do, as far as their own state allows, no end finds fault with the other's bytes."""
    pair = Pair(portion=data.draw(st.sampled_from((None, 3))))
    pair.establish(a_request())
    for _ in range(data.draw(st.integers(1, 12))):
        end = data.draw(st.sampled_from((pair.requestor, pair.acceptor)))
        verb = data.draw(st.sampled_from(("send", "release", "answer", "abort", "carry", "carry")))
        try:
            if verb == "send":
                end.send_p_data([pack(">BxIIBB", 4, 8, 4, 1, 3) + b"ab"], 0.0)
            elif verb == "release":
                end.release(0.0)
            elif verb == "answer":
                end.answer_release(0.0)
            elif verb == "abort":
                end.abort(0.0)
            else:
                pair.carry()
        except LocalViolation:
            continue  # that state does not allow it, and nothing changed
    pair.carry()
    for end in (pair.requestor, pair.acceptor):
        assert end.violation is None

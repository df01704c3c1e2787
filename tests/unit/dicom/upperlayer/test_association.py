"""Conversations between two engines, and of one engine with a peer that does not play fair."""

from __future__ import annotations

from dataclasses import replace
from struct import pack

import pytest

from helpers.dribble import PORTIONS, dribbled
from helpers.pair import CT_IMAGE_STORAGE, EXPLICIT, OFFER, Pair, a_request, joined
from leadglass.dicom.upperlayer import (
    Abort,
    Aborted,
    AssociateAccepted,
    AssociateRejected,
    AssociateRequested,
    AssociateRj,
    Association,
    ConnectionClosed,
    ContextResult,
    Event,
    PDataTf,
    PdvReceived,
    PresentationDataValue,
    ProposedContext,
    ReleaseConfirmed,
    ReleaseRequested,
    ReleaseRp,
    ReleaseRq,
    RoleSelection,
    State,
    UserInformation,
    decode_pdu,
    encode_pdu,
    negotiate,
)
from leadglass.terms.ceilings import MAX_PDU_LENGTH_OFFERED
from leadglass.terms.errors import CeilingReached, LocalViolation


def p_data(*pdvs: tuple[int, bool, bool, bytes]) -> bytes:
    return encode_pdu(PDataTf(tuple(PresentationDataValue(*pdv) for pdv in pdvs)))


def received(context_id: int, is_command: bool, is_last: bool, data: bytes) -> PdvReceived:
    return PdvReceived(context_id, is_command, is_last, memoryview(data))


@pytest.mark.parametrize("portion", PORTIONS)
def test_an_association_from_opening_to_close(portion: int | None) -> None:
    pair = Pair(portion=portion)
    told_requestor, told_acceptor = pair.establish()
    assert [type(event) for event in told_requestor] == [AssociateAccepted]
    assert [type(event) for event in told_acceptor] == [AssociateRequested]
    assert pair.requestor.contexts[3].transfer_syntax == pair.acceptor.contexts[3].transfer_syntax == EXPLICIT
    assert pair.requestor.contexts[3].we_are_scu
    assert pair.acceptor.contexts[3].we_are_scp

    pair.requestor.send_p_data([p_data((3, True, True, b"c-store-rq"), (3, False, True, b"image"))], pair.now)
    pair.carry()
    assert joined(pair.acceptor.events()) == [
        received(3, True, True, b"c-store-rq"),
        received(3, False, True, b"image"),
    ]
    pair.acceptor.send_p_data([p_data((3, True, True, b"c-store-rsp"))], pair.now)
    pair.carry()
    assert joined(pair.requestor.events()) == [received(3, True, True, b"c-store-rsp")]

    pair.requestor.release(pair.now)
    pair.carry()
    assert pair.acceptor.events() == [ReleaseRequested()]
    pair.acceptor.answer_release(pair.now)
    assert not pair.acceptor.close_expected  # it waits for the requestor to close, under ARTIM
    pair.carry()
    assert pair.requestor.events() == [ReleaseConfirmed()]
    assert pair.requestor.close_expected
    pair.hang_up()
    assert pair.requestor.events() == pair.acceptor.events() == [ConnectionClosed(lost=False)]
    assert pair.requestor.timer() is pair.acceptor.timer() is None


def test_what_each_end_knows_of_the_other() -> None:
    pair = Pair(requestor=Association(is_requestor=True, max_pdu_length=5000))
    pair.establish()
    assert pair.acceptor.peer_max_pdu_length == 5000
    assert pair.requestor.peer_max_pdu_length == MAX_PDU_LENGTH_OFFERED
    assert pair.acceptor.request_received == pair.requestor.request_sent
    assert pair.requestor.accept_received is not None
    with pytest.raises(TypeError):
        pair.acceptor.contexts[5] = pair.acceptor.contexts[3]  # type: ignore[index]


def test_the_length_we_state_is_the_length_we_enforce() -> None:
    """Whatever the PDUs handed in say: the engine writes its own maximum into both."""
    pair = Pair(acceptor=Association(is_requestor=False, max_pdu_length=4096))
    pair.open(a_request(user_information=UserInformation(max_pdu_length=1)))
    assert pair.acceptor.request_received is not None
    negotiation = negotiate(pair.acceptor.request_received, OFFER, 9999)
    pair.acceptor.accept(negotiation.accept, negotiation.contexts, 0.0)
    pair.carry()
    assert (pair.requestor.peer_max_pdu_length, pair.acceptor.peer_max_pdu_length) == (4096, MAX_PDU_LENGTH_OFFERED)
    pair.requestor.send_p_data([p_data((3, False, True, bytes(4096 - 6)))], 0.0)
    pair.carry()
    assert pair.acceptor.state is State.ESTABLISHED
    pair.requestor.send_p_data([p_data((3, False, True, bytes(4096 - 5)))], 0.0)
    pair.carry()
    assert isinstance(pair.acceptor.violation, CeilingReached)
    assert pair.requestor.events()[-1] == Aborted(2, 6, by_peer=True)


def test_roles_for_c_get() -> None:
    role = RoleSelection(CT_IMAGE_STORAGE, scu=False, scp=True)
    pair = Pair()
    pair.establish(a_request(user_information=UserInformation(roles=(role,))))
    ours, theirs = pair.acceptor.contexts[3], pair.requestor.contexts[3]
    assert (ours.we_are_scu, ours.we_are_scp, theirs.we_are_scu, theirs.we_are_scp) == (True, False, False, True)


def test_a_rejection() -> None:
    pair = Pair()
    pair.open()
    pair.acceptor.events()
    pair.acceptor.reject(AssociateRj(1, 1, 7), pair.now)
    pair.carry()
    assert pair.requestor.events() == [AssociateRejected(AssociateRj(1, 1, 7))]
    assert pair.requestor.close_expected
    pair.hang_up()
    assert pair.acceptor.events() == [ConnectionClosed(lost=False)]


@pytest.mark.parametrize("portion", PORTIONS)
def test_a_release_collision(portion: int | None) -> None:
    """Both ask at once (PS3.8 §7.2.3): the acceptor's request is answered first, then the requestor's."""
    pair = Pair(portion=portion)
    pair.establish()
    pair.requestor.release(pair.now)
    pair.acceptor.release(pair.now)
    pair.carry()
    assert pair.requestor.events() == pair.acceptor.events() == [ReleaseRequested()]
    assert (pair.requestor.state.value, pair.acceptor.state.value) == ("Sta9", "Sta10")
    pair.requestor.answer_release(pair.now)
    pair.carry()
    assert pair.acceptor.events() == [ReleaseConfirmed()]
    assert (pair.requestor.state.value, pair.acceptor.state.value) == ("Sta11", "Sta12")
    pair.acceptor.answer_release(pair.now)
    pair.carry()
    assert pair.requestor.events() == [ReleaseConfirmed()]
    assert pair.requestor.close_expected
    pair.hang_up()
    assert pair.acceptor.events() == [ConnectionClosed(lost=False)]


def test_data_still_flows_until_the_release_is_answered() -> None:
    pair = Pair()
    pair.establish()
    pair.requestor.release(0.0)
    pair.carry()
    pair.acceptor.events()
    pair.acceptor.send_p_data([p_data((1, False, True, b"late"))], 0.0)
    pair.carry()
    assert joined(pair.requestor.events()) == [received(1, False, True, b"late")]
    with pytest.raises(LocalViolation):
        pair.requestor.send_p_data([b""], 0.0)


def test_a_lost_connection() -> None:
    pair = Pair()
    pair.establish()
    pair.hang_up()
    assert pair.requestor.events() == pair.acceptor.events() == [ConnectionClosed(lost=True)]
    pair.acceptor.receive_eof(1.0)
    assert pair.acceptor.events() == []  # told once


def test_a_connection_that_could_not_be_made() -> None:
    end = Association(is_requestor=True)
    end.request(a_request(), 0.0)
    end.receive_eof(1.0)
    assert end.events() == [ConnectionClosed(lost=True)]


def test_abort_in_the_middle_of_a_pdu_silences_the_rest_of_it() -> None:
    pair = Pair()
    pair.establish()
    stream = p_data((3, False, True, bytes(100)))
    pair.acceptor.receive_data(stream[:50], 0.0)
    assert len(pair.acceptor.events()) == 1
    pair.acceptor.abort(0.0)
    assert pair.acceptor.events() == [Aborted(0, 0, by_peer=False)]
    pair.acceptor.receive_data(stream[50:] + stream, 0.0)
    assert pair.acceptor.events() == []
    pair.acceptor.receive_data(encode_pdu(Abort(0)), 0.0)
    assert pair.acceptor.close_expected


def an_acceptor(now: float = 0.0) -> Association:
    end = Association(is_requestor=False, artim_seconds=30, idle_seconds=300)
    end.connection_opened(now)
    return end


def an_established_acceptor() -> Association:
    pair = Pair()
    pair.establish()
    pair.acceptor.data_to_send()
    return pair.acceptor


def what_happens(end: Association, parts: list[bytes]) -> tuple[list[Event], bytes, State, bool]:
    events: list[Event] = []
    for part in parts:
        end.receive_data(part, 0.0)
        events += joined_pieces(end.events())
    return joined(events), b"".join(end.data_to_send()), end.state, end.close_expected


def joined_pieces(events: list[Event]) -> list[Event]:
    """Copies, because each view dies with the next receive_data."""
    return [
        replace(event, data=memoryview(bytes(event.data))) if isinstance(event, PdvReceived) else event
        for event in events
    ]


UNDECODABLE = bytearray(encode_pdu(a_request()))
UNDECODABLE[74] = 0x11


@pytest.mark.parametrize(
    ("stream", "answer"),
    [
        (b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n", Abort(0, 0)),
        (bytes.fromhex("16030100f8010000f40303") + bytes(40), Abort(0, 0)),
        (bytes(UNDECODABLE), Abort(0, 0)),
        (encode_pdu(ReleaseRq()), Abort(0, 0)),
        (p_data((1, True, True, b"early")), Abort(0, 0)),
        (pack(">BxI", 1, 0xFFFFFFFF) + bytes(100), AssociateRj(1, 3, 2)),
        (encode_pdu(a_request(protocol_version=0)), AssociateRj(1, 2, 2)),
        (encode_pdu(a_request(application_context="1.2")), AssociateRj(1, 1, 2)),
        (encode_pdu(a_request(contexts=(ProposedContext(1, "1", ("1",) * 65),))), AssociateRj(1, 3, 2)),
        (encode_pdu(Abort(0)), None),
    ],
)
def test_a_bad_beginning(stream: bytes, answer: AssociateRj | Abort | None) -> None:
    events, sent, state, close_expected = dribbled(stream, lambda parts: what_happens(an_acceptor(), parts))
    assert sent == (encode_pdu(answer) if answer else b"")
    assert state is (State.AWAITING_CLOSE if answer else State.IDLE)
    assert close_expected is (answer is None)
    wanted: dict[type, list[Event]] = {Abort: [Aborted(0, 0, by_peer=False)], type(None): []}
    assert events == wanted.get(type(answer), [AssociateRejected(answer)])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"\0" * 6, 1),
        (encode_pdu(a_request()), 2),
        (encode_pdu(AssociateRj(1, 1, 1)), 2),
        (encode_pdu(ReleaseRp()), 2),
        (pack(">BxI", 1, 0xFFFFFFFF), 2),
        (pack(">BxI", 2, 0xFFFFFFFF), 6),
        (pack(">BxI", 4, 0xFFFFFFFF), 6),
        (pack(">BxI", 4, MAX_PDU_LENGTH_OFFERED + 1), 6),
        (pack(">BxI", 4, 0), 6),
        (p_data((5, False, True, b"x")), 6),
        (pack(">BxIIBB", 4, 6, 9, 1, 0), 6),
    ],
)
def test_a_bad_continuation(stream: bytes, reason: int) -> None:
    good = p_data((1, True, True, b"good"))
    told = dribbled(good + stream, lambda parts: what_happens(an_established_acceptor(), parts))
    aborted = Aborted(2, reason, by_peer=False)
    assert told == (
        [received(1, True, True, b"good"), aborted],
        encode_pdu(Abort(2, reason)),
        State.AWAITING_CLOSE,
        False,
    )


def test_the_violation_is_kept_for_the_ledger() -> None:
    end = an_established_acceptor()
    end.receive_data(p_data((5, False, True, b"x")), 0.0)
    (event,) = end.events()
    assert isinstance(event, Aborted)
    assert event.violation is end.violation
    assert "PS3.8" in str(end.violation)


def test_garbage_after_an_abort_is_answered_once() -> None:
    """AA-7 answers in Sta13; a peer that keeps on talking cannot make us send for ever."""
    end = an_established_acceptor()
    end.abort(0.0)
    end.data_to_send()
    end.receive_data(encode_pdu(a_request()) * 1000, 0.0)
    assert b"".join(end.data_to_send()) == encode_pdu(Abort(2, 2))
    end.receive_data(b"\0" * 1000, 0.0)
    assert end.data_to_send() == []
    end.handle_timer(30.0)
    assert end.close_expected


def test_nothing_is_heard_after_the_end() -> None:
    end = an_established_acceptor()
    end.receive_data(encode_pdu(Abort(0)) + p_data((1, True, True, b"x")) + encode_pdu(ReleaseRq()), 0.0)
    assert end.events() == [Aborted(0, 0, by_peer=True)]
    end.receive_data(p_data((1, True, True, b"x")), 0.0)
    assert (end.events(), end.data_to_send()) == ([], [])


def test_an_answer_that_does_not_fit_the_question() -> None:
    pair = Pair()
    pair.open()
    assert pair.acceptor.request_received is not None
    accept = negotiate(pair.acceptor.request_received, OFFER).accept
    pair.requestor.receive_data(encode_pdu(replace(accept, contexts=(ContextResult(3, 0, "1.2.3"),))), 0.0)
    assert pair.requestor.events() == [Aborted(2, 6, by_peer=False)]
    assert decode_pdu(b"".join(pair.requestor.data_to_send())) == Abort(2, 6)
    assert not pair.requestor.contexts


def test_a_slow_beginning_ends_with_artim() -> None:
    """One byte at a time wins no time: ARTIM counts from the opening of the connection."""
    end = an_acceptor(100.0)
    for second in range(29):
        end.receive_data(encode_pdu(a_request())[second : second + 1], 100.0 + second)
        assert end.timer() == 130.0
    end.handle_timer(129.9)
    assert not end.close_expected
    end.handle_timer(130.0)
    assert end.close_expected
    assert (end.events(), end.data_to_send()) == ([], [])


def test_a_peer_that_does_not_close_is_hung_up_on() -> None:
    end = an_established_acceptor()
    end.receive_data(encode_pdu(ReleaseRq()), 50.0)
    end.answer_release(60.0)
    assert end.timer() == 90.0
    end.receive_data(encode_pdu(ReleaseRp()), 80.0)  # AA-6: ignored, and no reprieve
    assert end.timer() == 90.0
    end.handle_timer(90.0)
    assert end.close_expected


def test_silence_is_aborted() -> None:
    end = an_established_acceptor()
    end.receive_data(p_data((1, True, False, b"x")), 200.0)
    assert end.timer() == 500.0
    end.send_p_data([b""], 300.0)
    assert end.timer() == 600.0
    end.events()
    end.data_to_send()
    end.handle_timer(599.0)
    assert end.state is State.ESTABLISHED
    end.handle_timer(600.0)
    assert end.events() == [Aborted(2, 0, by_peer=False)]
    assert decode_pdu(b"".join(end.data_to_send())) == Abort(2, 0)
    assert end.timer() == 630.0


def test_our_own_steps_count_as_activity() -> None:
    """Whoever had to wait for us gets the whole time to answer."""
    end = an_acceptor(0.0)
    end.receive_data(encode_pdu(a_request()), 10.0)
    assert end.timer() == 310.0
    end.accept(negotiate(a_request(), OFFER).accept, {}, 50.0)
    assert end.timer() == 350.0
    end.release(100.0)
    assert end.timer() == 400.0


def test_no_answer_to_a_request_is_silence_too() -> None:
    end = Association(is_requestor=True, idle_seconds=10)
    end.request(a_request(), 0.0)
    assert end.timer() == 10.0
    end.connection_opened(3.0)
    end.handle_timer(12.9)
    assert end.state is State.AWAITING_ANSWER
    end.handle_timer(13.0)
    assert end.events() == [Aborted(2, 0, by_peer=False)]
    waiting = Association(is_requestor=True, idle_seconds=10)
    waiting.request(a_request(), 0.0)
    waiting.handle_timer(10.0)
    assert waiting.close_expected  # no connection in time: AA-2


def test_buffers_to_send_are_neither_copied_nor_joined() -> None:
    end = an_established_acceptor()
    buffers: list[bytes | bytearray | memoryview] = [b"one", bytearray(b"two"), memoryview(b"three")]
    end.send_p_data(buffers, 0.0)
    drained = end.data_to_send()
    assert all(mine is theirs for mine, theirs in zip(drained, buffers, strict=True))
    assert end.data_to_send() == []

"""The engine against table 9-10: every event in every state, at either end where the state occurs at both.

What is asked of each action is written down here again, from tables 9-6 to 9-9: what it sends, what it tells.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from helpers.pair import OFFER, a_request
from leadglass.dicom.upperlayer import (
    Abort,
    Aborted,
    AssociateAc,
    AssociateAccepted,
    AssociateRejected,
    AssociateRequested,
    AssociateRj,
    AssociateRq,
    Association,
    ConnectionClosed,
    Event,
    PDataTf,
    Pdu,
    PdvReceived,
    PresentationDataValue,
    ReleaseConfirmed,
    ReleaseRequested,
    ReleaseRp,
    ReleaseRq,
    State,
    decode_pdu,
    encode_pdu,
    negotiate,
)
from leadglass.dicom.upperlayer.states import TABLE, Action, Trigger
from leadglass.terms.errors import LocalViolation

NOW = 1000.0
ARTIM, IDLE = 30.0, 300.0
REQUEST = a_request()
NEGOTIATION = negotiate(REQUEST, OFFER)
P_DATA = encode_pdu(PDataTf((PresentationDataValue(1, False, True, b"data"),)))

SENT_AND_TOLD: dict[str, tuple[list[type], list[type]]] = {
    "AE-1": ([], []),
    "AE-2": ([AssociateRq], []),
    "AE-3": ([], [AssociateAccepted]),
    "AE-4": ([], [AssociateRejected]),
    "AE-5": ([], []),
    "AE-6": ([], [AssociateRequested]),
    "AE-7": ([AssociateAc], []),
    "AE-8": ([AssociateRj], []),
    "DT-1": ([PDataTf], []),
    "DT-2": ([], [PdvReceived]),
    "AR-1": ([ReleaseRq], []),
    "AR-2": ([], [ReleaseRequested]),
    "AR-3": ([], [ReleaseConfirmed]),
    "AR-4": ([ReleaseRp], []),
    "AR-5": ([], [ConnectionClosed]),
    "AR-6": ([], [PdvReceived]),
    "AR-7": ([PDataTf], []),
    "AR-8": ([], [ReleaseRequested]),
    "AR-9": ([ReleaseRp], []),
    "AR-10": ([], [ReleaseConfirmed]),
    "AA-1": ([Abort], [Aborted]),
    "AA-2": ([], []),
    "AA-3": ([], [Aborted]),
    "AA-4": ([], [ConnectionClosed]),
    "AA-5": ([], [ConnectionClosed]),
    "AA-6": ([], []),
    "AA-7": ([Abort], []),
    "AA-8": ([Abort], [Aborted]),
}

FIRE: dict[Trigger, Callable[[Association], None]] = {
    Trigger.ASSOCIATE_REQUEST: lambda end: end.request(REQUEST, NOW),
    Trigger.TRANSPORT_CONFIRMED: lambda end: end.connection_opened(NOW),
    Trigger.ASSOCIATE_AC_RECEIVED: lambda end: end.receive_data(encode_pdu(NEGOTIATION.accept), NOW),
    Trigger.ASSOCIATE_RJ_RECEIVED: lambda end: end.receive_data(encode_pdu(AssociateRj(1, 1, 1)), NOW),
    Trigger.TRANSPORT_INDICATED: lambda end: end.connection_opened(NOW),
    Trigger.ASSOCIATE_RQ_RECEIVED: lambda end: end.receive_data(encode_pdu(REQUEST), NOW),
    Trigger.ASSOCIATE_RESPONSE_ACCEPT: lambda end: end.accept(NEGOTIATION.accept, NEGOTIATION.contexts, NOW),
    Trigger.ASSOCIATE_RESPONSE_REJECT: lambda end: end.reject(AssociateRj(1, 1, 1), NOW),
    Trigger.P_DATA_REQUEST: lambda end: end.send_p_data([P_DATA], NOW),
    Trigger.P_DATA_TF_RECEIVED: lambda end: end.receive_data(P_DATA, NOW),
    Trigger.RELEASE_REQUEST: lambda end: end.release(NOW),
    Trigger.RELEASE_RQ_RECEIVED: lambda end: end.receive_data(encode_pdu(ReleaseRq()), NOW),
    Trigger.RELEASE_RP_RECEIVED: lambda end: end.receive_data(encode_pdu(ReleaseRp()), NOW),
    Trigger.RELEASE_RESPONSE: lambda end: end.answer_release(NOW),
    Trigger.ABORT_REQUEST: lambda end: end.abort(NOW),
    Trigger.ABORT_RECEIVED: lambda end: end.receive_data(encode_pdu(Abort(0)), NOW),
    Trigger.TRANSPORT_CLOSED: lambda end: end.receive_eof(NOW),
    Trigger.ARTIM_EXPIRED: lambda end: end.handle_timer(NOW + ARTIM),
    Trigger.INVALID_PDU_RECEIVED: lambda end: end.receive_data(bytes.fromhex("00000000000400000000"), NOW),
}
RECEIVING = {trigger for trigger in Trigger if trigger.name.endswith("_RECEIVED")}

OPENED_BY_REQUESTOR = (Trigger.ASSOCIATE_REQUEST, Trigger.TRANSPORT_CONFIRMED)
BY_REQUESTOR = (*OPENED_BY_REQUESTOR, Trigger.ASSOCIATE_AC_RECEIVED)
BY_ACCEPTOR = (Trigger.TRANSPORT_INDICATED, Trigger.ASSOCIATE_RQ_RECEIVED, Trigger.ASSOCIATE_RESPONSE_ACCEPT)
RELEASING, RELEASED_BY_PEER = Trigger.RELEASE_REQUEST, Trigger.RELEASE_RQ_RECEIVED
ANSWERING, ANSWERED = Trigger.RELEASE_RESPONSE, Trigger.RELEASE_RP_RECEIVED

WAYS: list[tuple[str, bool, tuple[Trigger, ...]]] = [  # how each state is reached, as requestor or not
    ("Sta1", True, ()),
    ("Sta1", False, ()),
    ("Sta2", False, BY_ACCEPTOR[:1]),
    ("Sta3", False, BY_ACCEPTOR[:2]),
    ("Sta4", True, BY_REQUESTOR[:1]),
    ("Sta5", True, BY_REQUESTOR[:2]),
    ("Sta6", True, BY_REQUESTOR),
    ("Sta6", False, BY_ACCEPTOR),
    ("Sta7", True, (*BY_REQUESTOR, RELEASING)),
    ("Sta7", False, (*BY_ACCEPTOR, RELEASING)),
    ("Sta8", True, (*BY_REQUESTOR, RELEASED_BY_PEER)),
    ("Sta8", False, (*BY_ACCEPTOR, RELEASED_BY_PEER)),
    ("Sta9", True, (*BY_REQUESTOR, RELEASING, RELEASED_BY_PEER)),
    ("Sta10", False, (*BY_ACCEPTOR, RELEASING, RELEASED_BY_PEER)),
    ("Sta11", True, (*BY_REQUESTOR, RELEASING, RELEASED_BY_PEER, ANSWERING)),
    ("Sta12", False, (*BY_ACCEPTOR, RELEASING, RELEASED_BY_PEER, ANSWERED)),
    ("Sta13", True, (*BY_REQUESTOR, Trigger.ABORT_REQUEST)),
    ("Sta13", False, (*BY_ACCEPTOR, RELEASED_BY_PEER, ANSWERING)),
    ("Sta13", False, (*BY_ACCEPTOR[:2], Trigger.ASSOCIATE_RESPONSE_REJECT)),
]


def reach(way: tuple[str, bool, tuple[Trigger, ...]]) -> Association:
    label, is_requestor, path = way
    end = Association(is_requestor=is_requestor, artim_seconds=ARTIM, idle_seconds=IDLE)
    for trigger in path:
        FIRE[trigger](end)
    assert end.state.value == label
    end.events()
    end.data_to_send()
    return end


def sent(end: Association) -> list[Pdu]:
    """The PDUs in what is to be sent."""
    data = b"".join(end.data_to_send())
    pdus: list[Pdu] = []
    while data:
        length = 6 + int.from_bytes(data[2:6], "big")
        pdus.append(decode_pdu(data[:length]))
        data = data[length:]
    return pdus


def test_every_state_is_reached() -> None:
    assert {label for label, _, _ in WAYS} == {state.value for state in State}


@pytest.mark.parametrize("trigger", Trigger, ids=lambda trigger: trigger.value)
@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way[0]}-{'requestor' if way[1] else 'acceptor'}")
def test_every_event_in_every_state(way: tuple[str, bool, tuple[Trigger, ...]], trigger: Trigger) -> None:
    end = reach(way)
    if trigger is (Trigger.TRANSPORT_INDICATED if way[1] else Trigger.TRANSPORT_CONFIRMED):
        return  # the other end's
    cell = TABLE.get((end.state, trigger))
    if cell is None:
        check_blank(end, trigger)
        return
    FIRE[trigger](end)
    wanted = cell.otherwise if cell.action is Action.AR_8 and not way[1] else cell.next_state
    assert end.state is wanted
    pdus, events = sent(end), end.events()
    assert ([type(pdu) for pdu in pdus], [type(event) for event in events]) == SENT_AND_TOLD[cell.action.value]
    assert end.close_expected is (wanted is State.IDLE)
    check_abort(cell.action, trigger, end, pdus, events)
    check_timer(end, cell.action)


def check_blank(end: Association, trigger: Trigger) -> None:
    """A blank cell: our own mistake, or a thing that cannot be and changes nothing."""
    before = end.state
    if trigger is Trigger.TRANSPORT_CLOSED:  # in Sta1
        FIRE[trigger](end)
        assert end.events() == [ConnectionClosed(lost=False)]
    elif trigger is Trigger.ARTIM_EXPIRED:  # it does not run
        FIRE[trigger](end)
        assert end.events() == []
    elif trigger is Trigger.ABORT_REQUEST:  # nothing to abort; in Sta2 there is a connection to close
        FIRE[trigger](end)
        assert (end.events(), sent(end)) == ([], [])
        assert end.close_expected is (before is State.AWAITING_REQUEST)
        return
    else:
        with pytest.raises(LocalViolation):
            FIRE[trigger](end)
        assert end.events() == []
    assert end.state is before
    assert sent(end) == []


def check_abort(action: Action, trigger: Trigger, end: Association, pdus: list[Pdu], events: list[Event]) -> None:
    """Who is said to abort, and why."""
    by_peer_rule = trigger in RECEIVING
    reason = 1 if trigger is Trigger.INVALID_PDU_RECEIVED else 2
    if action is Action.AA_1:
        assert pdus == [Abort(0, 0)]
        assert events == [Aborted(0, 0, by_peer=False)]
        assert (end.violation is not None) is by_peer_rule
    elif action is Action.AA_8:
        assert pdus == [Abort(2, reason)]
        assert events == [Aborted(2, reason, by_peer=False)]
        assert end.violation is not None
        assert end.violation.answer.abort_reason == reason
    elif action is Action.AA_7:
        assert pdus == [Abort(2, reason)]
    elif action is Action.AA_3:
        assert events == [Aborted(0, 0, by_peer=True)]
    elif action in (Action.AA_4, Action.AA_5, Action.AR_5):
        assert events == [ConnectionClosed(lost=action is Action.AA_4)]


def check_timer(end: Association, action: Action) -> None:
    """ARTIM runs in Sta2 and Sta13, the idle timer in all other states but Sta1."""
    if end.state is State.IDLE:
        assert end.timer() is None
    elif end.state in (State.AWAITING_REQUEST, State.AWAITING_CLOSE):
        assert end.timer() == NOW + ARTIM
    else:
        assert end.timer() == NOW + IDLE


def test_an_unacceptable_request_takes_the_other_way_of_ae_6() -> None:
    end = reach(("Sta2", False, BY_ACCEPTOR[:1]))
    end.receive_data(encode_pdu(a_request(protocol_version=2)), NOW)
    assert end.state is State.AWAITING_CLOSE
    assert sent(end) == [AssociateRj(1, 2, 2)]
    assert end.events() == [AssociateRejected(AssociateRj(1, 2, 2))]
    assert end.timer() == NOW + ARTIM

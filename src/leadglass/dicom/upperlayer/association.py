"""One end of an association: the engine of PS3.8 without sockets and without a clock.

Every method either tells the engine what happened (`connection_opened`, `receive_data`, `receive_eof`,
`handle_timer`), or asks something of it (`request`, `accept`, `send_p_data`, `release`, `abort` …). After each
call the driver sends `data_to_send()`, hands on `events()`, hangs up if `close_expected`, and re-arms `timer()`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from leadglass.dicom.upperlayer.codec import encode_pdu
from leadglass.dicom.upperlayer.events import (
    Aborted,
    AssociateAccepted,
    AssociateRejected,
    AssociateRequested,
    ConnectionClosed,
    Event,
    PdvReceived,
    ReleaseConfirmed,
    ReleaseRequested,
)
from leadglass.dicom.upperlayer.negotiation import NegotiatedContext, established_contexts, violation_of_request
from leadglass.dicom.upperlayer.pdu import (
    Abort,
    AbortReason,
    AbortSource,
    AssociateAc,
    AssociateRj,
    AssociateRq,
    PDataTf,
    Pdu,
    ReleaseRp,
    ReleaseRq,
)
from leadglass.dicom.upperlayer.reader import PDataStarted, PduReader
from leadglass.dicom.upperlayer.states import TABLE, Action, State, Trigger
from leadglass.terms.ceilings import ARTIM_SECONDS, IDLE_SECONDS, MAX_PDU_LENGTH_OFFERED
from leadglass.terms.errors import LocalViolation, PeerAnswer, PeerViolation

__all__ = ["Association"]

Buffer = bytes | bytearray | memoryview

_TRIGGERS: Mapping[type[Pdu], Trigger] = {
    AssociateRq: Trigger.ASSOCIATE_RQ_RECEIVED,
    AssociateAc: Trigger.ASSOCIATE_AC_RECEIVED,
    AssociateRj: Trigger.ASSOCIATE_RJ_RECEIVED,
    PDataTf: Trigger.P_DATA_TF_RECEIVED,
    ReleaseRq: Trigger.RELEASE_RQ_RECEIVED,
    ReleaseRp: Trigger.RELEASE_RP_RECEIVED,
    Abort: Trigger.ABORT_RECEIVED,
}
_ARTIM_STATES = frozenset({State.AWAITING_REQUEST, State.AWAITING_CLOSE})


class Association:
    """One end of one association, requestor or acceptor, from the opening of the connection to its close.

    `now` is monotonic seconds, any origin. Whatever the peer sends raises nothing: it becomes events, bytes to
    send and `close_expected`. LocalViolation means that our own side asked for what the state does not allow.

    A requestor calls `request` first and `connection_opened` when the transport is there (AE-1, AE-2); an
    acceptor begins with `connection_opened` (AE-5). `idle_seconds` covers every state the standard puts no timer
    on, so that no peer can keep an association waiting for ever; at its end the association is aborted.
    """

    def __init__(
        self,
        *,
        is_requestor: bool,
        max_pdu_length: int = MAX_PDU_LENGTH_OFFERED,
        artim_seconds: float = ARTIM_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.is_requestor = is_requestor
        self.max_pdu_length = max_pdu_length
        """The longest P-DATA-TF we take, which is what we tell the peer; 0 sets no limit."""
        self.state = State.IDLE
        self.contexts: Mapping[int, NegotiatedContext] = {}
        """The accepted contexts by id; empty until the association is established."""
        self.peer_max_pdu_length = 0
        """The longest P-DATA-TF the peer takes; 0 means it set no limit."""
        self.request_sent: AssociateRq | None = None
        self.request_received: AssociateRq | None = None
        self.accept_received: AssociateAc | None = None
        self.violation: PeerViolation | None = None
        """The rule the peer broke, if that is what ended the association."""
        self._artim_seconds = artim_seconds
        self._idle_seconds = idle_seconds
        self._artim_deadline = 0.0
        self._last_activity = 0.0
        self._reader = PduReader(max_pdu_length)
        self._events: list[Event] = []
        self._to_send: list[Buffer] = []
        self._was_begun = False
        self._is_closed = False

    # --- the transport tells -----------------------------------------------------------------------------

    def connection_opened(self, now: float) -> None:
        """The transport connection is there. A requestor's A-ASSOCIATE-RQ is now to be sent."""
        if self.is_requestor:
            self._advance(Trigger.TRANSPORT_CONFIRMED, now)  # AE-2
            assert self.request_sent is not None  # AE-2 has no way around AE-1
            self._send(self.request_sent)
        else:
            self._advance(Trigger.TRANSPORT_INDICATED, now)  # AE-5

    def receive_data(self, data: Buffer, now: float) -> None:
        """Bytes came. Views in the PdvReceived events that follow point into `data` until the next call."""
        if self.state is State.AWAITING_CONNECTION or not self._was_begun:
            raise LocalViolation("data before connection_opened")
        self._last_activity = now
        events = self._events
        for found in self._reader.read(data):
            if isinstance(found, PdvReceived):
                events.append(found)
            elif found is PDataStarted.P_DATA_STARTED:
                self._receive_p_data_header(now)
            elif isinstance(found, PeerViolation):
                self._receive_invalid(found, now)
            else:
                self._receive_pdu(found, now)

    def receive_eof(self, now: float) -> None:
        """The transport connection is closed, by either side. Call it once the transport says so; last call."""
        if self._is_closed:
            return
        self._is_closed = True
        lost = self.state is not State.IDLE and self._advance(Trigger.TRANSPORT_CLOSED, now) is Action.AA_4
        self._events.append(ConnectionClosed(lost))  # AA-4; also AA-5 and AR-5, which tell the user nothing

    def timer(self) -> float | None:
        """When `handle_timer` wants to be called, or None."""
        if self.state is State.IDLE:
            return None
        return self._artim_deadline if self.state in _ARTIM_STATES else self._last_activity + self._idle_seconds

    def handle_timer(self, now: float) -> None:
        """The time may have come; too early does no harm."""
        deadline = self.timer()
        if deadline is None or now < deadline:
            return
        if self.state in _ARTIM_STATES:
            self._advance(Trigger.ARTIM_EXPIRED, now)  # AA-2: hang up
        else:
            self.abort(now, AbortSource.SERVICE_PROVIDER)

    # --- the user tells ----------------------------------------------------------------------------------

    def request(self, request: AssociateRq, now: float) -> None:
        """Ask for an association (AE-1). The maximum length it offers is set to the one this engine enforces."""
        self._advance(Trigger.ASSOCIATE_REQUEST, now)
        information = replace(request.user_information, max_pdu_length=self.max_pdu_length)
        self.request_sent = replace(request, user_information=information)

    def accept(self, accept: AssociateAc, contexts: Mapping[int, NegotiatedContext], now: float) -> None:
        """Answer a request with yes (AE-7); both arguments come from `negotiate`."""
        self._advance(Trigger.ASSOCIATE_RESPONSE_ACCEPT, now)
        assert self.request_received is not None  # Sta3 has no way around it
        information = replace(accept.user_information, max_pdu_length=self.max_pdu_length)
        self._send(replace(accept, user_information=information))
        self._establish(contexts, self.request_received)

    def reject(self, reject: AssociateRj, now: float) -> None:
        """Answer a request with no (AE-8)."""
        self._advance(Trigger.ASSOCIATE_RESPONSE_REJECT, now)
        self._send(reject)

    def send_p_data(self, buffers: Iterable[Buffer], now: float) -> None:
        """Send whole P-DATA-TF PDUs, already framed (DT-1, AR-7). The buffers are kept, not copied."""
        self._advance(Trigger.P_DATA_REQUEST, now)
        self._to_send.extend(buffers)

    def release(self, now: float) -> None:
        """Ask for an orderly end (AR-1). Data may still come until ReleaseConfirmed."""
        self._advance(Trigger.RELEASE_REQUEST, now)
        self._send(ReleaseRq())

    def answer_release(self, now: float) -> None:
        """Owed after ReleaseRequested (AR-4, AR-9)."""
        self._advance(Trigger.RELEASE_RESPONSE, now)
        self._send(ReleaseRp())

    def abort(self, now: float, source: int = AbortSource.SERVICE_USER, reason: int = 0) -> None:
        """End it at once. Legal in every state; where nothing is left to abort it does nothing, or just hangs up."""
        if (self.state, Trigger.ABORT_REQUEST) in TABLE:
            if self._advance(Trigger.ABORT_REQUEST, now) is Action.AA_1:  # AA-2, before the connection: say nothing
                self._send_abort(source, reason, None)
        elif self.state is State.AWAITING_REQUEST:
            self.state = State.IDLE  # no association to abort yet: hang up, as when the ARTIM timer expires
            self._reader.stop()

    # --- the transport asks ------------------------------------------------------------------------------

    def data_to_send(self) -> list[Buffer]:
        """Everything to be written now, in order; it is the caller's from here on."""
        drained, self._to_send = self._to_send, []
        return drained

    def events(self) -> list[Event]:
        """Everything that happened since the last call, in order."""
        drained, self._events = self._events, []
        return drained

    @property
    def close_expected(self) -> bool:
        """True once the engine is done with the connection: write what is left to send, then hang up."""
        return self._was_begun and self.state is State.IDLE

    # --- table 9-10 --------------------------------------------------------------------------------------

    def _advance(self, trigger: Trigger, now: float, *, condition: bool = True) -> Action:
        """Take the transition of table 9-10 and return its action, for the caller to perform what it says.

        `condition` chooses between the two next states of AE-6. LocalViolation where the table is blank.
        """
        transition = TABLE.get((self.state, trigger))
        if transition is None:
            raise LocalViolation(f"{trigger.name} ({trigger.value}) is not allowed in {self.state.value}")
        if transition.action is Action.AR_8:
            condition = self.is_requestor
        next_state = transition.next_state if condition else transition.otherwise
        assert next_state is not None  # only AE-6 and AR-8 ask for the other one, and they have it
        if next_state in _ARTIM_STATES and next_state is not self.state:
            self._artim_deadline = now + self._artim_seconds
        self._last_activity = now
        self._was_begun = True
        self.state = next_state
        if next_state is State.IDLE:
            self._reader.stop()
        return transition.action

    def _receive_pdu(self, pdu: Pdu, now: float) -> None:
        """A whole PDU came, of any type but P-DATA-TF."""
        if isinstance(pdu, AssociateRq) and self.state is State.AWAITING_REQUEST:
            return self._receive_request(pdu, now)
        if isinstance(pdu, AssociateAc) and self.state is State.AWAITING_ANSWER:
            return self._receive_accept(pdu, now)
        action = self._advance(_TRIGGERS[type(pdu)], now)
        match pdu, action:
            case AssociateRj(), Action.AE_4:
                self._events.append(AssociateRejected(pdu))
            case ReleaseRq(), Action.AR_2 | Action.AR_8:
                self._events.append(ReleaseRequested())
            case ReleaseRp(), Action.AR_3 | Action.AR_10:
                self._events.append(ReleaseConfirmed())
            case Abort(), Action.AA_3:
                self._events.append(Aborted(pdu.source, pdu.reason, by_peer=True))
            case _, Action.AA_1 | Action.AA_7 | Action.AA_8:
                self._break_off(action, _unexpected(type(pdu).__name__))
            case _:
                pass  # AA-2 hangs up, AA-6 ignores
        return None

    def _receive_request(self, request: AssociateRq, now: float) -> None:
        self.request_received = request
        violation = violation_of_request(request)
        if violation is not None:
            return self._receive_invalid(violation, now)
        self._advance(Trigger.ASSOCIATE_RQ_RECEIVED, now)  # AE-6, acceptable
        self._events.append(AssociateRequested(request))
        return None

    def _receive_accept(self, accept: AssociateAc, now: float) -> None:
        assert self.request_sent is not None  # Sta5 has no way around it
        try:
            contexts = established_contexts(self.request_sent, accept)
        except PeerViolation as violation:
            return self._receive_invalid(violation, now)
        self._advance(Trigger.ASSOCIATE_AC_RECEIVED, now)  # AE-3
        self.accept_received = accept
        self._establish(contexts, accept)
        self._events.append(AssociateAccepted(accept, self.contexts))
        return None

    def _receive_p_data_header(self, now: float) -> None:
        action = self._advance(Trigger.P_DATA_TF_RECEIVED, now)
        if action is Action.AA_6:
            self._reader.skip_pdu()
        elif action is not Action.DT_2 and action is not Action.AR_6:  # those two let the pieces through
            self._break_off(action, _unexpected("PDataTf"))

    def _receive_invalid(self, violation: PeerViolation, now: float) -> None:
        """Something no acceptor could take (AE-6, otherwise), or no PDU of the standard at all (Evt19)."""
        if violation.answer.reject is not None and self.state is State.AWAITING_REQUEST:
            self._advance(Trigger.ASSOCIATE_RQ_RECEIVED, now, condition=False)
            self.violation = violation
            reject = AssociateRj(*violation.answer.reject)
            self._send(reject)
            self._events.append(AssociateRejected(reject))
        else:
            self._break_off(self._advance(Trigger.INVALID_PDU_RECEIVED, now), violation)

    # --- what the actions are made of --------------------------------------------------------------------

    def _establish(self, contexts: Mapping[int, NegotiatedContext], peer: AssociateRq | AssociateAc) -> None:
        self.contexts = MappingProxyType(dict(contexts))
        self.peer_max_pdu_length = peer.user_information.max_pdu_length
        self._reader.contexts = self.contexts

    def _break_off(self, action: Action, violation: PeerViolation) -> None:
        """AA-1, AA-7, AA-8: the peer broke a rule. AA-1 speaks as the service-user, which gives no reason."""
        if action is Action.AA_7:  # already told once why: say it a last time, then listen no more
            self._reader.stop()
            self._send(Abort(AbortSource.SERVICE_PROVIDER, _reason(violation)))
            return
        self.violation = violation
        by_user = action is Action.AA_1
        source = AbortSource.SERVICE_USER if by_user else AbortSource.SERVICE_PROVIDER
        self._send_abort(source, 0 if by_user else _reason(violation), violation)

    def _send_abort(self, source: int, reason: int, violation: PeerViolation | None) -> None:
        self._reader.skip_pdu()  # what is still to come of a P-DATA-TF means nothing any more
        self._send(Abort(source, reason))
        self._events.append(Aborted(source, reason, by_peer=False, violation=violation))

    def _send(self, pdu: Pdu) -> None:
        self._to_send.append(encode_pdu(pdu))


def _reason(violation: PeerViolation) -> int:
    """An over-long request has a rejection for an answer; where that comes too late it is an unexpected PDU."""
    reason = violation.answer.abort_reason
    return AbortReason.UNEXPECTED_PDU if reason is None else reason


def _unexpected(pdu_name: str) -> PeerViolation:
    answer = PeerAnswer(abort_reason=AbortReason.UNEXPECTED_PDU)
    return PeerViolation(f"{pdu_name} where it may not come", answer=answer, clause="PS3.8 §9.2.3")

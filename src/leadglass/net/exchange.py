"""Messages over one association: what the peer asks, one after another, and what we ask.

Receiving is synchronous: the driver hands in an event, the intake makes messages of them. Whole requests go into a
short queue; one task, `serve`, takes them from there. Responses go to whoever waits for them, and C-CANCEL is noted at
once, both without passing the queue.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

from leadglass.dicom.dimse.messages import CCancelRq, Message, Request, Response
from leadglass.dicom.upperlayer import (
    Aborted,
    AssociateAc,
    AssociateAccepted,
    AssociateRejected,
    AssociateRequested,
    AssociateRq,
    ConnectionClosed,
    Event,
    NegotiatedContext,
    PdvReceived,
    ReleaseConfirmed,
    ReleaseRequested,
    State,
)
from leadglass.net.driver import Driver
from leadglass.net.errors import AssociationLost, PeerRejected
from leadglass.net.intake import Intake
from leadglass.net.replies import Replies, Reply
from leadglass.net.service import Closing, DataSink, FaultKind, OnFault, ServedAssociation, Service
from leadglass.net.sinks import BytesSink, DiscardSink
from leadglass.terms.ceilings import MAX_OPERATIONS_QUEUED
from leadglass.terms.errors import CeilingReached, LeadglassError, PeerAnswer, PeerViolation

__all__ = ["Exchange", "fault_words"]

_RELEASE_IS_ASKED: Final = (
    State.AWAITING_LOCAL_RELEASE,
    State.COLLISION_REQUESTOR_AWAITING_LOCAL_RELEASE,
    State.COLLISION_ACCEPTOR_AWAITING_LOCAL_RELEASE,
)
_QUEUE: Final = "operations queued"
_UNEXPECTED: Final = PeerAnswer(abort_reason=5)


@dataclass(frozen=True, slots=True)
class _Operation:
    """A request of the peer, its data set complete."""

    context: NegotiatedContext
    command: Request
    sink: DataSink | None


class Exchange:
    """The message side of one association. `opened` resolves with the association PDU that came first."""

    def __init__(self, address: str, on_fault: OnFault) -> None:
        self.address = address
        self.opened: asyncio.Future[AssociateRq | AssociateAc] = asyncio.get_running_loop().create_future()
        self.how: Closing | None = None
        self.replies = Replies()
        self._on_fault = on_fault
        self._driver: Driver | None = None
        self._service: Service | None = None
        self._intake: Intake | None = None
        self._queue: deque[_Operation] = deque()
        self._current: _Operation | None = None
        self._cancelled: set[int] = set()
        self._wake: asyncio.Future[None] | None = None
        self._is_release_owed = False
        self._is_draining = False

    @property
    def driver(self) -> Driver:
        assert self._driver is not None  # attached right after it is made
        return self._driver

    @property
    def has_driver(self) -> bool:
        return self._driver is not None

    def attach(self, driver: Driver) -> None:
        self._driver = driver
        self._intake = Intake(driver, self)

    # --- what the driver tells -------------------------------------------------------------------------------

    @property
    def is_occupied(self) -> bool:
        """True while our side owes the next step."""
        if self.how is not None:
            return False
        return self._current is not None or bool(self._queue) or self.replies.are_awaited or self._awaits_admission

    @property
    def commands_received(self) -> int:
        """Whole commands received so far."""
        return self._intake.commands_received if self._intake is not None else 0

    @property
    def _awaits_admission(self) -> bool:
        return self._service is None and self.opened.done() and not self.driver.engine.is_requestor

    def happened(self, event: Event) -> None:
        """Take one event of the engine."""
        match event:
            case PdvReceived():
                self._pdv_received(event)
            case AssociateRequested(request):
                self._open(request)
            case AssociateAccepted(accept):
                self._open(accept)
            case AssociateRejected(reject):
                if self.driver.engine.violation is not None:  # ours: the request broke a rule (AE-6)
                    self._on_fault(FaultKind.PROTOCOL, self.address, str(self.driver.engine.violation))
                self._refuse(PeerRejected(reject))
                self.end(Closing.REJECTED)
            case ReleaseRequested():
                self._is_release_owed = True
                self._release_if_idle()
            case ReleaseConfirmed():
                self.end(Closing.RELEASED)
            case Aborted(violation=violation):
                if violation is not None:
                    self._on_fault(FaultKind.PROTOCOL, self.address, str(violation))
                self.end(Closing.ABORTED)
            case ConnectionClosed():
                self.end(Closing.LOST)

    def gave_up(self, why: str) -> None:
        """The driver lost its patience with the peer."""
        self._on_fault(FaultKind.LIMIT, self.address, why)

    def _open(self, pdu: AssociateRq | AssociateAc) -> None:
        if not self.opened.done():
            self.opened.set_result(pdu)

    def _refuse(self, fault: LeadglassError) -> None:
        if not self.opened.done():
            self.opened.set_exception(fault)
            self.opened.exception()  # nobody may be waiting

    def _pdv_received(self, event: PdvReceived) -> None:
        if self.how is not None or self._intake is None:
            return
        try:
            self._intake.take(event)
        except PeerViolation as violation:
            self._violated(violation)
        except Exception as fault:  # a service's sink: whatever it is, the association cannot go on
            self._on_fault(FaultKind.LOCAL, self.address, fault_words(fault))
            self.abort()

    def _violated(self, violation: PeerViolation) -> None:
        self._on_fault(FaultKind.PROTOCOL, self.address, str(violation))
        self.driver.abort(source=2, reason=violation.answer.abort_reason or 0)

    # --- what the intake tells -------------------------------------------------------------------------------

    def sink_for(self, context: NegotiatedContext, message: Message) -> DataSink:
        """Where the data set that `message` announces shall go; PeerViolation if the message has no place here."""
        if isinstance(message, Response):
            self._check_expected(message)
            return BytesSink()
        if isinstance(message, CCancelRq):
            return DiscardSink()  # it has no data set; if one comes nevertheless it is let by
        try:
            return self._service_asked().sink_for(context, message)
        except PeerViolation as violation:
            if violation.answer.status is None:
                raise
            return DiscardSink(violation)
        except LeadglassError as fault:
            return DiscardSink(fault)

    def arrived(self, context: NegotiatedContext, message: Message, sink: DataSink | None) -> None:
        """A whole message: noted, answered to whoever waits for it, or queued for `serve`."""
        if isinstance(message, CCancelRq):
            self._cancel(message.message_id_being_responded_to)
        elif isinstance(message, Response):
            self._check_expected(message)
            self.replies.deliver(Reply(message, _collected(sink)))
        else:
            self._service_asked()
            self._enqueue(_Operation(context, message, sink))

    def _service_asked(self) -> Service:
        if self._service is None:
            raise PeerViolation("a request where none was agreed on", answer=_UNEXPECTED, clause="PS3.7 §9.1")
        return self._service

    def _check_expected(self, message: Response) -> None:
        if not self.replies.expects(message.message_id_being_responded_to):
            raise PeerViolation("a response to nothing we asked", answer=_UNEXPECTED, clause="PS3.7 §9.1")

    def _cancel(self, message_id: int) -> None:
        """Note a C-CANCEL for an operation that is here; one that comes too late means nothing (PS3.7 §9.3.2.3)."""
        here = (self._current, *self._queue) if self._current is not None else self._queue
        if any(operation.command.message_id == message_id for operation in here):
            self._cancelled.add(message_id)

    def _enqueue(self, operation: _Operation) -> None:
        self._queue.append(operation)
        if self._current is None:
            self._wake_up()
        elif len(self._queue) >= MAX_OPERATIONS_QUEUED:
            if self.replies.are_awaited:  # not reading would leave our own request unanswered for ever
                raise CeilingReached(
                    "MAX_OPERATIONS_QUEUED", MAX_OPERATIONS_QUEUED, len(self._queue), answer=_UNEXPECTED
                )
            self.driver.hold(_QUEUE)

    def _wake_up(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    # --- answering -------------------------------------------------------------------------------------------

    def use(self, service: Service) -> None:
        """From here on requests of the peer are taken, for `serve` to answer."""
        self._service = service

    async def serve(self, served: ServedAssociation) -> None:
        """Answer requests, one after another, until the association is over."""
        assert self._service is not None
        while self.how is None:
            if not self._queue:
                self._wake = asyncio.get_running_loop().create_future()
                await self._wake
                continue
            operation = self._current = self._queue.popleft()
            try:
                await self._service.respond(served, operation.context, operation.command, operation.sink)
            except Exception as fault:
                if self.how is None or not isinstance(fault, AssociationLost):  # else it ended while we answered
                    self._on_fault(FaultKind.LOCAL, self.address, fault_words(fault))
                    self.abort()
            finally:
                self._current = None
                self._cancelled.discard(operation.command.message_id)
            self._after_operation()

    def _after_operation(self) -> None:
        if len(self._queue) < MAX_OPERATIONS_QUEUED:
            self.driver.unhold(_QUEUE)
        if self._is_draining:
            self.abort()
        self._release_if_idle()

    def make_room_for_replies(self) -> None:
        """A request of ours is out: reading must go on, whatever is queued."""
        self.driver.unhold(_QUEUE)

    def is_cancelled(self, message_id: int) -> bool:
        return message_id in self._cancelled or self.how is not None

    # --- ending ----------------------------------------------------------------------------------------------

    def drain(self) -> None:
        """Finish the operation in progress, if there is one, then abort."""
        self._is_draining = True
        if self._current is None:
            self.abort()

    def abort(self) -> None:
        if self.how is None:
            self.driver.abort()
            self.end(Closing.ABORTED)  # where there was no association yet, the engine has nothing to tell

    def _release_if_idle(self) -> None:
        if not self._is_release_owed or self._current is not None or self._queue or self.how is not None:
            return
        self._is_release_owed = False
        if self.driver.engine.state not in _RELEASE_IS_ASKED:
            return  # an A-ABORT came in the same breath: its event is next
        self.driver.act(self.driver.engine.answer_release)
        self.end(Closing.RELEASED)

    def end(self, how: Closing) -> None:
        if self.how is not None:
            return
        self.how = how
        lost = AssociationLost(f"the association is over: {how}")
        self._refuse(lost)
        self.replies.fail(lost)
        if self._intake is not None:
            self._intake.stop()
        for operation in self._queue:
            if operation.sink is not None:
                operation.sink.discard()
        self._queue.clear()
        if self._driver is not None:
            self._driver.let_go()
        self._wake_up()


def _collected(sink: DataSink | None) -> bytes | None:
    """The data set of a response; PeerViolation if it was more than we take."""
    if sink is None:
        return None
    if isinstance(sink.fault, PeerViolation):
        raise sink.fault
    assert isinstance(sink, BytesSink)  # `sink_for` gives no other to responses
    return sink.data


def fault_words(fault: Exception) -> str:
    """What may be said of an exception: the text of our own, only kind and place of any other (law 6)."""
    if isinstance(fault, LeadglassError):
        return f"{type(fault).__name__}: {fault}"
    frame = fault.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    place = f" at {frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame is not None else ""
    return f"{type(fault).__name__}{place}"

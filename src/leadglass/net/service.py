"""What the rooms above net implement, and what net hands to them: four small ports.

The life of one association, as its `Service` sees it:

    service = service_factory()                 # an A-ASSOCIATE-RQ has arrived
    answer = await service.admit(request, evidence)
    for every request of the peer, one after another:
        sink = service.sink_for(context, command)       # only if it announces a data set
        sink.write(...) ... sink.finish()
        await service.respond(served, context, command, sink or None)
    await service.closed(how)                   # always, and exactly once
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from enum import StrEnum
from typing import Protocol

from leadglass.dicom.dimse.messages import Message, Request, Response
from leadglass.dicom.upperlayer import AssociateRj, AssociateRq, NegotiatedContext, Negotiation
from leadglass.terms.ae_title import AETitle
from leadglass.terms.errors import LeadglassError
from leadglass.terms.evidence import Evidence

__all__ = ["Admission", "Buffer", "Closing", "DataSink", "FaultKind", "OnFault", "ServedAssociation", "Service"]

Buffer = bytes | bytearray | memoryview

Admission = Negotiation | AssociateRj
"""The answer to an association request: what was negotiated, or the rejection owed to the peer."""


class Closing(StrEnum):
    """How an association ended."""

    REJECTED = "rejected"  # by us, in answer to the request
    RELEASED = "released"  # in order: A-RELEASE (PS3.8 §7.2)
    ABORTED = "aborted"  # by either side: A-ABORT (PS3.8 §7.3)
    LOST = "lost"  # the connection broke or fell silent


class FaultKind(StrEnum):
    """What went wrong with a connection, for the log of the machine's owner."""

    TLS = "tls"  # the handshake, or a certificate's dates
    CERTIFICATE = "certificate"  # a caller turned away for the certificate it showed
    NO_CERTIFICATE = "no certificate"  # a caller turned away for showing none
    PROTOCOL = "protocol"  # the peer broke PS3.7 or PS3.8
    LIMIT = "limit"  # a ceiling of `net.limits` was reached
    LOCAL = "local"  # our own side failed: disk, bug, no descriptors left


class OnFault(Protocol):
    """Told of every fault, in words for people. The text never holds patient data (law 6)."""

    def __call__(self, kind: FaultKind, address: str, text: str) -> None: ...


class DataSink(Protocol):
    """Where the data set of one message goes while it arrives. All but `wait_relieved` is called from the driver's
    receive path and must be quick."""

    fault: LeadglassError | None
    """Set by the driver to what `write` or `finish` raised. The rest of the data set is then drained and
    dropped, `discard` is called, and `respond` sees this sink with its fault to choose the status from."""

    @property
    def congested(self) -> bool:
        """True if the driver must stop reading from this peer until `wait_relieved` returns. Asked after each write;
        what one receive buffer still holds (256 KiB) is written nevertheless."""

    def write(self, data: memoryview) -> None:
        """Take a copy of `data`: it is only lent. May raise LeadglassError."""

    def finish(self) -> None:
        """The data set is complete. May raise LeadglassError."""

    def discard(self) -> None:
        """Drop everything: the message will never be complete, or never be answered."""

    async def wait_relieved(self) -> None:
        """Return when the sink can take more."""


class ServedAssociation(Protocol):
    """One established association, as its service sees it while it answers."""

    @property
    def associate_rq(self) -> AssociateRq:
        """The association request as it came (`request` is the verb below)."""

    @property
    def evidence(self) -> Evidence:
        """What the door learnt about the caller."""

    @property
    def contexts(self) -> Mapping[int, NegotiatedContext]:
        """Accepted presentation contexts by id."""

    @property
    def peer_max_pdu_length(self) -> int:
        """The longest P-DATA-TF the peer takes; 0 is unlimited."""

    @property
    def calling_ae_title(self) -> AETitle: ...

    @property
    def is_open(self) -> bool:
        """False once the association is released, aborted or lost."""

    def is_cancelled(self, message_id: int) -> bool:
        """True if a C-CANCEL-RQ for this operation has come, or if nobody is left to answer."""

    def next_message_id(self) -> int:
        """A message id no request of ours is using."""

    async def send(self, context: NegotiatedContext, message: Message, data_set: Buffer | None = None) -> None:
        """Send one message. Returns when it is written or safely queued below MAX_SEND_BACKLOG; raises
        AssociationLost if the association is over."""

    async def send_stream(self, context: NegotiatedContext, message: Message, chunks: AsyncIterator[Buffer]) -> None:
        """Send a message whose data set comes in chunks. If the chunks raise, the association is aborted (half a
        data set cannot be taken back) and the error goes on to the caller."""

    async def request(
        self,
        context: NegotiatedContext,
        message: Request,
        data_set: Buffer | AsyncIterator[Buffer] | None = None,
        *,
        within: float | None = None,
    ) -> Response:
        """Send a request of ours and return its response. Raises AssociationLost, or ResponseOverdue after
        `within` seconds (the idle time of the connection if None); an overdue association is aborted."""

    def abort(self) -> None:
        """Send an A-ABORT and close. Harmless if already over."""


class Service(Protocol):
    """What answers one association. Made by a factory when an A-ASSOCIATE-RQ arrives."""

    async def admit(self, request: AssociateRq, evidence: Evidence) -> Admission:
        """Accept or reject. An exception rejects (law 3)."""

    def sink_for(self, context: NegotiatedContext, command: Request) -> DataSink:
        """Where the data set announced by `command` shall go. May raise LeadglassError: the data set is then drained
        and `respond` sees a sink with that fault."""

    async def respond(
        self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        """Answer one request, all its responses included. An exception aborts the association."""

    async def closed(self, how: Closing) -> None:
        """The association is over. Called exactly once, after any `respond` has ended."""

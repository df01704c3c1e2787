"""Two engines joined by a fake link: no socket, no clock, every byte under the test's thumb."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leadglass.dicom.upperlayer import (
    AssociateRq,
    Association,
    Event,
    OfferedSyntax,
    PdvReceived,
    ProposedContext,
    UserInformation,
    negotiate,
)
from leadglass.terms.ae_title import AETitle

VERIFICATION = "1.2.840.10008.1.1"
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"

OFFER = {VERIFICATION: OfferedSyntax(), CT_IMAGE_STORAGE: OfferedSyntax((EXPLICIT, IMPLICIT), peer_may_be_scp=True)}


def a_request(**changes: object) -> AssociateRq:
    """A request for verification (context 1) and CT storage (context 3)."""
    fields: dict[str, object] = {
        "called_ae_title": AETitle.of("LEADGLASS"),
        "calling_ae_title": AETitle.of("MODALITY"),
        "contexts": (
            ProposedContext(1, VERIFICATION, (IMPLICIT,)),
            ProposedContext(3, CT_IMAGE_STORAGE, (IMPLICIT, EXPLICIT)),
        ),
        "user_information": UserInformation(max_pdu_length=16384, implementation_class_uid="1.2.3.4"),
    }
    return AssociateRq(**{**fields, **changes})  # type: ignore[arg-type]


@dataclass
class Pair:
    """A requestor and an acceptor. `portion`: the most bytes the link hands over at a time (None: all there are)."""

    requestor: Association = field(default_factory=lambda: Association(is_requestor=True))
    acceptor: Association = field(default_factory=lambda: Association(is_requestor=False))
    portion: int | None = None
    now: float = 0.0

    def carry(self) -> None:
        """Move bytes both ways until both ends are silent."""
        while self._move(self.requestor, self.acceptor) | self._move(self.acceptor, self.requestor):
            pass

    def _move(self, sender: Association, receiver: Association) -> bool:
        data = b"".join(sender.data_to_send())
        for part in portions(data, self.portion):
            receiver.receive_data(part, self.now)
        return bool(data)

    def open(self, request: AssociateRq | None = None) -> None:
        """Connect and ask; the request lies with the acceptor (Sta3)."""
        self.requestor.request(request or a_request(), self.now)
        self.acceptor.connection_opened(self.now)
        self.requestor.connection_opened(self.now)
        self.carry()

    def establish(
        self, request: AssociateRq | None = None, offer: Mapping[str, OfferedSyntax] = OFFER
    ) -> tuple[list[Event], list[Event]]:
        """Connect, ask, accept: both ends are in Sta6. Returns what each end was told."""
        self.open(request)
        assert self.acceptor.request_received is not None
        negotiation = negotiate(self.acceptor.request_received, offer)
        self.acceptor.accept(negotiation.accept, negotiation.contexts, self.now)
        self.carry()
        return self.requestor.events(), self.acceptor.events()

    def hang_up(self) -> None:
        """The transport closes, for both."""
        self.requestor.receive_eof(self.now)
        self.acceptor.receive_eof(self.now)


def portions(data: bytes, size: int | None) -> list[bytes]:
    """`data` cut into pieces of `size` (None: one piece)."""
    step = size or max(len(data), 1)
    return [data[start : start + step] for start in range(0, len(data), step)]


def joined(events: list[Event]) -> list[Event]:
    """The events with the pieces of each PDV joined: what they say, however the bytes were portioned."""
    told: list[Event] = []
    for event in events:
        if isinstance(event, PdvReceived):
            event = PdvReceived(  # the view dies with the next receive_data, the copy does not
                event.presentation_context_id,
                event.is_command,
                event.is_last,
                memoryview(bytes(event.data)),
                event.begins_pdv,
            )
            if not event.begins_pdv:
                before = told.pop()
                assert isinstance(before, PdvReceived)
                assert not before.is_last
                whole = memoryview(bytes(before.data) + bytes(event.data))
                event = PdvReceived(event.presentation_context_id, event.is_command, event.is_last, whole)
        told.append(event)
    return told

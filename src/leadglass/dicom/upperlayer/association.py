"""One end of an association: the PS3.8 upper layer without sockets and without a clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from leadglass.dicom.upperlayer.events import Event
from leadglass.dicom.upperlayer.negotiation import NegotiatedContext
from leadglass.dicom.upperlayer.pdu import AssociateAc, AssociateRj, AssociateRq
from leadglass.dicom.upperlayer.states import State
from leadglass.terms.ceilings import ARTIM_SECONDS, IDLE_SECONDS, MAX_PDU_LENGTH_OFFERED
from leadglass.terms.errors import PeerViolation

__all__ = ["Association"]


class Association:
    """Surface only; behaviour follows in the next commits. A requestor calls `request` first, then tells
    `connection_opened` once the transport is there (AE-1, AE-2)."""

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
        self.artim_seconds = artim_seconds
        self.idle_seconds = idle_seconds
        self.contexts: Mapping[int, NegotiatedContext] = {}
        self.peer_max_pdu_length = 0
        self.request_received: AssociateRq | None = None
        self.accept_received: AssociateAc | None = None
        self.violation: PeerViolation | None = None
        self.close_expected = False
        self.state = State.IDLE

    def connection_opened(self, now: float) -> None:
        raise NotImplementedError

    def receive_data(self, data: bytes | bytearray | memoryview, now: float) -> None:
        raise NotImplementedError

    def receive_eof(self, now: float) -> None:
        raise NotImplementedError

    def timer(self) -> float | None:
        raise NotImplementedError

    def handle_timer(self, now: float) -> None:
        raise NotImplementedError

    def request(self, request: AssociateRq, now: float) -> None:
        raise NotImplementedError

    def accept(self, accept: AssociateAc, contexts: Mapping[int, NegotiatedContext], now: float) -> None:
        raise NotImplementedError

    def reject(self, reject: AssociateRj, now: float) -> None:
        raise NotImplementedError

    def send_p_data(self, buffers: Iterable[bytes | bytearray | memoryview], now: float) -> None:
        raise NotImplementedError

    def release(self, now: float) -> None:
        raise NotImplementedError

    def answer_release(self, now: float) -> None:
        raise NotImplementedError

    def abort(self, now: float, source: int = 0, reason: int = 0) -> None:
        raise NotImplementedError

    def data_to_send(self) -> list[bytes | bytearray | memoryview]:
        raise NotImplementedError

    def events(self) -> list[Event]:
        raise NotImplementedError

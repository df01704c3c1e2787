"""An association played from a book: what the archive sends is kept, and its own requests are answered on cue."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from helpers.callers import evidence
from helpers.requests import association_request
from leadglass.dicom.dimse.messages import (
    CStoreRq,
    CStoreRsp,
    Message,
    NEventReportRq,
    NEventReportRsp,
    Request,
    Response,
)
from leadglass.dicom.identifier import Identifier, decode_identifier
from leadglass.dicom.upperlayer import AssociateRq, NegotiatedContext
from leadglass.net.errors import AssociationLost
from leadglass.net.service import Buffer
from leadglass.net.sinks import BytesSink
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import Evidence

__all__ = ["Playbook", "context", "sink"]

EXPLICIT = "1.2.840.10008.1.2.1"


def context(
    abstract_syntax: str, number: int = 1, transfer_syntax: str = EXPLICIT, *, scu: bool = False
) -> NegotiatedContext:
    """An accepted presentation context; `scu` if we may send on it."""
    return NegotiatedContext(number, abstract_syntax, transfer_syntax, we_are_scu=scu, we_are_scp=not scu)


def sink(data: bytes) -> BytesSink:
    """A data set that has come."""
    collected = BytesSink()
    collected.write(memoryview(data))
    return collected


@dataclass
class Playbook:
    """Implements net's `ServedAssociation`. `cues` are the statuses our C-STORE requests get, in turn, then success;
    None loses the association. `before_bytes` is called before any byte of a data set would leave."""

    contexts: dict[int, NegotiatedContext] = field(default_factory=dict)
    cues: list[int | None] = field(default_factory=list)
    sent: list[tuple[Message, bytes | None]] = field(default_factory=list)
    requested: list[tuple[Request, bytes]] = field(default_factory=list)
    cancel_after: int | None = None
    """C-CANCEL arrives once so many messages went out."""
    before_bytes: Callable[[], None] = lambda: None
    is_open: bool = True
    aborted: bool = False
    peer_max_pdu_length: int = 0
    _last_id: int = 0

    @property
    def associate_rq(self) -> AssociateRq:
        return association_request("1.2.840.10008.1.1")

    @property
    def evidence(self) -> Evidence:
        return evidence()

    @property
    def calling_ae_title(self) -> AETitle:
        return AETitle.of("CALLER")

    def is_cancelled(self, message_id: int) -> bool:
        del message_id
        traffic = len(self.sent) + len(self.requested)
        return not self.is_open or (self.cancel_after is not None and traffic >= self.cancel_after)

    def next_message_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def send(self, context: NegotiatedContext, message: Message, data_set: Buffer | None = None) -> None:
        del context
        if not self.is_open:
            raise AssociationLost("on cue")
        if data_set is not None:
            self.before_bytes()
        self.sent.append((message, None if data_set is None else bytes(data_set)))

    async def send_stream(self, context: NegotiatedContext, message: Message, chunks: AsyncIterator[Buffer]) -> None:
        await self.send(context, message, b"".join([bytes(chunk) async for chunk in chunks]))

    async def request(
        self,
        context: NegotiatedContext,
        message: Request,
        data_set: Buffer | AsyncIterator[Buffer] | None = None,
        *,
        within: float | None = None,
    ) -> Response:
        del context, within
        if not self.is_open:
            raise AssociationLost("on cue")
        self.before_bytes()
        if data_set is None:
            content = b""
        elif isinstance(data_set, AsyncIterator):
            content = b"".join([bytes(chunk) async for chunk in data_set])
        else:
            content = bytes(data_set)
        self.requested.append((message, content))
        status = self.cues.pop(0) if self.cues else 0x0000
        if status is None:
            self.is_open = False
            raise AssociationLost("on cue")
        if isinstance(message, NEventReportRq):
            return NEventReportRsp(message_id_being_responded_to=message.message_id, status=status)
        assert isinstance(message, CStoreRq)
        return CStoreRsp(message_id_being_responded_to=message.message_id, status=status)

    def abort(self) -> None:
        self.is_open, self.aborted = False, True

    def responses(self) -> list[str]:
        """Every response, as a reader of a transcript wants it: status and sub-operation counts."""
        return [_line(message) for message, _ in self.sent]

    def answers(self) -> list[Identifier]:
        """The identifiers that came with pending responses."""
        return [decode_identifier(data, EXPLICIT) for _, data in self.sent if data is not None]

    @property
    def final(self) -> Any:
        """The last response."""
        return self.sent[-1][0]


def _line(message: Any) -> str:
    names: Iterable[str] = ("remaining", "completed", "failed", "warning")
    counts = [(name, getattr(message, f"number_of_{name}_suboperations", None)) for name in names]
    told = "".join(f" {name}={count}" for name, count in counts if count is not None)
    return f"{type(message).__name__} {message.status:04X}{told}"

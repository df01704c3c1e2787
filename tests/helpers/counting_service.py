"""A small honest service for tests of net: answers C-ECHO, takes C-STORE and counts the bytes, notes how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from leadglass.dicom.dimse.messages import CEchoRq, CEchoRsp, CStoreRq, CStoreRsp, Request
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.upperlayer import AssociateRq, NegotiatedContext, Offer, OfferedSyntax, negotiate
from leadglass.net.service import Admission, Closing, DataSink, FaultKind, ServedAssociation, Service
from leadglass.net.sinks import DiscardSink
from leadglass.terms.evidence import Evidence

__all__ = ["CT", "SHORT_OFFER", "VERIFICATION", "Counted", "CountingService"]

VERIFICATION = "1.2.840.10008.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
SHORT_OFFER: Offer = {VERIFICATION: OfferedSyntax(), CT: OfferedSyntax()}


@dataclass
class Counted:
    """What all services of one door saw."""

    offer: Offer = field(default_factory=lambda: SHORT_OFFER)
    evidence: list[Evidence] = field(default_factory=list)
    commands: list[Request] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    closings: list[Closing] = field(default_factory=list)
    faults: list[tuple[FaultKind, str, str]] = field(default_factory=list)
    factory: Callable[[], Service] | None = None  # makes other services than the counting one

    def service(self) -> Service:
        return self.factory() if self.factory is not None else CountingService(self)

    def on_fault(self, kind: FaultKind, address: str, text: str) -> None:
        self.faults.append((kind, address, text))


class CountingService:
    """One association's worth."""

    def __init__(self, counted: Counted) -> None:
        self.counted = counted

    async def admit(self, request: AssociateRq, evidence: Evidence) -> Admission:
        self.counted.evidence.append(evidence)
        return negotiate(request, self.counted.offer)

    def sink_for(self, context: NegotiatedContext, command: Request) -> DataSink:
        return DiscardSink()

    async def respond(
        self, served: ServedAssociation, context: NegotiatedContext, command: Request, data: DataSink | None
    ) -> None:
        self.counted.commands.append(command)
        match command:
            case CEchoRq():
                await served.send(
                    context, CEchoRsp(message_id_being_responded_to=command.message_id, status=Status.SUCCESS)
                )
            case CStoreRq():
                assert isinstance(data, DiscardSink)
                self.counted.lengths.append(data.length)
                response = CStoreRsp(
                    message_id_being_responded_to=command.message_id,
                    status=Status.SUCCESS,
                    affected_sop_class_uid=command.affected_sop_class_uid,
                    affected_sop_instance_uid=command.affected_sop_instance_uid,
                )
                await served.send(context, response)
            case _:
                raise AssertionError(f"nobody sends {type(command).__name__} here")

    async def closed(self, how: Closing) -> None:
        self.counted.closings.append(how)

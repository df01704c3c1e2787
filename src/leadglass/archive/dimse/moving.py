"""C-MOVE (PS3.4 §C.4.2): the objects go to an enrolled destination, and to nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.destinations import Destination, Destinations, batches
from leadglass.archive.dimse.refusing import answer_to
from leadglass.archive.dimse.suboperations import Originator, SubOperations, perform
from leadglass.archive.levels import PATIENT_ROOT, STUDY_ROOT, Root
from leadglass.archive.retrieving import Releasing, plan, read_retrieve_request
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CMoveRq, CMoveRsp
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.identifier import decode_identifier
from leadglass.dicom.upperlayer import NegotiatedContext
from leadglass.net.errors import NetFault
from leadglass.net.service import ServedAssociation
from leadglass.net.sinks import BytesSink
from leadglass.store.index.retrieval import StoredObject
from leadglass.terms.errors import LeadglassError, PeerAnswer, PeerViolation
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

__all__ = ["answer_move"]

_ROOTS: Final[dict[str, Root]] = {uids.PATIENT_ROOT_MOVE: PATIENT_ROOT, uids.STUDY_ROOT_MOVE: STUDY_ROOT}


async def answer_move(
    archive: Archive,
    caller: Caller,
    destinations: Destinations,
    served: ServedAssociation,
    context: NegotiatedContext,
    command: CMoveRq,
    data: BytesSink,
) -> None:
    """Pending responses while the objects travel, and the final one."""
    move = _Move(archive, caller, destinations, served, context, command)
    try:
        status, comment = await move.perform(data)
    except LeadglassError as fault:
        status, comment = answer_to(archive, fault, Status.CANNOT_UNDERSTAND)
    if served.is_open:
        await served.send(context, move.response(status, comment), move.counts.failed_list(context.transfer_syntax))


class _Move:
    def __init__(
        self,
        archive: Archive,
        caller: Caller,
        destinations: Destinations,
        served: ServedAssociation,
        context: NegotiatedContext,
        command: CMoveRq,
    ) -> None:
        self._archive = archive
        self._caller = caller
        self._destinations = destinations
        self._served = served
        self._context = context
        self._command = command
        self.counts = SubOperations(0)

    async def perform(self, data: BytesSink) -> tuple[int, str]:
        """The final status. Permission comes first: who may not retrieve learns nothing about destinations."""
        if data.fault is not None:
            raise data.fault
        root = _ROOTS.get(self._context.abstract_syntax)
        if root is None:
            raise PeerViolation("no C-MOVE on this context", answer=PeerAnswer(status=Status.SOP_CLASS_NOT_SUPPORTED))
        request = read_retrieve_request(decode_identifier(data.data, self._context.transfer_syntax), root)
        objects = await plan(self._archive, self._caller, Action.DOWNLOAD, request)
        if isinstance(objects, Refused):
            return Status.NOT_AUTHORIZED, "not authorised to retrieve"
        destination = await self._destination()
        if destination is None:
            return Status.MOVE_DESTINATION_UNKNOWN, "the move destination is not an enrolled device"
        self.counts.remaining = len(objects)
        went_through = await self._send_all(destination, objects)
        return (self.counts.status if went_through else Status.CANCEL), ""

    async def _destination(self) -> Destination | None:
        device = await self._archive.gate.destination(self._command.move_destination)
        if isinstance(device, Refused):
            refusal = Refused(device.reason, self._caller.principal.id, Action.DOWNLOAD)
            await self._archive.gate.refused(refusal, self._caller.door, self._caller.address)
            return None
        return Destination.of(device)

    async def _send_all(self, destination: Destination, objects: Sequence[StoredObject]) -> bool:
        originator = Originator(self._served.calling_ae_title.text, self._command.message_id)
        async with Releasing(self._archive, self._caller, Action.DOWNLOAD) as releasing:
            for part, contexts in batches(objects):
                if self._is_cancelled():
                    return False
                try:
                    async with self._destinations.lend(destination, contexts) as receiver:
                        went_through = await perform(
                            self._archive,
                            releasing,
                            receiver,
                            part,
                            self.counts,
                            originator=originator,
                            is_cancelled=self._is_cancelled,
                            pending=self._pending,
                        )
                except NetFault:
                    self.counts.fail_rest([stored.sop_instance_uid for stored in part])
                    continue
                if not went_through:
                    return False
        return True

    def _is_cancelled(self) -> bool:
        return self._served.is_cancelled(self._command.message_id)

    async def _pending(self) -> None:
        await self._served.send(self._context, self.response(Status.PENDING, ""))

    def response(self, status: int, comment: str) -> CMoveRsp:
        """The number of remaining sub-operations belongs only into pending and cancel responses (PS3.7 §9.1.4.1.7)."""
        goes_on = status in (Status.PENDING, Status.CANCEL)
        return CMoveRsp(
            message_id_being_responded_to=self._command.message_id,
            affected_sop_class_uid=self._command.affected_sop_class_uid,
            status=status,
            error_comment=comment,
            number_of_remaining_suboperations=self.counts.remaining if goes_on else None,
            number_of_completed_suboperations=self.counts.completed,
            number_of_failed_suboperations=self.counts.failed,
            number_of_warning_suboperations=self.counts.warning,
        )

"""C-GET (PS3.4 §C.4.3): the objects come back on the association they were asked for on."""

from __future__ import annotations

from typing import Final

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.dimse.refusing import answer_to
from leadglass.archive.dimse.suboperations import Originator, SubOperations, perform
from leadglass.archive.levels import PATIENT_ROOT, STUDY_ROOT, Root
from leadglass.archive.retrieving import Releasing, plan, read_retrieve_request
from leadglass.dicom import uids
from leadglass.dicom.dimse.messages import CGetRq, CGetRsp
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.identifier import decode_identifier
from leadglass.dicom.upperlayer import NegotiatedContext
from leadglass.net.service import ServedAssociation
from leadglass.net.sinks import BytesSink
from leadglass.terms.errors import LeadglassError, PeerAnswer, PeerViolation
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

__all__ = ["answer_get"]

_ROOTS: Final[dict[str, Root]] = {uids.PATIENT_ROOT_GET: PATIENT_ROOT, uids.STUDY_ROOT_GET: STUDY_ROOT}


async def answer_get(
    archive: Archive,
    caller: Caller,
    served: ServedAssociation,
    context: NegotiatedContext,
    command: CGetRq,
    data: BytesSink,
) -> None:
    """All sub-operations and the final response."""
    counts = SubOperations(0)
    try:
        status, comment = await _got(archive, caller, served, context, command, data, counts)
    except LeadglassError as fault:
        status, comment = answer_to(archive, fault, Status.CANNOT_UNDERSTAND)
    if served.is_open:
        failed = counts.failed_list(context.transfer_syntax)
        await served.send(context, _response(command, status, counts, comment), failed)


async def _got(
    archive: Archive,
    caller: Caller,
    served: ServedAssociation,
    context: NegotiatedContext,
    command: CGetRq,
    data: BytesSink,
    counts: SubOperations,
) -> tuple[int, str]:
    if data.fault is not None:
        raise data.fault
    root = _ROOTS.get(context.abstract_syntax)
    if root is None:
        raise PeerViolation("no C-GET on this context", answer=PeerAnswer(status=Status.SOP_CLASS_NOT_SUPPORTED))
    request = read_retrieve_request(decode_identifier(data.data, context.transfer_syntax), root)
    objects = await plan(archive, caller, Action.VIEW, request)
    if isinstance(objects, Refused):
        return Status.NOT_AUTHORIZED, "not authorised to retrieve"
    counts.remaining = len(objects)

    async def pending() -> None:
        await served.send(context, _response(command, Status.PENDING, counts, ""))

    async with Releasing(archive, caller, Action.VIEW) as releasing:
        went_through = await perform(
            archive,
            releasing,
            served,
            objects,
            counts,
            originator=Originator(),
            is_cancelled=lambda: served.is_cancelled(command.message_id),
            pending=pending,
        )
    return (counts.status if went_through else Status.CANCEL), ""


def _response(command: CGetRq, status: int, counts: SubOperations, comment: str) -> CGetRsp:
    """The number of remaining sub-operations belongs only into pending and cancel responses (PS3.7 §9.1.3.1.7)."""
    goes_on = status in (Status.PENDING, Status.CANCEL)
    return CGetRsp(
        message_id_being_responded_to=command.message_id,
        affected_sop_class_uid=command.affected_sop_class_uid,
        status=status,
        error_comment=comment,
        number_of_remaining_suboperations=counts.remaining if goes_on else None,
        number_of_completed_suboperations=counts.completed,
        number_of_failed_suboperations=counts.failed,
        number_of_warning_suboperations=counts.warning,
    )

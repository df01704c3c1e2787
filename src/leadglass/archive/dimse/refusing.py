"""How errors and refusals are told to a DIMSE peer: a status, and up to 64 characters that say why."""

from __future__ import annotations

from leadglass.archive.archive import Archive
from leadglass.archive.telling import status_for, words_on
from leadglass.dicom.dimse.messages import (
    NCreateRq,
    NCreateRsp,
    NDeleteRq,
    NDeleteRsp,
    NEventReportRq,
    NEventReportRsp,
    NGetRq,
    NGetRsp,
    NSetRq,
    NSetRsp,
    Request,
)
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.upperlayer import NegotiatedContext
from leadglass.net.service import ServedAssociation
from leadglass.terms.errors import LeadglassError, LedgerFault, StorageFault

__all__ = ["answer_to", "answer_unsupported", "comment_on"]

_COMMENT_LENGTH = 64  # Error Comment (0000,0902) is an LO


def answer_to(archive: Archive, fault: LeadglassError, otherwise: int) -> tuple[int, str]:
    """Status and comment for a peer whose request ran into `fault`; our own troubles are reported to the owner."""
    if isinstance(fault, StorageFault | LedgerFault):
        archive.report(fault)
    return status_for(fault, otherwise), comment_on(fault)


def comment_on(fault: LeadglassError) -> str:
    """The words on `fault`, as many as an Error Comment holds."""
    words = (
        words_on(fault).encode("ascii", "replace").decode("ascii")
    )  # a command set has no other characters (PS3.7 §6.3.1)
    return (
        words
        if len(words) <= _COMMENT_LENGTH
        else words[:_COMMENT_LENGTH].rpartition(" ")[0] or words[:_COMMENT_LENGTH]
    )


async def answer_unsupported(served: ServedAssociation, context: NegotiatedContext, command: Request) -> None:
    """0211 for an N-service we do not provide; anything else that came here has no right answer: abort."""
    unrecognised = int(Status.UNRECOGNIZED_OPERATION)
    response: NGetRsp | NSetRsp | NCreateRsp | NDeleteRsp | NEventReportRsp
    match command:
        case NGetRq():
            response = NGetRsp(message_id_being_responded_to=command.message_id, status=unrecognised)
        case NSetRq():
            response = NSetRsp(message_id_being_responded_to=command.message_id, status=unrecognised)
        case NCreateRq():
            response = NCreateRsp(message_id_being_responded_to=command.message_id, status=unrecognised)
        case NDeleteRq():
            response = NDeleteRsp(message_id_being_responded_to=command.message_id, status=unrecognised)
        case NEventReportRq():
            response = NEventReportRsp(message_id_being_responded_to=command.message_id, status=unrecognised)
        case _:
            served.abort()
            return
    await served.send(context, response)

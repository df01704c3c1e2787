"""C-FIND (PS3.4 §C.4.1): pending answers page by page, each page in the ledger before it is sent."""

from __future__ import annotations

from typing import Final

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.dimse.refusing import answer_to
from leadglass.archive.finding import SEQUENCE_ITEMS, Answer, FindRequest, find_pages, may_find, read_find_request
from leadglass.archive.levels import PATIENT_ROOT, QUERY_RETRIEVE_LEVEL, STUDY_ROOT, Root
from leadglass.dicom import uids
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import CFindRq, CFindRsp
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.identifier import Identifier, decode_identifier, encode_identifier
from leadglass.dicom.upperlayer import NegotiatedContext
from leadglass.net.service import ServedAssociation
from leadglass.net.sinks import BytesSink
from leadglass.terms.errors import LeadglassError, PeerAnswer, PeerViolation

__all__ = ["answer_find"]

_ROOTS: Final[dict[str, Root]] = {uids.PATIENT_ROOT_FIND: PATIENT_ROOT, uids.STUDY_ROOT_FIND: STUDY_ROOT}


async def answer_find(
    archive: Archive,
    caller: Caller,
    served: ServedAssociation,
    context: NegotiatedContext,
    command: CFindRq,
    data: BytesSink,
) -> None:
    """All pending responses and the final one; 0124 if the caller may not query at all."""
    try:
        status, comment = await _found(archive, caller, served, context, command, data)
    except LeadglassError as fault:
        status, comment = answer_to(archive, fault, Status.CANNOT_UNDERSTAND)
    await served.send(context, _response(command, status, comment))


async def _found(
    archive: Archive,
    caller: Caller,
    served: ServedAssociation,
    context: NegotiatedContext,
    command: CFindRq,
    data: BytesSink,
) -> tuple[int, str]:
    if data.fault is not None:
        raise data.fault
    root = _ROOTS.get(context.abstract_syntax)
    if root is None:
        raise PeerViolation("no C-FIND on this context", answer=PeerAnswer(status=Status.SOP_CLASS_NOT_SUPPORTED))
    if await may_find(archive, caller) is not None:
        return Status.NOT_AUTHORIZED, "not authorised to query"
    request = read_find_request(decode_identifier(data.data, context.transfer_syntax), root)
    pending = Status.PENDING_OPTIONAL_KEYS_UNSUPPORTED if request.ignored else Status.PENDING
    response = _response(command, pending, "")
    async for page in find_pages(archive, caller, request):
        for answer in page:
            if served.is_cancelled(command.message_id):
                return Status.CANCEL, ""
            identifier = encode_identifier(_identifier_of(request, answer), context.transfer_syntax)
            await served.send(context, response, identifier)
    return Status.SUCCESS, ""


def _response(command: CFindRq, status: int, comment: str) -> CFindRsp:
    return CFindRsp(
        message_id_being_responded_to=command.message_id,
        affected_sop_class_uid=command.affected_sop_class_uid,
        status=status,
        error_comment=comment,
    )


def _identifier_of(request: FindRequest, answer: Answer) -> Identifier:
    """The attributes asked for, and the level (§C.4.1.1.3.2)."""
    identifier: dict[int, str | tuple[Identifier, ...]] = {QUERY_RETRIEVE_LEVEL: request.level.name}
    for keyword in request.returns:
        identifier[tag_of(keyword)] = (
            _items_of(SEQUENCE_ITEMS[keyword], answer) if keyword in SEQUENCE_ITEMS else answer[keyword]
        )
    return identifier


def _items_of(keywords: tuple[str, ...], answer: Answer) -> tuple[Identifier, ...]:
    columns = [answer[keyword].split("\\") for keyword in keywords]
    return tuple(
        dict(zip(map(tag_of, keywords), values, strict=True)) for values in zip(*columns, strict=False) if any(values)
    )

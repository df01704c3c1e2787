"""Bytes as PDUs. Total: whatever the bytes, the answer is a value or a PeerViolation (PS3.8 §9.3).

What the standard says not to test is not tested: reserved bytes, items of unknown type, the transfer syntax of
a rejected context. What would let two readers understand two different things is refused: repeated context
ids, repeated items where there can be one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leadglass.dicom.upperlayer.items import ContextResult, ItemType, ProposedContext, UnknownItem, UserInformation
from leadglass.dicom.upperlayer.pdu import (
    Abort,
    AbortReason,
    AssociateAc,
    AssociateRj,
    AssociateRq,
    PDataTf,
    Pdu,
    PduType,
    PresentationDataValue,
    ReleaseRp,
    ReleaseRq,
)
from leadglass.dicom.upperlayer.tlv import Fields, as_text, ceiling_reached, invalid, items
from leadglass.dicom.upperlayer.user_information import decode_user_information
from leadglass.terms.ae_title import AETitle
from leadglass.terms.ceilings import MAX_ASSOCIATE_PDU, MAX_PRESENTATION_CONTEXTS, MAX_TRANSFER_SYNTAXES_PER_CONTEXT
from leadglass.terms.errors import CeilingReached, PeerAnswer, PeerViolation

__all__ = ["PDU_HEADER_LENGTH", "check_length", "read_pdu"]

PDU_HEADER_LENGTH = 6
_ASSOCIATE_FIXED = 68  # bytes of an A-ASSOCIATE-RQ or -AC body before its items
_SHORT_PDU = 4  # body of all PDUs without items
_PDV_HEADER = 6  # item length, context id, message control header
_MIN_P_DATA = _PDV_HEADER  # at least one PDV, which may be empty
_KNOWN = {pdu_type.value: pdu_type for pdu_type in PduType}
_LOCAL_LIMIT_EXCEEDED = PeerAnswer(reject=(1, 3, 2))


def read_pdu(data: bytes) -> Pdu:
    """The PDU that `data` is, header included. Raises PeerViolation (CeilingReached for more than we take)."""
    if len(data) < PDU_HEADER_LENGTH:
        raise invalid("a PDU ends within its header", "PS3.8 §9.3.1")
    pdu_type, length = data[0], int.from_bytes(data[2:PDU_HEADER_LENGTH], "big")
    known = check_length(pdu_type, length)
    if length != len(data) - PDU_HEADER_LENGTH:
        raise invalid("the PDU length is not the length of the PDU", "PS3.8 §9.3.1")
    return _read_body(known, data[PDU_HEADER_LENGTH:])


def check_length(pdu_type: int, length: int) -> PduType:
    """The type a PDU header names, if a PDU of that type can have that length. Raises like `read_pdu`."""
    known = _KNOWN.get(pdu_type)
    if known is None:
        answer = PeerAnswer(abort_reason=AbortReason.UNRECOGNIZED_PDU)
        raise PeerViolation(f"PDU type {pdu_type:02X}H is not known", answer=answer, clause="PS3.8 §9.3.1")
    if known is PduType.P_DATA_TF:  # first, because it is most of what comes
        if length < _MIN_P_DATA:
            raise invalid("a P-DATA-TF without a presentation data value", "PS3.8 §9.3.5")
    elif known is PduType.ASSOCIATE_RQ or known is PduType.ASSOCIATE_AC:
        if length > MAX_ASSOCIATE_PDU:
            reached = ceiling_reached("MAX_ASSOCIATE_PDU", MAX_ASSOCIATE_PDU, length)
            raise _as_rejection(reached) if known is PduType.ASSOCIATE_RQ else reached
        if length < _ASSOCIATE_FIXED:
            raise invalid("an association PDU is shorter than its fixed fields", "PS3.8 §9.3.2")
    elif length != _SHORT_PDU:
        raise invalid("the PDU length is not the one of this type", "PS3.8 §9.3")
    return known


def _read_body(pdu_type: PduType, body: bytes) -> Pdu:
    match pdu_type:
        case PduType.ASSOCIATE_RQ:
            return _read_request(body)
        case PduType.ASSOCIATE_AC:
            return _read_accept(body)
        case PduType.ASSOCIATE_RJ:
            return AssociateRj(result=body[1], source=body[2], reason=body[3])
        case PduType.P_DATA_TF:
            return PDataTf(tuple(_read_pdvs(body)))
        case PduType.RELEASE_RQ:
            return ReleaseRq()
        case PduType.RELEASE_RP:
            return ReleaseRp()
        case PduType.ABORT:
            return Abort(source=body[2], reason=body[3])


def _as_rejection(reached: CeilingReached) -> CeilingReached:
    """A request over a ceiling is rejected, not aborted: there is no association yet (PS3.8 §9.3.4)."""
    return CeilingReached(reached.ceiling, reached.limit, reached.seen, answer=_LOCAL_LIMIT_EXCEEDED)


def _read_request(body: bytes) -> AssociateRq:
    try:
        parts = _read_parts(body, ItemType.PROPOSED_CONTEXT)
        contexts = tuple(_read_proposed(value) for value in parts.contexts)
    except CeilingReached as reached:
        raise _as_rejection(reached) from None
    _check_ids(context.presentation_context_id for context in contexts)
    return AssociateRq(
        called_ae_title=parts.called,
        calling_ae_title=parts.calling,
        contexts=contexts,
        user_information=parts.user_information,
        application_context=parts.application_context,
        protocol_version=parts.protocol_version,
        unknown=parts.unknown,
    )


def _read_accept(body: bytes) -> AssociateAc:
    parts = _read_parts(body, ItemType.CONTEXT_RESULT)
    contexts = tuple(_read_result(value) for value in parts.contexts)
    _check_ids(context.presentation_context_id for context in contexts)
    return AssociateAc(
        called_ae_title=parts.called,
        calling_ae_title=parts.calling,
        contexts=contexts,
        user_information=parts.user_information,
        application_context=parts.application_context,
        protocol_version=parts.protocol_version,
        unknown=parts.unknown,
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """What A-ASSOCIATE-RQ and -AC have in common; the contexts still as bytes."""

    protocol_version: int
    called: AETitle
    calling: AETitle
    application_context: str
    contexts: list[bytes]
    user_information: UserInformation
    unknown: tuple[UnknownItem, ...]


def _read_parts(body: bytes, context_type: ItemType) -> _Parts:
    fields = Fields(body, "an association PDU")
    version, _, called, calling, _ = (fields.take(count) for count in (2, 2, 16, 16, 32))
    single: dict[int, bytes] = {}
    contexts: list[bytes] = []
    unknown: list[UnknownItem] = []
    for item_type, value in items(fields.rest(), "an association PDU"):
        if item_type == context_type:
            contexts.append(value)
            if len(contexts) > MAX_PRESENTATION_CONTEXTS:
                raise ceiling_reached("MAX_PRESENTATION_CONTEXTS", MAX_PRESENTATION_CONTEXTS, len(contexts))
        elif item_type not in (ItemType.APPLICATION_CONTEXT, ItemType.USER_INFORMATION):
            unknown.append(UnknownItem(item_type, value))
        elif item_type in single:
            raise invalid(f"two items of type {item_type:02X}H", "PS3.8 §9.3.2")
        else:
            single[item_type] = value
    if len(single) < 2:
        raise invalid("the application context or the user information is missing", "PS3.8 §9.3.2")
    return _Parts(
        protocol_version=int.from_bytes(version, "big"),
        called=AETitle(called),
        calling=AETitle(calling),
        application_context=as_text(single[ItemType.APPLICATION_CONTEXT]),
        contexts=contexts,
        user_information=decode_user_information(single[ItemType.USER_INFORMATION]),
        unknown=tuple(unknown),
    )


def _check_ids(ids: Iterable[int]) -> None:
    seen: set[int] = set()
    for context_id in ids:
        if context_id % 2 == 0 or context_id in seen:
            raise invalid("a presentation context id is even or used twice", "PS3.8 §9.3.2.2")
        seen.add(context_id)


def _read_proposed(value: bytes) -> ProposedContext:
    fields = Fields(value, "a presentation context item")
    context_id, _ = fields.byte(), fields.take(3)
    abstract_syntaxes: list[str] = []
    transfer_syntaxes: list[str] = []
    for item_type, name in items(fields.rest(), "a presentation context item"):
        if item_type == ItemType.ABSTRACT_SYNTAX:
            abstract_syntaxes.append(as_text(name))
        elif item_type == ItemType.TRANSFER_SYNTAX:
            transfer_syntaxes.append(as_text(name))
    if len(abstract_syntaxes) != 1:
        raise invalid("a presentation context has not exactly one abstract syntax", "PS3.8 §9.3.2.2")
    count, limit = len(transfer_syntaxes), MAX_TRANSFER_SYNTAXES_PER_CONTEXT
    if count > limit:
        raise ceiling_reached("MAX_TRANSFER_SYNTAXES_PER_CONTEXT", limit, count)
    return ProposedContext(context_id, abstract_syntaxes[0], tuple(transfer_syntaxes))


def _read_result(value: bytes) -> ContextResult:
    fields = Fields(value, "a presentation context result")
    context_id, _, result, _ = fields.byte(), fields.byte(), fields.byte(), fields.byte()
    found = items(fields.rest(), "a presentation context result")
    syntaxes = [as_text(name) for item_type, name in found if item_type == ItemType.TRANSFER_SYNTAX]
    if result == 0 and len(syntaxes) != 1:
        raise invalid("an accepted context has not exactly one transfer syntax", "PS3.8 §9.3.3.2")
    return ContextResult(context_id, result, syntaxes[0] if syntaxes else "")


def _read_pdvs(body: bytes) -> Iterable[PresentationDataValue]:
    fields = Fields(body, "a P-DATA-TF")
    while fields.is_left:
        length = fields.long()
        if length < 2:
            raise invalid("a presentation data value without its header", "PS3.8 §9.3.5.1")
        context_id, control = fields.byte(), fields.byte()
        yield PresentationDataValue(context_id, bool(control & 1), bool(control & 2), fields.take(length - 2))

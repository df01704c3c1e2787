"""PDUs as bytes, by the book: reserved bytes zero, items in the order of the standard's tables (PS3.8 §9.3)."""

from __future__ import annotations

from struct import error as StructError  # noqa: N812 - a class with a lower-case name
from struct import pack

from leadglass.dicom.upperlayer.items import ContextResult, ItemType, ProposedContext
from leadglass.dicom.upperlayer.pdu import (
    Abort,
    AssociateAc,
    AssociateRj,
    AssociateRq,
    PDataTf,
    Pdu,
    PduType,
    ReleaseRp,
    ReleaseRq,
)
from leadglass.dicom.upperlayer.tlv import item, text_bytes
from leadglass.dicom.upperlayer.user_information import encode_user_information
from leadglass.terms.ae_title import AETitle
from leadglass.terms.errors import LocalViolation

__all__ = ["written_by_the_book"]


def written_by_the_book(pdu: Pdu) -> bytes:
    """The whole PDU with its header. LocalViolation if a value does not fit its field."""
    try:
        pdu_type, body = _body(pdu)
        return pack(">BxI", pdu_type, len(body)) + body
    except (StructError, ValueError):
        raise LocalViolation(f"{type(pdu).__name__}: a number does not fit its field") from None


def _body(pdu: Pdu) -> tuple[PduType, bytes]:
    match pdu:
        case AssociateRq():
            return PduType.ASSOCIATE_RQ, _associate(pdu, [_proposed(context) for context in pdu.contexts])
        case AssociateAc():
            return PduType.ASSOCIATE_AC, _associate(pdu, [_result(context) for context in pdu.contexts])
        case AssociateRj():
            return PduType.ASSOCIATE_RJ, pack(">xBBB", pdu.result, pdu.source, pdu.reason)
        case PDataTf():
            return PduType.P_DATA_TF, _p_data(pdu)
        case ReleaseRq():
            return PduType.RELEASE_RQ, bytes(4)
        case ReleaseRp():
            return PduType.RELEASE_RP, bytes(4)
        case Abort():
            return PduType.ABORT, pack(">xxBB", pdu.source, pdu.reason)


def _associate(pdu: AssociateRq | AssociateAc, contexts: list[bytes]) -> bytes:
    return b"".join(
        (
            pack(">Hxx16s16s32x", pdu.protocol_version, _title(pdu.called_ae_title), _title(pdu.calling_ae_title)),
            item(ItemType.APPLICATION_CONTEXT, text_bytes(pdu.application_context)),
            *contexts,
            item(ItemType.USER_INFORMATION, encode_user_information(pdu.user_information)),
            *(item(unknown.item_type, unknown.value) for unknown in pdu.unknown),
        )
    )


def _title(title: AETitle) -> bytes:
    if len(title.raw) != 16:
        raise LocalViolation("an AE title is 16 bytes on the wire")
    return title.raw


def _proposed(context: ProposedContext) -> bytes:
    abstract_syntax = item(ItemType.ABSTRACT_SYNTAX, text_bytes(context.abstract_syntax))
    syntaxes = (item(ItemType.TRANSFER_SYNTAX, text_bytes(syntax)) for syntax in context.transfer_syntaxes)
    value = pack(">Bxxx", context.presentation_context_id) + abstract_syntax + b"".join(syntaxes)
    return item(ItemType.PROPOSED_CONTEXT, value)


def _result(context: ContextResult) -> bytes:
    value = pack(">BxBx", context.presentation_context_id, context.result)
    return item(ItemType.CONTEXT_RESULT, value + item(ItemType.TRANSFER_SYNTAX, text_bytes(context.transfer_syntax)))


def _p_data(pdu: PDataTf) -> bytes:
    parts: list[bytes] = []
    for pdv in pdu.pdvs:
        control = pdv.is_command | pdv.is_last << 1
        parts += (pack(">IBB", len(pdv.data) + 2, pdv.presentation_context_id, control), pdv.data)
    return b"".join(parts)

"""DIMSE responses without matches, as they go over the wire."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.framing import frame_message
from leadglass.dicom.dimse.messages import (
    CEchoRq,
    CEchoRsp,
    CFindRq,
    CFindRsp,
    CGetRq,
    CGetRsp,
    CMoveRq,
    CMoveRsp,
    CStoreRq,
    CStoreRsp,
    Message,
    Response,
)
from leadglass.dicom.upperlayer import Abort, AbortSource, AssociateRj, ReleaseRp, encode_pdu
from leadglass.range.manner import Action, HangUp
from leadglass.terms.errors import PeerViolation

__all__ = ["ABORTED", "HANG_UP", "RELEASED", "UNEXPECTED", "owed", "reply"]

HANG_UP: Final = HangUp()
ABORTED: Final[tuple[Action, ...]] = (encode_pdu(Abort(AbortSource.SERVICE_USER)), HANG_UP)
RELEASED: Final[tuple[Action, ...]] = (encode_pdu(ReleaseRp()), HANG_UP)
UNEXPECTED: Final[tuple[Action, ...]] = (encode_pdu(Abort(AbortSource.SERVICE_PROVIDER, 2)), HANG_UP)
_MIN_ROOM: Final = 0  # of a peer's maximum length: none was named


def owed(violation: PeerViolation) -> tuple[Action, ...]:
    """What the standard says is owed to a peer that broke a rule (PS3.8 §9.3.4, §9.3.8)."""
    answer = violation.answer
    if answer.reject is not None:
        return (encode_pdu(AssociateRj(*answer.reject)), HANG_UP)
    return (encode_pdu(Abort(AbortSource.SERVICE_PROVIDER, answer.abort_reason or 0)), HANG_UP)


def reply(context_id: int, request: Message, status: int) -> bytes:
    """The final response to a C-service request; b"" for a message that has none."""
    message_id: int = getattr(request, "message_id", 0)
    sop_class: str = getattr(request, "affected_sop_class_uid", "")
    instance: str = getattr(request, "affected_sop_instance_uid", "")
    return _reply(context_id, request.__class__.__name__, message_id, sop_class, instance, status)


@lru_cache(maxsize=1024)
def _reply(context_id: int, kind: str, message_id: int, sop_class: str, instance: str, status: int) -> bytes:
    response = _response(kind, message_id, sop_class, instance, status)
    if response is None:
        return b""
    return b"".join(frame_message(context_id, encode_command(response), None, _MIN_ROOM))


def _response(kind: str, message_id: int, sop_class: str, instance: str, status: int) -> Response | None:
    if kind == CEchoRq.__name__:
        return CEchoRsp(message_id_being_responded_to=message_id, affected_sop_class_uid=sop_class, status=status)
    if kind == CFindRq.__name__:
        return CFindRsp(message_id_being_responded_to=message_id, affected_sop_class_uid=sop_class, status=status)
    if kind == CGetRq.__name__ or kind == CMoveRq.__name__:
        answer = CGetRsp if kind == CGetRq.__name__ else CMoveRsp
        return answer(
            message_id_being_responded_to=message_id,
            affected_sop_class_uid=sop_class,
            status=status,
            number_of_completed_suboperations=0,
            number_of_failed_suboperations=0,
            number_of_warning_suboperations=0,
        )
    if kind == CStoreRq.__name__:
        return CStoreRsp(
            message_id_being_responded_to=message_id,
            affected_sop_class_uid=sop_class,
            affected_sop_instance_uid=instance,
            status=status,
        )
    return None

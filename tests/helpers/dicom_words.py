"""What a DICOM requestor says to a simulated archive, and what the archive's bytes mean."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from leadglass.dicom import uids
from leadglass.dicom.dimse.assembler import CommandReceived, DataReceived, MessageAssembler
from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.framing import frame_message
from leadglass.dicom.dimse.messages import Message
from leadglass.dicom.identifier import Identifier, decode_identifier, encode_identifier
from leadglass.dicom.upperlayer import (
    AssociateRq,
    PDataTf,
    Pdu,
    ProposedContext,
    RoleSelection,
    UserInformation,
    decode_pdu,
    encode_pdu,
)
from leadglass.range.manner import Action, HangUp, Manner
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import UserIdentity

__all__ = ["CONTEXTS", "Heard", "hear", "request", "say"]

CONTEXTS: dict[str, int] = {
    uid: 2 * number + 1
    for number, uid in enumerate(
        (
            uids.VERIFICATION,
            uids.STUDY_ROOT_FIND,
            uids.STUDY_ROOT_GET,
            uids.STUDY_ROOT_MOVE,
            uids.MODALITY_WORKLIST_FIND,
            uids.CT_IMAGE_STORAGE,
        )
    )
}
"""SOP class → presentation context id in `request`."""


def request(called: str = "RANDOM", calling: str = "PROBE", identity: UserIdentity | None = None) -> bytes:
    """An A-ASSOCIATE-RQ for all of CONTEXTS."""
    contexts = [ProposedContext(n, uid, (uids.IMPLICIT_VR_LITTLE_ENDIAN,)) for uid, n in CONTEXTS.items()]
    information = UserInformation(
        max_pdu_length=16_384,
        implementation_class_uid="2.25.1",
        roles=(RoleSelection(uids.CT_IMAGE_STORAGE, scu=True, scp=True),),
        user_identity=identity,
    )
    return encode_pdu(AssociateRq(AETitle.of(called), AETitle.of(calling), tuple(contexts), information))


def say(message: Message, identifier: Identifier | None = None) -> bytes:
    """A DIMSE request on the context of its SOP class."""
    sop_class = getattr(message, "affected_sop_class_uid", uids.STUDY_ROOT_FIND)
    data = None if identifier is None else encode_identifier(identifier, uids.IMPLICIT_VR_LITTLE_ENDIAN)
    command = encode_command(message, has_data_set=data is not None)
    return b"".join(frame_message(CONTEXTS[sop_class], command, data, 16_384))


@dataclass(slots=True)
class Heard:
    """What an archive said: PDUs that are no data, messages with their data sets, and whether it hung up."""

    pdus: list[Pdu] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    identifiers: list[Identifier] = field(default_factory=list)
    hung_up: bool = False

    @property
    def statuses(self) -> list[int]:
        return [getattr(message, "status", -1) for message in self.messages]


def hear(manner: Manner, portions: Sequence[bytes]) -> Heard:
    """Everything the manner answers to these portions of bytes."""
    return _read([action for data in portions for action in _all(manner.received(data))])


def _all(actions: Iterable[Action]) -> list[Action]:
    return list(actions)


def _read(actions: Sequence[Action]) -> Heard:
    heard = Heard(hung_up=any(isinstance(action, HangUp) for action in actions))
    data = b"".join(action for action in actions if isinstance(action, bytes))
    assembler = MessageAssembler()
    while data:
        length = 6 + int.from_bytes(data[2:6], "big")
        pdu, data = decode_pdu(data[:length]), data[length:]
        if not isinstance(pdu, PDataTf):
            heard.pdus.append(pdu)
            continue
        for pdv in pdu.pdvs:
            parts = assembler.feed(pdv.presentation_context_id, pdv.is_command, pdv.is_last, memoryview(pdv.data))
            for part in parts:
                if isinstance(part, CommandReceived):
                    heard.messages.append(part.message)
                elif isinstance(part, DataReceived):
                    heard.identifiers.append(decode_identifier(part.data, uids.IMPLICIT_VR_LITTLE_ENDIAN))
    return heard

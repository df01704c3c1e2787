"""Association requests and raw bytes for peers that tests play themselves."""

from __future__ import annotations

from collections.abc import Sequence

from leadglass.dicom.dimse.encode import encode_command
from leadglass.dicom.dimse.framing import frame_message
from leadglass.dicom.dimse.messages import Message
from leadglass.dicom.upperlayer import AssociateRq, ProposedContext, RoleSelection, UserInformation
from leadglass.terms.ae_title import AETitle

__all__ = ["IMPLICIT", "association_request", "message_bytes"]

IMPLICIT = "1.2.840.10008.1.2"


def association_request(
    *abstract_syntaxes: str,
    transfer_syntaxes: Sequence[str] = (IMPLICIT,),
    roles: Sequence[RoleSelection] = (),
    calling: str = "CALLER",
    called: str = "LEADGLASS",
) -> AssociateRq:
    """Proposes the abstract syntaxes on contexts 1, 3, 5 …"""
    contexts = tuple(
        ProposedContext(2 * index + 1, syntax, tuple(transfer_syntaxes))
        for index, syntax in enumerate(abstract_syntaxes)
    )
    return AssociateRq(
        called_ae_title=AETitle.of(called),
        calling_ae_title=AETitle.of(calling),
        contexts=contexts,
        user_information=UserInformation(roles=tuple(roles)),
    )


def message_bytes(context_id: int, message: Message, data_set: bytes | None = None) -> bytes:
    """The message as P-DATA-TF PDUs."""
    return b"".join(frame_message(context_id, encode_command(message, has_data_set=data_set is not None), data_set, 0))

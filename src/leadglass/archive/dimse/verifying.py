"""C-ECHO (PS3.4 annex A): even this door wants a name, and may be closed to one."""

from __future__ import annotations

from leadglass.archive.archive import Archive, Caller
from leadglass.dicom.dimse.messages import CEchoRq, CEchoRsp
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.upperlayer import NegotiatedContext
from leadglass.net.service import ServedAssociation
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

__all__ = ["answer_echo"]


async def answer_echo(
    archive: Archive, caller: Caller, served: ServedAssociation, context: NegotiatedContext, command: CEchoRq
) -> None:
    """Success, or 0124 for a caller whose way of signing in does not include verification."""
    decision = await archive.gate.admit(caller.principal, Action.VERIFY)
    status = Status.SUCCESS
    if isinstance(decision, Refused):
        await archive.gate.refused(decision, caller.door, caller.address)
        status = Status.NOT_AUTHORIZED
    await served.send(
        context,
        CEchoRsp(
            message_id_being_responded_to=command.message_id,
            affected_sop_class_uid=command.affected_sop_class_uid,
            status=status,
        ),
    )

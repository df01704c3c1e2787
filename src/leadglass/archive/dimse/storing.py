"""C-STORE (PS3.4 annex B): success means that a power cut can no longer lose the instance (law 2)."""

from __future__ import annotations

import secrets

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.dimse.refusing import answer_to
from leadglass.archive.storing import Announced, StoreOutcome, StoringSession
from leadglass.dicom.dimse.messages import CStoreRq, CStoreRsp
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.part10 import file_meta
from leadglass.dicom.upperlayer import NegotiatedContext
from leadglass.net.service import DataSink, ServedAssociation
from leadglass.net.sinks import DiscardSink
from leadglass.store.port import IncomingObject
from leadglass.terms.ae_title import AETitle
from leadglass.terms.errors import LeadglassError, PeerAnswer, PeerViolation
from leadglass.terms.ids import uid_of
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

__all__ = ["StoreService"]

_STATUS = {
    StoreOutcome.STORED: Status.SUCCESS,
    StoreOutcome.STORED_BEFORE: Status.SUCCESS,
    StoreOutcome.CONFLICT: Status.DUPLICATE_SOP_INSTANCE,
    StoreOutcome.REFUSED: Status.NOT_AUTHORIZED,
}


class IncomingSink:
    """An object on its way into the journal, in the shape net wants. It knows the fault that ended it."""

    def __init__(self, incoming: IncomingObject) -> None:
        self.incoming = incoming
        self.fault: LeadglassError | None = None
        self.write = incoming.write
        self.finish = incoming.finish
        self.discard = incoming.discard
        self.wait_relieved = incoming.wait_relieved

    @property
    def congested(self) -> bool:
        return self.incoming.congested


class StoreService:
    """The C-STORE SCP of one association."""

    def __init__(self, archive: Archive, caller: Caller, calling_ae_title: AETitle) -> None:
        self._archive = archive
        self._caller = caller
        self._calling_ae_title = calling_ae_title
        self._session = StoringSession(archive, caller, secrets.token_hex(8))

    def sink_for(self, context: NegotiatedContext, command: CStoreRq) -> DataSink:
        """Where the data set goes: nowhere at all if the caller may not store or names the object wrongly."""
        if isinstance(self._archive.gate.may(self._caller.principal, Action.STORE), Refused):
            return DiscardSink()
        if command.affected_sop_class_uid != context.abstract_syntax:
            return DiscardSink(
                _violation("the SOP class is not that of the presentation context", Status.SOP_CLASS_NOT_SUPPORTED)
            )
        if uid_of(command.affected_sop_instance_uid) is None:
            return DiscardSink(_violation("the Affected SOP Instance UID is not a UID", Status.INVALID_OBJECT_INSTANCE))
        meta = file_meta(
            command.affected_sop_class_uid,
            command.affected_sop_instance_uid,
            context.transfer_syntax,
            self._calling_ae_title,
        )
        return IncomingSink(self._archive.journal.incoming(meta))

    async def answer(
        self, served: ServedAssociation, context: NegotiatedContext, command: CStoreRq, data: DataSink | None
    ) -> None:
        """One response: the final word about this instance."""
        status, comment = await self._stored(context, command, data)
        await served.send(
            context,
            CStoreRsp(
                message_id_being_responded_to=command.message_id,
                affected_sop_class_uid=command.affected_sop_class_uid,
                affected_sop_instance_uid=command.affected_sop_instance_uid,
                status=status,
                error_comment=comment,
            ),
        )

    async def close(self) -> None:
        """Ends the ledger episodes of this association."""
        await self._session.close()

    async def _stored(self, context: NegotiatedContext, command: CStoreRq, data: DataSink | None) -> tuple[int, str]:
        decision = self._archive.gate.may(self._caller.principal, Action.STORE)
        if isinstance(decision, Refused):
            await self._archive.gate.refused(decision, self._caller.door, self._caller.address)
            return Status.NOT_AUTHORIZED, "not authorised to store"
        if data is None:
            return Status.CANNOT_UNDERSTAND, "a C-STORE-RQ without a data set"
        if data.fault is not None or not isinstance(data, IncomingSink):
            fault = data.fault or _violation("the object was not taken", Status.CANNOT_UNDERSTAND)
            return answer_to(self._archive, fault, Status.CANNOT_UNDERSTAND)
        announced = Announced(
            command.affected_sop_class_uid, command.affected_sop_instance_uid, context.transfer_syntax
        )
        try:
            outcome = await self._session.store(data.incoming, announced)
        except LeadglassError as fault:
            return answer_to(self._archive, fault, Status.CANNOT_UNDERSTAND)
        return _STATUS[outcome], "" if _STATUS[outcome] is Status.SUCCESS else outcome.value[:64]


def _violation(what: str, status: Status) -> PeerViolation:
    return PeerViolation(what, answer=PeerAnswer(status=status))

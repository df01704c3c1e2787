"""Storage Commitment, push model (PS3.4 annex J): the answer is an N-EVENT-REPORT, on this association or a new one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.committing import Commitment, Reference, commit
from leadglass.archive.destinations import Destination, Destinations
from leadglass.archive.dimse.refusing import answer_to
from leadglass.dicom import uids
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import NActionRq, NActionRsp, NEventReportRq
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.identifier import Identifier, decode_identifier, encode_identifier
from leadglass.dicom.upperlayer import NegotiatedContext, ProposedContext, RoleSelection
from leadglass.net.errors import NetFault
from leadglass.net.service import ServedAssociation
from leadglass.net.sinks import BytesSink
from leadglass.terms.errors import LeadglassError, PeerAnswer, PeerViolation
from leadglass.terms.outcome import Refused
from leadglass.terms.principal import Action

__all__ = ["CommitmentService"]

_TRANSACTION_UID: Final = tag_of("TransactionUID")
_REFERENCED_SOP_SEQUENCE: Final = tag_of("ReferencedSOPSequence")
_REFERENCED_SOP_CLASS_UID: Final = tag_of("ReferencedSOPClassUID")
_REFERENCED_SOP_INSTANCE_UID: Final = tag_of("ReferencedSOPInstanceUID")
_FAILED_SOP_SEQUENCE: Final = tag_of("FailedSOPSequence")
_FAILURE_REASON: Final = tag_of("FailureReason")

_REQUEST_STORAGE_COMMITMENT: Final = 1  # action type (§J.3.2.1)
_ALL_COMMITTED, _FAILURES_EXIST = 1, 2  # event types (§J.3.3.1)
_REPORT_SECONDS: Final = 30.0
_ATTEMPTS: Final = 3
_BETWEEN_ATTEMPTS: Final = 5.0
_MOST_REFERENCES: Final = 10_000

_CONTEXT: Final = ProposedContext(
    1, uids.STORAGE_COMMITMENT_PUSH_MODEL, (uids.EXPLICIT_VR_LITTLE_ENDIAN, uids.IMPLICIT_VR_LITTLE_ENDIAN)
)
_WE_ARE_SCP: Final = RoleSelection(uids.STORAGE_COMMITMENT_PUSH_MODEL, scu=False, scp=True)


class CommitmentService:
    """Answers N-ACTION and reports. Reports on new associations run on in the background for a while."""

    def __init__(self, archive: Archive, caller: Caller, destinations: Destinations) -> None:
        self._archive = archive
        self._caller = caller
        self._destinations = destinations

    async def answer(
        self, served: ServedAssociation, context: NegotiatedContext, command: NActionRq, data: BytesSink
    ) -> None:
        """The N-ACTION response, then the event report."""
        references: Sequence[Reference] = ()
        transaction_uid = ""
        try:
            await self._check(command, data)
            transaction_uid, references = _read(decode_identifier(data.data, context.transfer_syntax))
            status, comment = int(Status.SUCCESS), ""
        except LeadglassError as fault:
            status, comment = answer_to(self._archive, fault, Status.PROCESSING_FAILURE)
        await served.send(
            context,
            NActionRsp(
                message_id_being_responded_to=command.message_id,
                affected_sop_class_uid=command.requested_sop_class_uid,
                affected_sop_instance_uid=command.requested_sop_instance_uid,
                action_type_id=command.action_type_id,
                status=status,
                error_comment=comment,
            ),
        )
        if status == Status.SUCCESS:
            commitment = await commit(self._archive, self._caller, references)
            await self._report(served, context, transaction_uid, commitment)

    async def _check(self, command: NActionRq, data: BytesSink) -> None:
        if data.fault is not None:
            raise data.fault
        if command.requested_sop_class_uid != uids.STORAGE_COMMITMENT_PUSH_MODEL:
            raise _violation("not the Storage Commitment SOP class", Status.NO_SUCH_SOP_CLASS)
        if command.requested_sop_instance_uid != uids.STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE:
            raise _violation("not the well-known commitment instance", Status.NO_SUCH_SOP_INSTANCE)
        if command.action_type_id != _REQUEST_STORAGE_COMMITMENT:
            raise _violation("the only action is 1, request storage commitment", Status.NO_SUCH_ACTION_TYPE)
        decision = await self._archive.gate.admit(self._caller.principal, Action.STORE)
        if isinstance(decision, Refused):
            await self._archive.gate.refused(decision, self._caller.door, self._caller.address)
            raise _violation("not authorised to store", Status.NOT_AUTHORIZED)

    async def _report(
        self, served: ServedAssociation, context: NegotiatedContext, transaction_uid: str, commitment: Commitment
    ) -> None:
        try:
            await served.request(
                context,
                _event(served.next_message_id(), commitment),
                _information(transaction_uid, commitment, context.transfer_syntax),
                within=_REPORT_SECONDS,
            )
        except NetFault:  # the sender released at once, as many do: it is called back
            self._destinations.in_background(self._call_back(served.calling_ae_title.text, transaction_uid, commitment))

    async def _call_back(self, ae_title: str, transaction_uid: str, commitment: Commitment) -> None:
        for attempt in range(_ATTEMPTS):
            if attempt:
                await asyncio.sleep(_BETWEEN_ATTEMPTS)
            device = await self._archive.gate.destination(ae_title)
            if isinstance(device, Refused):
                return
            try:
                await self._call(Destination.of(device), transaction_uid, commitment)
            except NetFault:
                continue
            return

    async def _call(self, destination: Destination, transaction_uid: str, commitment: Commitment) -> None:
        association = await self._destinations.open(destination, [_CONTEXT], [_WE_ARE_SCP])
        try:
            for context in association.contexts.values():
                information = _information(transaction_uid, commitment, context.transfer_syntax)
                await association.request(context, _event(association.next_message_id(), commitment), information)
        finally:
            await association.release()


def _read(information: Identifier) -> tuple[str, Sequence[Reference]]:
    transaction_uid = information.get(_TRANSACTION_UID, "")
    items = information.get(_REFERENCED_SOP_SEQUENCE, ())
    if not isinstance(transaction_uid, str) or transaction_uid == "":
        raise _violation("Transaction UID (0008,1195) is missing", Status.MISSING_ATTRIBUTE)
    if isinstance(items, str) or not 0 < len(items) <= _MOST_REFERENCES:
        raise _violation("Referenced SOP Sequence (0008,1199) is missing or too long", Status.INVALID_ARGUMENT_VALUE)
    return transaction_uid, [
        Reference(_text(item, _REFERENCED_SOP_CLASS_UID), _text(item, _REFERENCED_SOP_INSTANCE_UID)) for item in items
    ]


def _text(item: Identifier, tag: int) -> str:
    value = item.get(tag, "")
    return value if isinstance(value, str) else ""


def _event(message_id: int, commitment: Commitment) -> NEventReportRq:
    return NEventReportRq(
        message_id=message_id,
        affected_sop_class_uid=uids.STORAGE_COMMITMENT_PUSH_MODEL,
        affected_sop_instance_uid=uids.STORAGE_COMMITMENT_PUSH_MODEL_INSTANCE,
        event_type_id=_FAILURES_EXIST if commitment.failed else _ALL_COMMITTED,
    )


def _information(transaction_uid: str, commitment: Commitment, transfer_syntax: str) -> bytes:
    information: dict[int, str | Sequence[Identifier]] = {_TRANSACTION_UID: transaction_uid}
    if commitment.committed:
        information[_REFERENCED_SOP_SEQUENCE] = tuple(_items(commitment.committed))
    if commitment.failed:
        information[_FAILED_SOP_SEQUENCE] = tuple(
            {**item, _FAILURE_REASON: str(failure.reason)}
            for failure, item in zip(
                commitment.failed, _items(failure.reference for failure in commitment.failed), strict=True
            )
        )
    return encode_identifier(information, transfer_syntax)


def _items(references: Iterable[Reference]) -> Iterable[dict[int, str]]:
    for reference in references:
        yield {
            _REFERENCED_SOP_CLASS_UID: reference.sop_class_uid,
            _REFERENCED_SOP_INSTANCE_UID: reference.sop_instance_uid,
        }


def _violation(what: str, status: Status) -> PeerViolation:
    return PeerViolation(what, answer=PeerAnswer(status=status))

"""C-STORE sub-operations: what C-GET and C-MOVE have in common (PS3.4 §C.4.2, §C.4.3).

An object goes out in the transfer syntax it is stored in wherever the receiver takes that; otherwise it is transcoded,
or that one sub-operation fails truthfully.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from leadglass.archive.archive import Archive
from leadglass.archive.retrieving import Opened, Releasing, Withheld, read_ahead
from leadglass.dicom.dictionary import tag_of
from leadglass.dicom.dimse.messages import CStoreRq, Request, Response
from leadglass.dicom.dimse.statuses import Status, StatusCategory, category_of
from leadglass.dicom.identifier import encode_identifier
from leadglass.dicom.upperlayer import NegotiatedContext
from leadglass.net.errors import AssociationLost, NetFault
from leadglass.net.service import Buffer
from leadglass.store.index.retrieval import StoredObject
from leadglass.terms.errors import LeadglassError, LedgerFault, StorageFault

__all__ = ["Originator", "Receiver", "SubOperations", "perform"]

_FAILED_SOP_INSTANCE_UID_LIST: Final = tag_of("FailedSOPInstanceUIDList")
_PENDING_EVERY: Final = 0.1  # seconds between pending responses: enough for a progress bar


class Receiver(Protocol):
    """An association on which we may send C-STORE requests."""

    @property
    def contexts(self) -> Mapping[int, NegotiatedContext]: ...

    def next_message_id(self) -> int: ...

    async def request(
        self, context: NegotiatedContext, message: Request, data_set: Buffer | AsyncIterator[Buffer] | None = None
    ) -> Response: ...


@dataclass(frozen=True, slots=True)
class Originator:
    """Who asked for a C-MOVE: told to the destination (PS3.7 §9.1.1.1.6)."""

    ae_title: str = ""
    message_id: int | None = None


@dataclass(slots=True)
class SubOperations:
    """The four counters, and which objects failed."""

    remaining: int
    completed: int = 0
    failed: int = 0
    warning: int = 0
    failed_uids: list[str] = field(default_factory=list)

    def count(self, sop_instance_uid: str, category: StatusCategory) -> None:
        """One sub-operation has ended with a status of this category."""
        self.remaining -= 1
        if category is StatusCategory.SUCCESS:
            self.completed += 1
        elif category is StatusCategory.WARNING:
            self.warning += 1
        else:
            self.failed += 1
            self.failed_uids.append(sop_instance_uid)

    def fail_rest(self, sop_instance_uids: Sequence[str]) -> None:
        """Nothing more can be sent: all that remain have failed."""
        for uid in sop_instance_uids:
            self.count(uid, StatusCategory.FAILURE)

    def fail_rest_unnamed(self, number: int) -> None:
        """All that remain have failed, and as nothing could be written down about them they are not even named."""
        self.remaining -= number
        self.failed += number

    @property
    def status(self) -> Status:
        """Of the final response, if nothing else went wrong (§C.4.2.1.5)."""
        if self.failed == 0 and self.warning == 0:
            return Status.SUCCESS
        if self.completed == 0 and self.warning == 0:
            return Status.UNABLE_TO_PERFORM_SUBOPERATIONS
        return Status.COERCION_OF_DATA_ELEMENTS  # B000: sub-operations complete, one or more failures

    def failed_list(self, transfer_syntax: str) -> bytes | None:
        """The identifier of a final response that was not a success."""
        if not self.failed_uids:
            return None
        return encode_identifier({_FAILED_SOP_INSTANCE_UID_LIST: "\\".join(self.failed_uids)}, transfer_syntax)


async def perform(
    archive: Archive,
    releasing: Releasing,
    receiver: Receiver,
    objects: Sequence[StoredObject],
    counts: SubOperations,
    *,
    originator: Originator,
    is_cancelled: Callable[[], bool],
    pending: Callable[[], Awaitable[None]],
) -> bool:
    """Sends the objects one after another, counting each. False if it was cancelled on the way, or if nobody is left
    to tell.

    If the receiver is lost, the rest is counted as failed. So it is if the ledger or the index fails, which is raised:
    LedgerFault or StorageFault, and nothing more may leave.
    """
    clock = asyncio.get_running_loop().time
    told = float("-inf")
    sent = 0
    try:
        async with contextlib.aclosing(read_ahead(releasing, objects)) as ahead:
            async for opened in ahead:
                if is_cancelled():
                    return False
                if clock() - told >= _PENDING_EVERY:
                    told = clock()
                    await pending()
                    if is_cancelled():
                        return False
                category = await _sub_operation(archive, releasing, receiver, opened, originator)
                counts.count(opened.stored.sop_instance_uid, category)
                sent += 1
    except AssociationLost:
        counts.fail_rest([stored.sop_instance_uid for stored in objects[sent:]])
    except (LedgerFault, StorageFault):
        counts.fail_rest_unnamed(len(objects) - sent)
        raise
    return True


async def _sub_operation(
    archive: Archive, releasing: Releasing, receiver: Receiver, opened: Opened | Withheld, originator: Originator
) -> StatusCategory:
    if isinstance(opened, Withheld):
        return StatusCategory.FAILURE
    stored = opened.stored
    context = _context_for(archive, receiver, stored)
    if context is None:
        return StatusCategory.FAILURE
    message = CStoreRq(
        message_id=receiver.next_message_id(),
        affected_sop_class_uid=stored.sop_class_uid,
        affected_sop_instance_uid=stored.sop_instance_uid,
        move_originator_ae_title=originator.ae_title,
        move_originator_message_id=originator.message_id,
    )
    try:
        data_set = await _in_syntax(archive, opened, context.transfer_syntax)
        releasing.released(stored)
        response = await receiver.request(context, message, data_set)
    except AssociationLost:
        raise
    except (NetFault, LeadglassError):
        return StatusCategory.FAILURE
    return category_of(response.status)


def _context_for(archive: Archive, receiver: Receiver, stored: StoredObject) -> NegotiatedContext | None:
    """The accepted context that takes the object as it is; else one it can be transcoded for; else None."""
    usable = [
        context
        for context in receiver.contexts.values()
        if context.abstract_syntax == stored.sop_class_uid and context.we_are_scu
    ]
    for context in usable:
        if context.transfer_syntax == stored.transfer_syntax_uid:
            return context
    for context in usable:
        if archive.pixels.can_turn(stored.transfer_syntax_uid, context.transfer_syntax):
            return context
    return None


async def _in_syntax(archive: Archive, opened: Opened, transfer_syntax: str) -> Buffer | AsyncIterator[Buffer]:
    if transfer_syntax == opened.stored.transfer_syntax_uid:
        return opened.data_set()
    return await archive.pixels.transcode(await opened.whole_file(), transfer_syntax)

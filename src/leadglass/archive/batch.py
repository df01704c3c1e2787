"""The files of one request, stored while the next ones come in, and answered together in their order.

While one file is made durable the next ones are read, so that a request of many files shares its syncs as the
associations of many senders do. A file that cannot be stored takes no other one with it.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

from leadglass.archive.archive import Archive, Caller
from leadglass.archive.receiving import ReceivedFile
from leadglass.archive.storing import Announced, StoreOutcome, StoringSession
from leadglass.archive.telling import status_for, words_on
from leadglass.dicom.dimse.statuses import Status
from leadglass.store.port import IncomingObject
from leadglass.terms.ceilings import MAX_STORES_AT_ONCE
from leadglass.terms.errors import LeadglassError, LedgerFault, StorageFault

__all__ = ["NotTaken", "StoringBatch", "Taken"]

_STATUS: Final = {
    StoreOutcome.CONFLICT: Status.DUPLICATE_SOP_INSTANCE,
    StoreOutcome.REFUSED: Status.NOT_AUTHORIZED,
}


@dataclass(frozen=True, slots=True)
class Taken:
    """An instance that a power cut can no longer lose."""

    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str


@dataclass(frozen=True, slots=True)
class NotTaken:
    """A file that was not stored: why, as a status and in words. Its UIDs are "" if it did not say them."""

    sop_class_uid: str
    sop_instance_uid: str
    reason: int
    words: str
    fault: LeadglassError | None = None


class StoringBatch:
    """`begin`, `write` and `end` each file, or `reject` it; `close` is owed. With `study_instance_uid`, files of other
    studies are not taken."""

    def __init__(self, archive: Archive, caller: Caller, study_instance_uid: str = "") -> None:
        self._archive = archive
        self._study = study_instance_uid
        self._session = StoringSession(archive, caller, secrets.token_hex(8))
        self._slots = asyncio.Semaphore(MAX_STORES_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._outcomes: list[Taken | NotTaken | None] = []
        self._file: ReceivedFile | None = None  # that is coming in, unless it was rejected

    def begin(self) -> None:
        """A file begins."""
        self._outcomes.append(None)
        self._file = ReceivedFile(self._archive.journal, self._study)

    async def write(self, data: memoryview) -> None:
        """Some of its bytes; of a file that was rejected they are dropped. Returns when more may come."""
        if self._file is None:
            return
        try:
            self._file.write(data)
        except LeadglassError as fault:
            self.reject(fault)
            return
        if self._file.congested:
            await self._file.wait_relieved()

    async def end(self) -> None:
        """The file is whole. Returns when the next one may come; this one is stored meanwhile."""
        if self._file is None:
            return
        try:
            incoming = self._file.finish()
        except LeadglassError as fault:
            self.reject(fault)
            return
        announced, self._file = self._file.announced, None
        try:
            await self._slots.acquire()
        except BaseException:
            incoming.discard()
            raise
        storing = asyncio.create_task(self._store(len(self._outcomes) - 1, incoming, announced))
        self._tasks.add(storing)

    def reject(self, fault: LeadglassError) -> None:
        """The file that is coming in is not taken, because of `fault`."""
        announced = self._file.announced if self._file is not None else Announced("", "", "")
        self._outcomes[-1] = self._not_taken(announced, fault)
        self._drop()

    async def close(self) -> list[Taken | NotTaken]:
        """What became of each file that ended, in order; each that was taken is durable.

        A file that had begun and did not end leaves nothing.
        """
        self._drop()
        try:
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            for storing in self._tasks:
                storing.cancel()  # only if we are cancelled ourselves is one of them still at work
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._session.close()
        for storing in self._tasks:
            storing.result()  # a fault that is none of ours to answer
        return [outcome for outcome in self._outcomes if outcome is not None]

    def _drop(self) -> None:
        if self._file is not None:
            self._file.discard()
            self._file = None

    async def _store(self, position: int, incoming: IncomingObject, announced: Announced) -> None:
        try:
            self._outcomes[position] = await self._stored(incoming, announced)
        except LeadglassError as fault:
            self._outcomes[position] = self._not_taken(announced, fault)
        finally:
            self._slots.release()

    async def _stored(self, incoming: IncomingObject, announced: Announced) -> Taken | NotTaken:
        deposit = await self._session.deposit(incoming, announced)
        header = deposit.header
        if (reason := _STATUS.get(deposit.outcome)) is not None:
            return NotTaken(header.sop_class_uid, header.sop_instance_uid, reason, deposit.outcome.value)
        return Taken(
            header.sop_class_uid, header.sop_instance_uid, header.study_instance_uid, header.series_instance_uid
        )

    def _not_taken(self, announced: Announced, fault: LeadglassError) -> NotTaken:
        """Our own troubles are reported to the owner too."""
        if isinstance(fault, StorageFault | LedgerFault):
            self._archive.report(fault)
        reason = status_for(fault, Status.PROCESSING_FAILURE)
        return NotTaken(announced.sop_class_uid, announced.sop_instance_uid, reason, words_on(fault), fault)

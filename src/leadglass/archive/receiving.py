"""A DICOM file as it comes from a door that sends whole files, on its way to be stored as C-STORE stores a data set.

The file's own preamble and meta information are read and left behind: what is kept begins with ours, made of what the
data set says of itself (PS3.10 §7.1). The meta information of many files names another instance than the data set
does, since somebody changed the one and not the other; the data set is the object (PS3.3), so it is believed.
"""

from __future__ import annotations

from typing import Final

from leadglass.archive.storing import Announced
from leadglass.dicom import uids
from leadglass.dicom.dimse.statuses import Status
from leadglass.dicom.elements.refusals import EndsTooEarly, malformed, mismatch, too_much
from leadglass.dicom.header import Header, NeedMore, read_header
from leadglass.dicom.part10 import MAX_FILE_META, PREAMBLE, file_meta, split
from leadglass.store.port import IncomingObject, ObjectJournal
from leadglass.terms.ceilings import KIB
from leadglass.terms.errors import PeerAnswer, PeerViolation
from leadglass.terms.ids import uid_of

__all__ = ["ReceivedFile"]

_MOST_BEFORE_NAMES: Final = 256 * KIB
"""Bytes of a data set that may stand before the names of the instance, which are among its first attributes."""
_MOST_META: Final = len(PREAMBLE) + MAX_FILE_META
_SOP_CLASS_UID: Final = 0x00080016
_SOP_INSTANCE_UID: Final = 0x00080018
_NAMES: Final = frozenset({_SOP_CLASS_UID, _SOP_INSTANCE_UID})
_FIRST_ELEMENT: Final = 8  # bytes of a data set that must be there to know that the meta information is over
_TRANSFER_SYNTAX_NOT_SUPPORTED: Final = 0xC122  # PS3.18 table I.2.2-1


class ReceivedFile:
    """Write until `finish`, then either hand `incoming` to a StoringSession or `discard`; one of the two is owed."""

    def __init__(self, journal: ObjectJournal, study_instance_uid: str = "") -> None:
        self._journal = journal
        self._beginning = bytearray()  # until the names of the instance are known
        self._needed = len(PREAMBLE) + _FIRST_ELEMENT
        self._incoming: IncomingObject | None = None
        self.announced = Announced("", "", "", study_instance_uid)
        """Complete as soon as the beginning could be read; the instance is named in it, or is "", before."""

    @property
    def congested(self) -> bool:
        """True if whoever feeds this must pause until `wait_relieved` returns."""
        return self._incoming is not None and self._incoming.congested

    async def wait_relieved(self) -> None:
        """Returns when writing may go on. Never raises."""
        if self._incoming is not None:
            await self._incoming.wait_relieved()

    def write(self, data: memoryview) -> None:
        """Takes a copy of `data`. PeerViolation (with the status owed) for what is no file that can be stored,
        StorageFault; then `discard`."""
        if self._incoming is not None:
            self._incoming.write(data)
        elif not self._beginning and len(data) >= self._needed:
            if not self._begin(data, complete=False):
                self._beginning += data
        else:
            self._beginning += data
            if len(self._beginning) >= self._needed:
                self._begin(memoryview(bytes(self._beginning)), complete=False)

    def finish(self) -> IncomingObject:
        """All bytes came: the finished object. PeerViolation or StorageFault as for `write`."""
        if self._incoming is None:
            self._begin(memoryview(bytes(self._beginning)), complete=True)
        assert self._incoming is not None
        self._incoming.finish()
        return self._incoming

    def discard(self) -> None:
        """Forgets the file; nothing of it stays. Always legal."""
        if self._incoming is not None:
            self._incoming.discard()

    def _begin(self, data: memoryview, *, complete: bool) -> bool:
        """Opens the object once the beginning can be read; False if more of it is needed."""
        try:
            meta, offset = split(data)
        except EndsTooEarly as early:
            if complete:
                raise
            if early.needed > _MOST_META:
                raise too_much("MAX_FILE_META", _MOST_META, early.needed) from early
            return self._wait_for(early.needed, len(data))
        if offset + _FIRST_ELEMENT > len(data) and not complete:
            return self._wait_for(offset + _FIRST_ELEMENT, len(data))
        transfer_syntax = _supported(meta.transfer_syntax_uid)
        names = read_header(data[offset:], transfer_syntax, complete=complete, wanted=_NAMES)
        if isinstance(names, NeedMore):
            if complete or names.at_least > _MOST_BEFORE_NAMES:
                raise malformed("the SOP Class and Instance UIDs do not come within the first part of the data set")
            return self._wait_for(offset + names.at_least, len(data))
        self._open(names, transfer_syntax)
        assert self._incoming is not None
        self._beginning.clear()
        self._incoming.write(data[offset:])
        return True

    def _wait_for(self, needed: int, seen: int) -> bool:
        """Looks again when there is a good deal more, so that a file that drips in is not read again for each drop."""
        self._needed = max(needed, 2 * seen)
        return False

    def _open(self, names: Header, transfer_syntax: str) -> None:
        study = self.announced.study_instance_uid
        sop_class, sop_instance = uid_of(names.text(_SOP_CLASS_UID)), uid_of(names.text(_SOP_INSTANCE_UID))
        self.announced = Announced(sop_class or "", sop_instance or "", transfer_syntax, study)
        if sop_class is None or sop_instance is None:
            missing = "SOPClassUID" if sop_class is None else "SOPInstanceUID"
            raise mismatch(f"{missing} is missing or is not a UID", "PS3.5 §9.1")
        if not uids.is_storage_sop_class(sop_class):
            raise _refused("objects of this SOP class are not stored", Status.SOP_CLASS_NOT_SUPPORTED)
        self._incoming = self._journal.incoming(file_meta(sop_class, sop_instance, transfer_syntax))


def _supported(transfer_syntax: str) -> str:
    if not transfer_syntax:
        raise malformed("the file meta information names no transfer syntax", "PS3.10 §7.1")
    if transfer_syntax not in uids.all_transfer_syntaxes():
        raise _refused("this transfer syntax is not supported", _TRANSFER_SYNTAX_NOT_SUPPORTED)
    return transfer_syntax


def _refused(what: str, status: int) -> PeerViolation:
    return PeerViolation(what, answer=PeerAnswer(status=status))

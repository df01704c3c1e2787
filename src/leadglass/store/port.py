"""The port behind which objects become durable: what deeds may ask of any journal, and what they may rely on.

Two kinds of implementation are foreseen, local volumes (`journal.Journal`) and an object store. The suite in
tests/contracts holds each of them to the words below.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Protocol

from leadglass.store.keys import StudyKey
from leadglass.store.location import Location

__all__ = ["IncomingObject", "ObjectJournal"]


class IncomingObject(Protocol):
    """An object on its way in: its Part-10 file is the journal's prefix, then what is written here.

    Shaped to be the `DataSink` of a C-STORE. All calls are made from the event loop. Write until `finish`, then
    either `append` it to the journal it came from or `discard` it; one of the two is always owed.
    """

    @property
    def head(self) -> memoryview:
        """The first bytes of the data set, at most MAX_INCOMING_IN_MEMORY. Void after `append` or `discard`."""

    @property
    def head_is_whole(self) -> bool:
        """True if `head` is all that came so far."""

    @property
    def length(self) -> int:
        """Bytes of the data set that came so far."""

    @property
    def dataset_offset(self) -> int:
        """Length of the prefix."""

    @property
    def congested(self) -> bool:
        """True if whoever feeds this object must pause until `wait_relieved` returns."""

    async def wait_relieved(self) -> None:
        """Return when writing may go on. Never raises: a fault is told by the next `write` or by `append`."""

    def write(self, data: memoryview) -> None:
        """Take a copy of `data`. CeilingReached (status A700) above MAX_OBJECT, or when memory is short and this
        object stood still; StorageFault or OutOfSpace when its spool could not be written."""

    def finish(self) -> None:
        """All bytes came. Legal once."""

    def discard(self) -> None:
        """Forget the object; nothing of it stays on disk. Always legal; does nothing after `append`."""


class ObjectJournal(Protocol):
    """Objects in, encrypted and durable; objects out, authenticated."""

    def incoming(self, prefix: bytes) -> IncomingObject:
        """A new object whose Part-10 file begins with `prefix` (preamble and file meta)."""

    async def append(self, incoming: IncomingObject, key: StudyKey) -> Location:
        """Make a finished object durable under `key`, which must be durable already.

        Returns only when a power cut can no longer lose it. OutOfSpace if there is no room (all earlier objects
        are safe, and later appends may succeed), StorageFault if durability cannot be had, or the object's own
        fault if writing it failed before. The object belongs to the journal from this call on, whatever comes
        of it; if the caller is cancelled meanwhile, the object may still become durable.
        """

    async def read_whole(self, location: Location, key: StudyKey) -> bytes:
        """The Part-10 file at `location`. IntegrityFault if one bit of it is not what was written."""

    def read(
        self, location: Location, key: StudyKey, start: int = 0, length: int | None = None
    ) -> AsyncIterator[memoryview]:
        """Bytes `start` to `start + length` of the Part-10 file, in order, in pieces of at most 1 MiB.

        Only the segments needed are read. Each piece is authenticated before it is given out, and is valid until
        the next one is asked for. IntegrityFault ends it early; ValueError if the range is not within the object.
        """

    async def same_data_set(self, incoming: IncomingObject, location: Location, key: StudyKey) -> bool:
        """True if the finished `incoming` carries the same data set, byte for byte, as the object at `location`."""

    def volumes(self) -> Sequence[int]:
        """The numbers of all volumes that hold records, ascending. Numbers are never used twice."""

    def records_since(self, volume: int, offset: int = 0) -> Iterator[Location]:
        """The durable records of `volume` that begin at or after `offset`, in order. Blocking: for recovery.

        `offset` is 0 or some record's `end`. Every record acknowledged is among them, and so may be a few that
        were whole but never acknowledged. IntegrityFault where a record was damaged.
        """

    async def remove_dead(self, is_alive: Callable[[bytes], bool]) -> list[int]:
        """Remove each volume that takes no more records and whose every record's key id is not alive.

        `is_alive` runs in a thread. Returns the numbers of the volumes removed.
        """

    async def close(self) -> None:
        """Finish the appends under way, then let go of everything. Idempotent."""

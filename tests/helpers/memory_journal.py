"""A journal in memory that keeps `store.port.ObjectJournal`'s promises except durability, and fails on cue."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field

from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.port import IncomingObject
from leadglass.terms.ceilings import MAX_INCOMING_IN_MEMORY, MIB
from leadglass.terms.errors import IntegrityFault, LeadglassError, LocalViolation

_OVERHEAD = 256


class MemoryIncoming:
    """One object on its way in."""

    def __init__(self, prefix: bytes) -> None:
        self.fault: LeadglassError | None = None
        self.dataset_offset = len(prefix)
        self.content = bytearray(prefix)
        self.state = "receiving"

    @property
    def length(self) -> int:
        return len(self.content) - self.dataset_offset

    @property
    def head(self) -> memoryview:
        return memoryview(bytes(self.content[self.dataset_offset : MAX_INCOMING_IN_MEMORY]))

    @property
    def head_is_whole(self) -> bool:
        return len(self.content) <= MAX_INCOMING_IN_MEMORY

    @property
    def congested(self) -> bool:
        return False

    async def wait_relieved(self) -> None:
        return

    def write(self, data: memoryview) -> None:
        if self.state != "receiving":
            raise LocalViolation("wrote to an object that is finished or gone")
        self.content += data

    def finish(self) -> None:
        if self.state != "receiving":
            raise LocalViolation("finished an object twice")
        self.state = "finished"

    def discard(self) -> None:
        self.state = "gone"


@dataclass
class _Volume:
    records: list[tuple[Location, bytes]] = field(default_factory=list)

    @property
    def end(self) -> int:
        return self.records[-1][0].end if self.records else 4096


class MemoryJournal:
    """Set `fault` and the next append raises it; `damage` an object and reading it raises IntegrityFault."""

    def __init__(self, volumes: dict[int, _Volume] | None = None) -> None:
        self.fault: LeadglassError | None = None
        self._volumes = volumes if volumes is not None else {}
        self._open = max(self._volumes, default=0) + 1
        self._damaged: set[bytes] = set()
        self._is_closed = False

    def reopened(self) -> MemoryJournal:
        """The same store after a restart."""
        return MemoryJournal(self._volumes)

    def damage(self, location: Location) -> None:
        """From now on this object fails its tags."""
        self._damaged.add(location.object_id)

    def incoming(self, prefix: bytes) -> MemoryIncoming:
        return MemoryIncoming(prefix)

    async def append(self, incoming: IncomingObject, key: StudyKey) -> Location:
        if not isinstance(incoming, MemoryIncoming) or incoming.state != "finished" or self._is_closed:
            raise LocalViolation("appended an object that is not finished, or gone, or to a closed journal")
        incoming.state = "gone"
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        content = bytes(incoming.content)
        number = self._open
        if len(content) > MAX_INCOMING_IN_MEMORY:
            number = self._open = max(self._volumes, default=self._open) + 1
        volume = self._volumes.setdefault(number, _Volume())
        location = Location(
            number,
            volume.end,
            len(content) + _OVERHEAD,
            os.urandom(16),
            key.key_id,
            len(content),
            incoming.dataset_offset,
        )
        volume.records.append((location, content))
        if len(content) > MAX_INCOMING_IN_MEMORY:
            self._open += 1
        return location

    def _content(self, location: Location, key: StudyKey) -> bytes:
        if key.key_id != location.key_id:
            raise LocalViolation("another study's key")
        if location.object_id in self._damaged:
            raise IntegrityFault(f"volume {location.volume} at {location.offset}: segment 0 fails")
        volume = self._volumes.get(location.volume, _Volume())
        for found, content in volume.records:
            if found == location:
                return content
        raise IntegrityFault(f"volume {location.volume} is missing, or holds no such record")

    async def read_whole(self, location: Location, key: StudyKey) -> bytes:
        return self._content(location, key)

    async def read(
        self, location: Location, key: StudyKey, start: int = 0, length: int | None = None
    ) -> AsyncIterator[memoryview]:
        end = location.plaintext_length if length is None else start + length
        if not 0 <= start <= end <= location.plaintext_length:
            raise ValueError("the range is not within the object")
        content = memoryview(self._content(location, key))[start:end]
        for at in range(0, len(content), MIB):
            yield content[at : at + MIB]

    async def same_data_set(self, incoming: IncomingObject, location: Location, key: StudyKey) -> bool:
        assert isinstance(incoming, MemoryIncoming)
        stored = self._content(location, key)[location.dataset_offset :]
        return bytes(incoming.content[incoming.dataset_offset :]) == stored

    def volumes(self) -> Sequence[int]:
        return sorted(self._volumes)

    def records_since(self, volume: int, offset: int = 0) -> Iterator[Location]:
        return iter([place for place, _ in self._volumes[volume].records if place.offset >= offset])

    async def remove_dead(self, is_alive: Callable[[bytes], bool]) -> list[int]:
        sealed = [number for number in self.volumes() if number != max(self._volumes) and number != self._open]
        dead = [n for n in sealed if not any(is_alive(place.key_id) for place, _ in self._volumes[n].records)]
        for number in dead:
            del self._volumes[number]
        return dead

    async def close(self) -> None:
        self._is_closed = True

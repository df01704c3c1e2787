"""Parts: a run of a series' instances in viewing order, as one stretch of JSON that is answered as it stands.

A part is one line (a JSON list of [SOP Instance UID, Instance Number, bytes]), a newline, and the instances' objects
with commas between: what stands between the brackets of an answer. Where the service's own address is due in a
BulkDataURI stands `wire.MARK`.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from leadglass.store.index.series_metadata import number_of
from leadglass.terms.ceilings import MIB
from leadglass.terms.errors import IntegrityFault

__all__ = ["Member", "Part", "fold"]

_MOST_INSTANCES: Final = 256
_MOST_BYTES: Final = 2 * MIB
"""A part grows no further: what is written anew when one more instance comes, and what one step of an answer holds."""
_LEVEL: Final = 6
"""Of the compression: 1 ms for a hundred instances. 3 takes half the time and twice the room, 9 hardly saves more."""


class Member(NamedTuple):
    """One instance's metadata."""

    sop_instance_uid: str
    instance_number: str
    json: bytes

    @property
    def order(self) -> tuple[float, str]:
        """Viewing order within a series."""
        return number_of(self.instance_number), self.sop_instance_uid


@dataclass(frozen=True, slots=True)
class Part:
    """Instances of one series in viewing order. `run` is what stands between the brackets of an answer."""

    names: tuple[tuple[str, str, int], ...]  # SOP Instance UID, Instance Number, bytes
    run: bytes

    @classmethod
    def of(cls, members: Sequence[Member]) -> Part:
        """A part of members in viewing order."""
        names = tuple((one.sop_instance_uid, one.instance_number, len(one.json)) for one in members)
        return cls(names, b",".join([one.json for one in members]))

    @classmethod
    def unpacked(cls, packed: bytes, length: int) -> Part:
        """The part that `packed` makes. IntegrityFault if it does not have the `length` it was written with."""
        opener = zlib.decompressobj()
        try:
            whole = opener.decompress(packed, length + 1)
        except zlib.error:
            whole = b""
        line, _, run = whole.partition(b"\n")
        if len(whole) != length or not line:
            raise IntegrityFault("a part of a series' metadata is not as long as it was written")
        return cls(tuple((uid, number, size) for uid, number, size in json.loads(line)), run)

    def packed(self) -> tuple[bytes, int]:
        """The part as it is kept, and its length once unpacked."""
        whole = json.dumps(self.names, separators=(",", ":")).encode() + b"\n" + self.run
        return zlib.compress(whole, _LEVEL), len(whole)

    def members(self) -> Iterator[Member]:
        """Its instances, in viewing order."""
        start = 0
        for uid, number, size in self.names:
            yield Member(uid, number, self.run[start : start + size])
            start += size + 1  # the comma

    @property
    def is_full(self) -> bool:
        """True if no instance should be added to it."""
        return len(self.names) >= _MOST_INSTANCES or len(self.run) >= _MOST_BYTES

    @property
    def last(self) -> tuple[float, str]:
        """The order of its last instance."""
        uid, number, _ = self.names[-1]
        return number_of(number), uid


def fold(parts: Sequence[Part], new: Sequence[Member]) -> tuple[int, list[Part]]:
    """How many of the first `parts` stay as they are, and the parts that come behind them when `new` is added."""
    arriving = sorted(new, key=lambda member: member.order)
    if not arriving:
        return len(parts), []
    kept = 0
    while kept < len(parts) and parts[kept].last < arriving[0].order and (kept + 1 < len(parts) or parts[kept].is_full):
        kept += 1
    moved = [member for part in parts[kept:] for member in part.members()]
    return kept, list(_cut(sorted([*moved, *arriving], key=lambda member: member.order)))


def _cut(members: Sequence[Member]) -> Iterator[Part]:
    run: list[Member] = []
    size = 0
    for member in members:
        if run and (len(run) >= _MOST_INSTANCES or size + len(member.json) > _MOST_BYTES):
            yield Part.of(run)
            run, size = [], 0
        run.append(member)
        size += len(member.json)
    yield Part.of(run)

"""The check from outside: every byte of every volume, without trusting the index or a running journal.

It reads only; it may run beside a running service (an unsealed volume is then followed as far as it is written).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from leadglass.store.buffers import aligned_buffer
from leadglass.store.keys import StudyKey
from leadglass.store.location import Location
from leadglass.store.objects import SEGMENT, segments_of, stream_length
from leadglass.store.reading import ObjectReader, VolumeFile
from leadglass.store.record import HEADER
from leadglass.store.recovery import batches_end, volume_numbers
from leadglass.store.scan import Gap, ScannedRecord, scan
from leadglass.store.volume import FIRST_BATCH, first_block, volume_path
from leadglass.terms.errors import LeadglassError

__all__ = ["CheckedRecord", "Problem", "ProblemKind", "check_volumes"]


class ProblemKind(StrEnum):
    """What the check can find wrong."""

    VOLUME_UNREADABLE = "the volume cannot be read"
    VOLUME_HEADER = "the volume's first block is damaged"
    RECORD_HEADER = "bytes that should begin a record do not"
    OBJECT = "an object fails its authentication"
    KEY = "a study key cannot be had"
    FILLING = "the bytes around an object are not those that were written; the object itself is sound"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, at one place. `detail` holds no patient data."""

    kind: ProblemKind
    volume: int
    offset: int
    detail: str

    def __str__(self) -> str:
        return f"volume {self.volume} at {self.offset}: {self.kind.value} ({self.detail})"


@dataclass(frozen=True, slots=True)
class CheckedRecord:
    """A record whose every tag holds; or, if not `has_key`, one whose key was destroyed, so that none can be tried."""

    location: Location
    has_key: bool


KeyLookup = Callable[[bytes], StudyKey | None]
"""The study key with this id, or None if it was destroyed. May raise LeadglassError if it is there but unusable."""


def check_volumes(directory: Path, key_of: KeyLookup) -> Iterator[CheckedRecord | Problem]:
    """Walk all volumes in `directory` and verify every tag. Problems come as values; only a bug raises."""
    scratch = (aligned_buffer(SEGMENT), aligned_buffer(SEGMENT))
    for number in volume_numbers(directory):
        try:
            file = VolumeFile(volume_path(directory, number), number)
            yield from _check_volume(file, key_of, scratch)
        except LeadglassError as error:
            yield Problem(ProblemKind.VOLUME_UNREADABLE, number, 0, str(error))


def _check_volume(
    file: VolumeFile, key_of: KeyLookup, scratch: tuple[memoryview, memoryview]
) -> Iterator[CheckedRecord | Problem]:
    block = first_block(file.number)
    if file.read(0, len(block)) != block:
        yield Problem(ProblemKind.VOLUME_HEADER, file.number, 0, "it does not name this volume")
    sealed_end = batches_end(file)
    end = file.length if sealed_end is None else sealed_end
    for item in scan(file, FIRST_BATCH, end, past_zeros=sealed_end is not None):
        if isinstance(item, Gap):
            yield Problem(ProblemKind.RECORD_HEADER, file.number, item.offset, f"{item.length} bytes")
        else:
            checked = _check_record(file, item.header.location(file.number, item.offset), key_of, scratch)
            yield checked
            if isinstance(checked, CheckedRecord) and checked.has_key and not _filling_holds(file, item):
                yield Problem(ProblemKind.FILLING, file.number, item.offset, "padding or trailer")


def _check_record(
    file: VolumeFile, location: Location, key_of: KeyLookup, scratch: tuple[memoryview, memoryview]
) -> CheckedRecord | Problem:
    try:
        key = key_of(location.key_id)
    except LeadglassError as error:
        return Problem(ProblemKind.KEY, location.volume, location.offset, str(error))
    if key is None:
        return CheckedRecord(location, has_key=False)
    try:
        reader = ObjectReader(file, location, key)
        for segment in segments_of(location.plaintext_length):
            reader.read_segments([segment], *scratch)
    except LeadglassError as error:
        return Problem(ProblemKind.OBJECT, location.volume, location.offset, str(error))
    return CheckedRecord(location, has_key=True)


def _filling_holds(file: VolumeFile, record: ScannedRecord) -> bool:
    """What no tag covers: zeros between header and stream and behind the stream, and the digest again at the end."""
    header = record.header
    stream = record.offset + header.header_length
    stream_end = stream + stream_length(header.plaintext_length)
    before = file.read(record.offset + HEADER, header.header_length - HEADER)
    behind = file.read(stream_end, record.end - stream_end)
    return not any(before) and behind == header.digest.rjust(record.end - stream_end, b"\0")

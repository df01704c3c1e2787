"""Reading a ledger backwards, a bundle at a time: the newest entries are asked for most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from leadglass.gate.ledger.entry import Entry
from leadglass.gate.ledger.pending import Frame, frames
from leadglass.gate.ledger.reading import open_segments, published_size, read_bundle
from leadglass.gate.ledger.tiles import TILE_WIDTH, read_published
from leadglass.terms.errors import LedgerFault

__all__ = ["Stretch", "decoded", "stretches_newest_first"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Entries that follow each other, oldest first. None that could matter is missing; there may be none at all."""

    first: int
    entries: Sequence[bytes]


def stretches_newest_first(
    directory: Path, needles: Sequence[bytes] = (), *, before: int | None = None, first_bundle: int = 0
) -> Iterator[Stretch]:
    """The whole ledger in stretches, newest first; also while a server is writing. Nothing is verified.

    A stretch that does not contain all `needles` is empty: its entries need not be taken apart. From entry `before` on,
    and before bundle `first_bundle`, nothing is read. LedgerFault where entries are plainly missing or damaged,
    UserFault if there is no ledger.
    """
    with ExitStack() as stack:
        segments = open_segments(directory, stack)
        size = published_size(directory)
        unpublished, at = [], size
        for _, file in segments:
            for frame in frames(file):
                if isinstance(frame, Frame) and frame.first == at:
                    unpublished.append(Stretch(frame.first, frame.entries))
                    at = frame.end
    for stretch in reversed(unpublished):
        if before is None or stretch.first < before:
            yield _cut(stretch, before)
    for index in range(-(-size // TILE_WIDTH) - 1, first_bundle - 1, -1):
        if before is None or index * TILE_WIDTH < before:
            yield _cut(_bundle(directory, index, min(TILE_WIDTH, size - index * TILE_WIDTH), needles), before)


def decoded(entry: bytes) -> Entry:
    """The entry; LedgerFault if it is damaged."""
    try:
        return Entry.decode(entry)
    except ValueError as error:
        raise LedgerFault("an entry of the ledger is damaged: run `leadglass ledger verify`") from error


def _bundle(directory: Path, index: int, width: int, needles: Sequence[bytes]) -> Stretch:
    if needles:
        data = read_published(directory, None, index, width)
        if data is not None and not all(needle in data for needle in needles):
            return Stretch(index * TILE_WIDTH, ())
    return Stretch(index * TILE_WIDTH, read_bundle(directory, index, width))


def _cut(stretch: Stretch, before: int | None) -> Stretch:
    if before is None or stretch.first + len(stretch.entries) <= before:
        return stretch
    return Stretch(stretch.first, stretch.entries[: before - stretch.first])

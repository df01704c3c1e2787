"""Is this the same data set again? Compared byte by byte: duplicates are rare, hashing every object is not free."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from leadglass.store.buffers import aligned_buffer
from leadglass.store.incoming import Incoming
from leadglass.store.objects import SEGMENT, segments_of
from leadglass.store.reading import ObjectReader

__all__ = ["same_bytes", "same_stream"]


def same_bytes(incoming: Incoming, opened: Callable[[], ObjectReader]) -> bool:
    """True if the data set of `incoming` equals that of the stored object. Blocking.

    For a spooled object it must run on the spooler's thread, behind the segments that are still to be written.
    """
    stored = opened()
    return same_stream(_incoming_pieces(incoming), _stored_pieces(stored))


def _incoming_pieces(incoming: Incoming) -> Iterator[memoryview]:
    if incoming.spool is None:
        yield incoming.last_bytes[incoming.dataset_offset :]
        return
    skip = incoming.dataset_offset
    for piece in incoming.spool.read_back():
        yield piece[min(skip, len(piece)) :]
        skip -= min(skip, len(piece))
    yield incoming.last_bytes


def _stored_pieces(stored: ObjectReader) -> Iterator[memoryview]:
    scratch, out = aligned_buffer(SEGMENT), aligned_buffer(SEGMENT)
    for segment in segments_of(stored.plaintext_length, stored.dataset_offset):
        (piece,) = stored.read_segments([segment], scratch, out)
        yield piece[max(0, stored.dataset_offset - segment.start) :]


def same_stream(ours: Iterator[memoryview], theirs: Iterator[memoryview]) -> bool:
    """True if both streams carry the same bytes, however they are cut into pieces."""
    left, right = memoryview(b""), memoryview(b"")
    while True:
        left = left or _next_piece(ours)
        right = right or _next_piece(theirs)
        size = min(len(left), len(right))
        if size == 0:
            return len(left) == len(right)
        if bytes(left[:size]) != bytes(right[:size]):
            return False
        left, right = left[size:], right[size:]


def _next_piece(pieces: Iterator[memoryview]) -> memoryview:
    """The next piece that has bytes; empty when there is none."""
    for piece in pieces:
        if piece:
            return piece
    return memoryview(b"")

"""Reading the entries of a ledger in order, also while a server is writing it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from leadglass.gate.ledger.pending import Frame, frames, segments
from leadglass.gate.ledger.tiles import TILE_WIDTH, BadBundle, decode_bundle, read_published
from leadglass.terms.errors import LedgerFault, UserFault

__all__ = ["open_segments", "published_size", "read_bundle", "read_entries"]


def open_segments(directory: Path, stack: ExitStack) -> list[tuple[Path, BinaryIO]]:
    """All pending segments, opened, in order. Do this before reading the checkpoint: what is published and dropped
    in between then stays readable, and nothing is missed."""
    while True:
        opened: list[tuple[Path, BinaryIO]] = []
        try:
            opened.extend((path, stack.enter_context(path.open("rb"))) for _, path in segments(directory))
        except FileNotFoundError:
            continue  # published between listing and opening: list again
        return opened


def published_size(directory: Path) -> int:
    """The size that the checkpoint file speaks of, its signature unchecked. UserFault if there is no ledger."""
    try:
        return int((directory / "checkpoint").read_bytes().split(b"\n")[1])
    except FileNotFoundError:
        raise UserFault(
            f"there is no ledger in {directory}", "give the folder that holds the file 'checkpoint'"
        ) from None
    except (ValueError, IndexError):
        raise LedgerFault(f"{directory / 'checkpoint'} is damaged: run `leadglass ledger verify`") from None


def read_bundle(directory: Path, index: int, width: int) -> list[bytes]:
    """The entries of one published bundle. LedgerFault if it is missing or damaged."""
    try:
        entries = decode_bundle(read_published(directory, None, index, width) or b"")
    except BadBundle:
        entries = []
    if len(entries) != width:
        first = index * TILE_WIDTH
        raise LedgerFault(
            f"entries {first} to {first + width - 1} are missing or damaged: run `leadglass ledger verify`"
        )
    return entries


def read_entries(directory: Path, first_bundle: int = 0) -> Iterator[bytes]:
    """All entries in order, from a bundle on. Nothing is verified; LedgerFault where something is plainly missing."""
    with ExitStack() as stack:
        pending = open_segments(directory, stack)
        size = published_size(directory)
        for index in range(first_bundle, -(-size // TILE_WIDTH)):
            yield from read_bundle(directory, index, min(TILE_WIDTH, size - index * TILE_WIDTH))
        for _, file in pending:
            for frame in frames(file):
                if isinstance(frame, Frame) and frame.first == size:
                    yield from frame.entries
                    size = frame.end

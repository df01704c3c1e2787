"""From pending segments to tiles: the order of writing is the whole idea.

Tiles and bundles first, then the checkpoint that speaks of them, then the segments are dropped. A crash between any two
steps leaves a state from which the same steps can be done again with the same bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from leadglass.gate.ledger.checkpoint import Checkpoint
from leadglass.gate.ledger.files import Files
from leadglass.gate.ledger.pending import Frame, frames
from leadglass.gate.ledger.tiles import (
    HASH,
    TILE_WIDTH,
    BadBundle,
    decode_bundle,
    encode_bundle,
    entries_path,
    read_published,
    tile_path,
    tiles_of,
    width_at,
)
from leadglass.gate.ledger.tree import RightEdge, leaf_hash, root_of
from leadglass.terms.errors import LedgerFault

__all__ = ["Publisher", "Sealed"]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A pending segment that will not grow any more, and the checkpoint of the tree that it completes."""

    path: Path
    checkpoint: Checkpoint


@dataclass(slots=True)
class _Growth:
    """The partial tiles on the right of the published tree: all that is needed to grow it."""

    size: int = 0
    levels: list[bytes] = field(default_factory=list)  # hashes of the partial tile of each level
    bundle: list[bytes] = field(default_factory=list)  # entries of the partial bundle

    def edge(self) -> RightEdge:
        edge = RightEdge()
        for level in reversed(range(len(self.levels))):
            for i in range(0, len(self.levels[level]), HASH):
                edge.add_subtree(self.levels[level][i : i + HASH], 8 * level)
        return edge


class Publisher:
    """Writes tiles, bundles and the checkpoint file. Used by one thread at a time."""

    def __init__(self, directory: Path, files: Files, published: Checkpoint) -> None:
        """Reads the right edge of what is published. LedgerFault if it is not what the checkpoint says."""
        self._directory = directory
        self._files = files
        self._grown = _load(directory, published)

    @property
    def edge(self) -> RightEdge:
        """The published tree."""
        return self._grown.edge()

    def publish(self, sealed: list[Sealed]) -> None:
        """Publish these segments, in order, and drop them. OSError: nothing is lost, call again with the same."""
        checkpoint = sealed[-1].checkpoint
        _check(self._grown, sealed)
        grown = _Growth(self._grown.size, list(self._grown.levels), list(self._grown.bundle))
        written = _Written(self._directory, self._files)
        for entry in _entries_after(grown.size, sealed):
            _grow(grown, entry, written)
        if grown.size > self._grown.size:
            _write_partials(grown, written)
            written.sync()
            self._files.put(self._directory / "checkpoint", checkpoint.note)
            self._files.sync_folders({self._directory})
        for segment in sealed:
            self._files.remove(segment.path)
        self._grown = grown
        written.drop_partials()


class _Written:
    """Files put so far in one round, and the folders whose names must be made durable after it."""

    def __init__(self, directory: Path, files: Files) -> None:
        self._directory = directory
        self._files = files
        self._folders: set[Path] = set()
        self._full: list[Path] = []

    def put(self, relative: str, data: bytes, *, full: bool) -> None:
        """Write a tile or bundle. One that is there already must be the same: tiles never change."""
        path = self._directory / relative
        try:
            if path.read_bytes() != data:
                raise LedgerFault(
                    f"{relative} is there already with another content: this ledger was put back to an older state. "
                    "Keep the folder as it is and compare it with a backup"
                )
        except FileNotFoundError:
            self._files.put(path, data)
            self._folders.update(p for p in path.parents if p.is_relative_to(self._directory))
        if full:
            self._full.append(path)

    def sync(self) -> None:
        self._files.sync_folders(self._folders)

    def drop_partials(self) -> None:
        """Remove partial tiles whose full ones are there now. Left-overs do no harm."""
        for path in self._full:
            with contextlib.suppress(OSError):
                self._files.remove_folder(path.with_name(f"{path.name}.p"))


def _check(grown: _Growth, sealed: list[Sealed]) -> None:
    """Before any tile is written: LedgerFault unless the segments, read back, are what their checkpoint signs."""
    edge, checkpoint = grown.edge(), sealed[-1].checkpoint
    for entry in _entries_after(grown.size, sealed):
        edge.add(leaf_hash(entry))
    if (edge.size, edge.root) != (checkpoint.size, checkpoint.root):
        raise LedgerFault("pending entries read back from the disk are not the ones that were signed: check the disk")


def _grow(grown: _Growth, entry: bytes, written: _Written) -> None:
    grown.bundle.append(entry)
    grown.size += 1
    _add(grown, 0, leaf_hash(entry), written)
    if len(grown.bundle) == TILE_WIDTH:
        written.put(entries_path(grown.size // TILE_WIDTH - 1), encode_bundle(grown.bundle), full=True)
        grown.bundle.clear()


def _add(grown: _Growth, level: int, digest: bytes, written: _Written) -> None:
    """Append a hash to the tile on the right of a level; a full tile is written and stands for one hash above."""
    if level == len(grown.levels):
        grown.levels.append(b"")
    tile = grown.levels[level] + digest
    if len(tile) < TILE_WIDTH * HASH:
        grown.levels[level] = tile
        return
    written.put(tile_path(level, (grown.size >> (8 * (level + 1))) - 1), tile, full=True)
    grown.levels[level] = b""
    _add(grown, level + 1, root_of(tile[i : i + HASH] for i in range(0, len(tile), HASH)), written)


def _write_partials(grown: _Growth, written: _Written) -> None:
    for level, tile in enumerate(grown.levels):
        if tile:
            index = grown.size >> (8 * (level + 1))
            written.put(tile_path(level, index, len(tile) // HASH), tile, full=False)
    if grown.bundle:
        path = entries_path(grown.size // TILE_WIDTH, len(grown.bundle))
        written.put(path, encode_bundle(grown.bundle), full=False)


def _entries_after(size: int, sealed: Iterable[Sealed]) -> Iterator[bytes]:
    """Entries of the segments from number `size` on; what is published already is passed over."""
    for segment in sealed:
        with segment.path.open("rb") as file:
            for frame in frames(file):
                if not isinstance(frame, Frame) or frame.end > segment.checkpoint.size:
                    break  # what a failed write left behind; the next segment holds it whole
                if frame.first >= size:
                    yield from frame.entries
                    size = frame.end


def _load(directory: Path, published: Checkpoint) -> _Growth:
    grown = _Growth(size=published.size)
    for level in range(tiles_of(published.size)):
        index = published.size >> (8 * (level + 1))
        width = width_at(published.size, level, index)
        tile = read_published(directory, level, index, width) if width else b""
        if tile is None or len(tile) != width * HASH:
            raise LedgerFault(f"{tile_path(level, index, width)} is missing or has the wrong length: {_ADVICE}")
        grown.levels.append(tile)
    index, width = divmod(published.size, TILE_WIDTH)
    if width:
        try:
            grown.bundle = decode_bundle(read_published(directory, None, index, width) or b"")
        except BadBundle:
            grown.bundle = []
        if b"".join(map(leaf_hash, grown.bundle)) != grown.levels[0]:
            raise LedgerFault(f"{entries_path(index, width)} is missing or does not fit its tile: {_ADVICE}")
    if grown.edge().root != published.root:
        raise LedgerFault(f"the newest tiles are not the ones that the checkpoint signs: {_ADVICE}")
    return grown


_ADVICE = (
    "the ledger was changed or the disk lost it; run `leadglass ledger verify` and restore the folder from a backup"
)

"""The published part of a verification: bundles against tiles, tiles against the tiles above them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import zip_longest
from pathlib import Path

from leadglass.gate.ledger.audit import Audit
from leadglass.gate.ledger.tiles import (
    HASH,
    TILE_WIDTH,
    BadBundle,
    decode_bundle,
    entries_path,
    read_published,
    tile_path,
    width_at,
)
from leadglass.gate.ledger.tree import leaf_hash, root_of

__all__ = ["TilesCheck", "beyond", "fits"]


class TilesCheck:
    """Walks all bundles once; keeps one unfinished tile per level."""

    def __init__(self, directory: Path, audit: Audit, size: int) -> None:
        self._directory = directory
        self._audit = audit
        self._size = size
        self._levels: list[list[bytes]] = []
        self._done: list[int] = []  # full tiles seen, by level

    def run(self, progress: Callable[[int, int], None] | None) -> None:
        for index in range(-(-self._size // TILE_WIDTH)):
            self._bundle(index, min(TILE_WIDTH, self._size - index * TILE_WIDTH))
            if progress is not None:
                progress(min(self._size, (index + 1) * TILE_WIDTH), self._size)
        for level, hashes in enumerate(self._levels):
            if level and hashes:
                self._compare(level, self._done[level], hashes)

    def _bundle(self, index: int, width: int) -> None:
        audit, first = self._audit, index * TILE_WIDTH
        entries = self._entries(index, width)
        hashes = list(map(leaf_hash, entries))
        tile = self._tile(0, index, width)
        for place, (entry, digest, known) in enumerate(zip_longest(entries, hashes, tile)):
            if entry is not None:
                audit.entry(first + place, entry)
                if known is not None and digest != known:
                    audit.wrong(f"entry {first + place}", "it was changed: its hash is not the one in the tree")
        leaves = tile or hashes
        if len(leaves) == TILE_WIDTH and not audit.remembers_within(first + TILE_WIDTH):
            audit.edge.add_subtree(root_of(leaves), 8)
        else:
            for leaf in leaves:
                audit.leaf(leaf)
        if len(leaves) == TILE_WIDTH:
            self._above(1, root_of(leaves))

    def _entries(self, index: int, width: int) -> list[bytes]:
        """The entries of a bundle; problems are noted, and what can be read is returned."""
        where, span = entries_path(index, width), f"entries {index * TILE_WIDTH} to {index * TILE_WIDTH + width - 1}"
        try:
            data = read_published(self._directory, None, index, width)
            entries = decode_bundle(data or b"")
        except BadBundle as error:
            self._audit.wrong(where, f"{span} cannot be read: {error}")
            return []
        except OSError as error:
            self._audit.wrong(where, f"{span} cannot be read: {error.strerror}")
            return []
        if data is None:
            self._audit.wrong(where, f"{span} are missing")
        elif len(entries) != width:
            self._audit.wrong(
                where, f"it holds {len(entries)} entries where {width} belong: some were put in or removed"
            )
        return entries[:width]

    def _tile(self, level: int, index: int, width: int) -> list[bytes]:
        """The hashes of a tile; problems are noted, and an empty list stands for a tile that cannot be used."""
        where = tile_path(level, index, width)
        try:
            data = read_published(self._directory, level, index, width)
        except OSError as error:
            self._audit.wrong(where, f"it cannot be read: {error.strerror}")
            return []
        if data is None:
            self._audit.wrong(where, "the tile is missing")
            return []
        if len(data) != width * HASH:
            self._audit.wrong(where, f"the tile has {len(data)} bytes where {width * HASH} belong")
            return []
        return [data[i : i + HASH] for i in range(0, len(data), HASH)]

    def _above(self, level: int, root: bytes) -> None:
        """A full tile stands as one hash in the level above it."""
        while len(self._levels) <= level:
            self._levels.append([])
            self._done.append(0)
        hashes = self._levels[level]
        hashes.append(root)
        if len(hashes) == TILE_WIDTH:
            self._compare(level, self._done[level], hashes)
            self._levels[level] = []
            self._done[level] += 1
            self._above(level + 1, root_of(hashes))

    def _compare(self, level: int, index: int, hashes: list[bytes]) -> None:
        span = TILE_WIDTH**level
        for place, (found, known) in enumerate(zip(self._tile(level, index, len(hashes)), hashes, strict=False)):
            if found != known:
                first = (index * TILE_WIDTH + place) * span
                self._audit.wrong(
                    tile_path(level, index, len(hashes)),
                    f"hash {place} does not fit entries {first} to {first + span - 1}: one of them or a tile changed",
                )


def beyond(directory: Path, size: int) -> Iterator[str]:
    """Tiles and bundles that only a ledger of more than `size` entries could have."""
    for folder, _, names in os.walk(directory / "tile"):
        for name in names:
            path = (Path(folder) / name).relative_to(directory)
            if not name.startswith(".") and not fits(path.parts, size):
                yield str(path)


def fits(parts: tuple[str, ...], size: int) -> bool:
    """True if a ledger of `size` entries has the tile or bundle with this path below its folder."""
    _, level, *rest = parts
    try:
        width = TILE_WIDTH
        if len(rest) > 1 and rest[-2].endswith(".p"):
            width = int(rest.pop())
            rest[-1] = rest[-1].removesuffix(".p")
        index = int("".join(part.removeprefix("x") for part in rest))
        return width <= width_at(size, 0 if level == "entries" else int(level), index)
    except ValueError:
        return False

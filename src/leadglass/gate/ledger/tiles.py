"""The layout of c2sp.org/tlog-tiles: where tiles and entry bundles stand, and what is in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = [
    "TILE_WIDTH",
    "BadBundle",
    "decode_bundle",
    "encode_bundle",
    "entries_path",
    "read_published",
    "tile_path",
    "tiles_of",
    "width_at",
]

TILE_WIDTH: Final = 256
HASH: Final = 32


class BadBundle(ValueError):
    """The bytes are not a sequence of length-prefixed entries."""


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """tile/<L>/<N>, with .p/<W> for a partial tile."""
    return f"tile/{level}/{_path(index, width)}"


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """tile/entries/<N>, with .p/<W> for a partial bundle."""
    return f"tile/entries/{_path(index, width)}"


def _path(index: int, width: int) -> str:
    parts = [f"{index % 1000:03}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03}")
    path = "/".join(reversed(parts))
    return path if width == TILE_WIDTH else f"{path}.p/{width}"


def width_at(size: int, level: int, index: int) -> int:
    """How many hashes the tile holds in a tree of `size` entries: 0 (it does not exist) to 256."""
    return max(0, min(TILE_WIDTH, (size >> (8 * level)) - index * TILE_WIDTH))


def tiles_of(size: int) -> int:
    """How many levels of tiles a tree of `size` entries has."""
    levels = 0
    while size >> (8 * levels):
        levels += 1
    return levels


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries one after another, each behind its length as two bytes, big-endian."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle; BadBundle if the lengths do not add up."""
    entries, at, end = [], 0, len(data)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if at > end:
            raise BadBundle("its last entry is cut short")
        entries.append(data[start:at])
    return entries


def read_published(directory: Path, level: int | None, index: int, width: int) -> bytes | None:
    """The bytes of a tile (or, level None, of a bundle) of this width, None if there is no such file.

    Partial ones may have been removed once the full one exists (tlog-tiles, "Partial Tiles"), so that is read instead
    and cut to the width asked for.
    """
    for candidate in (width, TILE_WIDTH):
        path = entries_path(index, candidate) if level is None else tile_path(level, index, candidate)
        try:
            data = (directory / path).read_bytes()
        except FileNotFoundError:
            continue
        if candidate == width:
            return data
        return data[: width * HASH] if level is not None else encode_bundle(decode_bundle(data)[:width])
    return None

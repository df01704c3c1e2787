"""The unpublished part of a verification: frames in pending segments."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from leadglass.gate.ledger.audit import Audit
from leadglass.gate.ledger.checkpoint import BadCheckpoint, verify_checkpoint
from leadglass.gate.ledger.key import VerifierKey
from leadglass.gate.ledger.pending import Damaged, Frame, Torn, frames
from leadglass.gate.ledger.tiles import HASH, TILE_WIDTH, read_published, width_at
from leadglass.gate.ledger.tree import leaf_hash

__all__ = ["PendingCheck"]


class PendingCheck:
    """Looks at every frame of every segment, also at those that are published already."""

    def __init__(self, directory: Path, audit: Audit, key: VerifierKey, published: int) -> None:
        self._directory = directory
        self._audit = audit
        self._key = key
        self._published = published
        self._last: tuple[int, list[bytes]] = (0, [])  # the leaves of the newest frame
        self.unfinished_bytes = 0

    def segment(self, path: Path, file: BinaryIO) -> None:
        """Check one segment; give them in order."""
        self.unfinished_bytes = 0  # an unfinished write within is made good by the next segment
        found = frames(file)
        for item in found:
            where = f"pending/{path.name} at byte {item.offset}"
            match item:
                case Torn():
                    self.unfinished_bytes = item.length
                case Damaged():
                    self._audit.wrong(where, item.what)
                case Frame() if item.has_hole and next(found, None) is None:
                    self.unfinished_bytes = file.tell() - item.offset
                case Frame():
                    self._frame(where, item)

    def _frame(self, where: str, frame: Frame) -> None:
        audit = self._audit
        hashes = list(map(leaf_hash, frame.entries))
        if frame.end <= audit.edge.size:
            if not self._is_known(frame, hashes):
                audit.wrong(
                    where, f"its entries {frame.first} to {frame.end - 1} are not the ones that follow elsewhere"
                )
            return
        if frame.first != audit.edge.size:
            audit.wrong(
                where, f"it starts at entry {frame.first} where entry {audit.edge.size} belongs: entries are gone"
            )
        for index, (entry, digest) in enumerate(zip(frame.entries, hashes, strict=True), frame.first):
            audit.entry(index, entry)
            audit.leaf(digest)
        self._last = (frame.first, hashes)
        try:
            checkpoint = verify_checkpoint(frame.note, self._key)
        except BadCheckpoint as error:
            audit.wrong(where, f"the checkpoint after entry {frame.end - 1} does not hold: {error}")
            return
        if (checkpoint.size, checkpoint.root) != (audit.edge.size, audit.edge.root):
            audit.wrong(where, f"entries {frame.first} to {frame.end - 1} are not the ones that were signed")

    def _is_known(self, frame: Frame, hashes: list[bytes]) -> bool:
        """True if these entries are the ones seen before at their places: published, or written again after a fault."""
        if frame.first >= self._published:
            return (frame.first, hashes) == self._last
        for index, digest in enumerate(hashes, frame.first):
            tile, place = divmod(index, TILE_WIDTH)
            known = read_published(self._directory, 0, tile, width_at(self._published, 0, tile)) or b""
            if known[place * HASH : (place + 1) * HASH] != digest:
                return False
        return True

"""Verification that goes on from where it stopped: each look costs what was written since the last one.

What was seen once is remembered as the right edge of its tree. A later look reads the new entries only, adds them, and
holds the root against the signed checkpoint: that proves that the old entries are still those the tree was made of,
not that their bytes on the disk are still the same. `check_all` reads every byte again.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from leadglass.gate.ledger.audit import Audit
from leadglass.gate.ledger.checkpoint import BadCheckpoint, Checkpoint, verify_checkpoint
from leadglass.gate.ledger.key import VerifierKey
from leadglass.gate.ledger.reading import open_segments, read_bundle
from leadglass.gate.ledger.tiles import TILE_WIDTH
from leadglass.gate.ledger.tree import leaf_hash
from leadglass.gate.ledger.verify import verify
from leadglass.gate.ledger.verify_pending import PendingCheck
from leadglass.terms.errors import LedgerFault

__all__ = ["Watch", "Watched"]


@dataclass(frozen=True, slots=True)
class Watched:
    """What a look found. `problems` are in words for people."""

    size: int
    root: bytes
    problems: tuple[str, ...]


class Watch:
    """Of the ledger in `directory`, signed with `key`. Its methods read files and take time: call them in a thread."""

    def __init__(self, directory: Path, key: VerifierKey) -> None:
        self._directory = directory
        self._key = key
        self._lock = Lock()
        self._stopped = False
        self._audit = Audit({})
        self._lasting: tuple[str, ...] = ()  # found by the last `check_all`

    @property
    def seen(self) -> int:
        """How many entries have been read so far."""
        return self._audit.edge.size

    def stop(self) -> None:
        """Makes the check in progress, and all later ones, end soon with LedgerFault. For any thread."""
        self._stopped = True

    def check_new(self) -> Watched:
        """All that was written since the last look, or ever. Problems stay until `check_all` finds none."""
        with self._lock, ExitStack() as stack:
            segments = open_segments(self._directory, stack)
            published = self._published()
            if published is not None:
                self._read_to(published)
            pending = self._audit.fork()
            check = PendingCheck(self._directory, pending, self._key, self._audit.edge.size)
            for path, file in segments:
                check.segment(path, file)
            problems = [*self._lasting, *map(str, self._audit.problems), *map(str, pending.problems)]
            return Watched(pending.edge.size, pending.edge.root, tuple(dict.fromkeys(problems)))

    def check_all(self) -> Watched:
        """Every entry, hash, tile and signature again, from the beginning."""
        with self._lock:
            report = verify(self._directory, self._key, progress=self._go_on)
            self._lasting = tuple(map(str, report.problems))
            self._audit = Audit({})
        found = self.check_new()
        return Watched(report.size, report.root, tuple(dict.fromkeys((*self._lasting, *found.problems))))

    def _published(self) -> Checkpoint | None:
        try:
            return verify_checkpoint((self._directory / "checkpoint").read_bytes(), self._key)
        except (OSError, BadCheckpoint) as error:
            self._audit.wrong("checkpoint", f"it does not hold: {error}")
            return None

    def _read_to(self, published: Checkpoint) -> None:
        audit = self._audit
        if published.size < audit.edge.size:
            audit.wrong("checkpoint", f"it speaks of {published.size} entries, and {audit.edge.size} were there before")
            return
        while audit.edge.size < published.size:
            self._go_on(audit.edge.size, published.size)
            index, done = divmod(audit.edge.size, TILE_WIDTH)
            width = min(TILE_WIDTH, published.size - index * TILE_WIDTH)
            try:
                entries = read_bundle(self._directory, index, width)
            except LedgerFault as fault:
                audit.wrong("entries", str(fault))
                return
            for entry in entries[done:]:
                audit.entry(audit.edge.size, entry)
                audit.leaf(leaf_hash(entry))
        if audit.edge.root != published.root:
            audit.wrong("checkpoint", f"it does not sign the {published.size} entries that are here")

    def _go_on(self, done: int, total: int) -> None:
        if self._stopped:
            raise LedgerFault(f"the verification was stopped after {done} of {total} entries: the server is stopping")

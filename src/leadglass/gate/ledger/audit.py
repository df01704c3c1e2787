"""The running state of a verification: the tree as recomputed, and everything found wrong so far."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from leadglass.gate.ledger.checkpoint import BadCheckpoint, verify_checkpoint
from leadglass.gate.ledger.entry import Entry
from leadglass.gate.ledger.key import VerifierKey
from leadglass.gate.ledger.report import MAX_PROBLEMS, Problem
from leadglass.gate.ledger.tree import RightEdge
from leadglass.terms.errors import UserFault

__all__ = ["Audit", "remembered_checkpoints"]


class Audit:
    """Grows with each entry that is looked at; memory does not, but for problems and remembered checkpoints."""

    def __init__(self, remembered: dict[int, dict[str, bytes]]) -> None:
        self.edge = RightEdge()
        self.problems: list[Problem] = []
        self.further_problems = 0
        self._remembered = remembered
        self._latest: datetime | None = None
        self.compare_remembered()

    def wrong(self, where: str, what: str) -> None:
        """Note a problem."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(where, what))
        else:
            self.further_problems += 1

    def entry(self, index: int, data: bytes) -> None:
        """Check what an entry says of itself: canonical form, its number, its time."""
        try:
            entry = Entry.decode(data)
        except ValueError as error:
            self.wrong(f"entry {index}", f"it cannot be read ({error})")
            return
        if entry.tree_index != index:
            self.wrong(
                f"entry {index}", f"it says it is entry {entry.tree_index}: entries were moved, put in or removed"
            )
        if self._latest is not None and entry.at < self._latest:
            self.wrong(f"entry {index}", "its time is before that of the entry before it")
        else:
            self._latest = entry.at

    def leaf(self, digest: bytes) -> None:
        """Grow the tree by one leaf."""
        self.edge.add(digest)
        self.compare_remembered()

    def compare_remembered(self) -> None:
        """Hold the tree, as it stands, against the remembered checkpoints of its size."""
        for name, root in self._remembered.pop(self.edge.size, {}).items():
            if root != self.edge.root:
                self.wrong(name, f"the first {self.edge.size} entries are not the ones that this checkpoint remembers")

    def remembers_within(self, size: int) -> bool:
        """True if some remembered checkpoint falls between the present size and `size`."""
        return any(self.edge.size < remembered <= size for remembered in self._remembered)

    def fork(self) -> Audit:
        """An audit of what comes next that leaves this one as it is; without problems yet."""
        twin = Audit({})
        twin.edge = self.edge.copy()
        twin._latest = self._latest
        return twin

    def finish(self) -> None:
        """Whatever is remembered and was not reached has been cut off."""
        for size, names in sorted(self._remembered.items()):
            for name in names:
                self.wrong(
                    name,
                    f"it remembers {size} entries and only {self.edge.size} are here: the ledger was cut short or put "
                    "back to an older state",
                )


def remembered_checkpoints(source: Path | None, key: VerifierKey) -> dict[int, dict[str, bytes]]:
    """Roots by size and file, of one remembered checkpoint or of a folder of them. UserFault if one is not genuine."""
    if source is None:
        return {}
    files = sorted(p for p in source.iterdir() if not p.name.startswith(".")) if source.is_dir() else [source]
    found: dict[int, dict[str, bytes]] = {}
    for file in files:
        try:
            checkpoint = verify_checkpoint(file.read_bytes(), key)
        except (BadCheckpoint, OSError) as error:
            raise UserFault(
                f"{file} is not a checkpoint of this ledger ({error})", "keep only its checkpoints in that place"
            ) from error
        found.setdefault(checkpoint.size, {})[str(file)] = checkpoint.root
    return found

"""What a verification found, as a value with plain words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["MAX_PROBLEMS", "Problem", "Report", "Verdict"]

MAX_PROBLEMS: Final = 1000
"""Problems kept one by one; a ledger overwritten with noise has one for every entry."""


class Verdict(StrEnum):
    INTACT = "intact"
    UNFINISHED = "intact, but its last write is unfinished"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not hold: where (a file, an entry's number) and what, in words for people."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of `verify`."""

    verdict: Verdict
    origin: str
    size: int  # entries found, those not yet published included
    root: bytes  # of the tree of these entries
    published: int  # entries under the checkpoint file
    problems: tuple[Problem, ...]
    further_problems: int  # beyond MAX_PROBLEMS
    unfinished_bytes: int
    remembered: int  # checkpoints from outside that it was held against

    @property
    def ok(self) -> bool:
        """True unless something was changed, removed, moved, cut off or rolled back."""
        return self.verdict is not Verdict.BROKEN

    @property
    def exit_code(self) -> int:
        """0 intact, 1 broken, 2 intact with an unfinished last write."""
        return {Verdict.INTACT: 0, Verdict.BROKEN: 1, Verdict.UNFINISHED: 2}[self.verdict]

    @property
    def lines(self) -> list[str]:
        """The report for people."""
        text = [f"ledger {self.origin}: {self.size} entries, {self.verdict}", f"root {self.root.hex()}"]
        if self.remembered:
            text.append(f"held against {self.remembered} checkpoints from outside")
        else:
            text.append("without a checkpoint kept outside, a return to an older complete state cannot be seen")
        if self.unfinished_bytes:
            text.append(
                f"the last {self.unfinished_bytes} bytes are an unfinished write: expected after a crash, or in a "
                "copy of a running server, and nobody was told that it succeeded"
            )
        text.extend(map(str, self.problems))
        if self.further_problems:
            text.append(f"and {self.further_problems} further problems")
        return text

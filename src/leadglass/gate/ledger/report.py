"""What a verification found, as a value with plain words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Problem", "Report", "Verdict"]


class Verdict(StrEnum):
    INTACT = "intact"
    UNFINISHED = "intact, but its last write is unfinished"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not hold: where (a file, an entry's number) and what, in words for people."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of `verify`."""

    verdict: Verdict
    size: int  # entries, the unpublished ones included
    root: bytes
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return self.verdict is not Verdict.BROKEN

    @property
    def exit_code(self) -> int:
        """0 intact, 1 broken, 2 intact with an unfinished last write."""
        return {Verdict.INTACT: 0, Verdict.BROKEN: 1, Verdict.UNFINISHED: 2}[self.verdict]

"""What a survey asked of the range, by the level it would have needed: the range is strict about law 4."""

from __future__ import annotations

from collections import Counter

__all__ = ["NEVER", "Law"]

NEVER = 5
"""The "level" of what no survey may ever do: store, delete, log in with a guessed name, list patients."""


class Law:
    """Counts requests. One for a whole range; manners are handed it."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[int, str]] = Counter()

    def saw(self, level: int, what: str) -> None:
        """A request that needs `level` (1 to 4, or NEVER); `what` is a name of ours, like "C-FIND by UID"."""
        self.asked[level, what] += 1

    def above(self, level: int) -> dict[str, int]:
        """What was asked for beyond `level`."""
        return {what: count for (needs, what), count in self.asked.items() if needs > level}

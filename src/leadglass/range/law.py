"""What a survey asked of the range, by the level it would have needed: the range is strict about law 4."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

__all__ = ["NEVER", "Law"]

NEVER: Final = 5
"""The "level" of what no survey may ever do: store, delete, log in with a guessed name, list patients."""
_NAMED: Final = 1
"""AE titles, and user names, besides those drawn by lot that one system may be asked for: the one its owner named."""
_LOT: Final = re.compile(rb"[A-Z0-9]{12,16}")
"""What is drawn by lot looks so; words of a list are shorter. It is no guess, however often it is heard: surveys in a
row, or one that was stopped and goes on, are not taken for one that guesses."""


class Law:
    """Counts requests. One for a whole range; manners are handed it."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[int, str]] = Counter()
        self._titles: dict[str, set[bytes]] = {}
        self._user_names: dict[str, set[bytes]] = {}

    def saw(self, level: int, what: str) -> None:
        """A request that needs `level` (1 to 4, or NEVER); `what` is a name of ours, like "C-FIND by UID"."""
        self.asked[level, what] += 1

    def heard_title(self, system: str, called_ae_title: bytes) -> None:
        """An association request to this system. A second title that was not drawn by lot is a guess."""
        self._heard(self._titles, system, called_ae_title.strip(), "guessing AE titles")

    def heard_user_name(self, system: str, name: bytes) -> None:
        """A user identity without a passcode. A second name that was not drawn by lot is a guess."""
        self._heard(self._user_names, system, name, "guessing user names")

    def above(self, level: int) -> dict[str, int]:
        """What was asked for beyond `level`."""
        return {what: count for (needs, what), count in self.asked.items() if needs > level}

    def _heard(self, known: dict[str, set[bytes]], system: str, word: bytes, guessing: str) -> None:
        words = known.setdefault(system, set())
        if word in words or _LOT.fullmatch(word):
            return
        if len(words) < _NAMED:
            words.add(word)
        else:
            self.saw(NEVER, guessing)

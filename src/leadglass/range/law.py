"""What a survey asked of the range, by the level it would have needed: the range is strict about law 4."""

from __future__ import annotations

from collections import Counter
from typing import Final

__all__ = ["NEVER", "Law"]

NEVER: Final = 5
"""The "level" of what no survey may ever do: store, delete, log in with a guessed name, list patients."""
_TITLES_ALLOWED: Final = 2
"""Called AE titles one system may be asked for: one drawn by lot, one that its owner named."""
_USER_NAMES_ALLOWED: Final = 1
"""That is nobody's."""


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
        """An association request to this system. More than a few titles are guesses from a word list."""
        self._heard(self._titles, system, called_ae_title, _TITLES_ALLOWED, "guessing AE titles")

    def heard_user_name(self, system: str, name: bytes) -> None:
        """A user identity without a passcode. A second name is a guess."""
        self._heard(self._user_names, system, name, _USER_NAMES_ALLOWED, "guessing user names")

    def forget_titles(self) -> None:
        """Another survey begins, with titles and user names of its own."""
        self._titles.clear()
        self._user_names.clear()

    def above(self, level: int) -> dict[str, int]:
        """What was asked for beyond `level`."""
        return {what: count for (needs, what), count in self.asked.items() if needs > level}

    def _heard(self, known: dict[str, set[bytes]], system: str, word: bytes, allowed: int, guessing: str) -> None:
        words = known.setdefault(system, set())
        if word not in words:
            if len(words) < allowed:
                words.add(word)
            else:
                self.saw(NEVER, guessing)

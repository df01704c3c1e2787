"""Random identifiers that nobody has issued, each noted, so that a replay draws the same."""

from __future__ import annotations

import secrets
from uuid import UUID

__all__ = ["FreshChance"]


class FreshChance:
    """Chance for one target."""

    def __init__(self) -> None:
        self._drawn: list[str] = []

    def uid(self) -> str:
        """A UID from a random UUID (PS3.5 B.2), 40 to 44 characters."""
        return self._noted(f"2.25.{UUID(bytes=secrets.token_bytes(16), version=4).int}")

    def word(self, length: int) -> str:
        """So many upper-case hexadecimal digits."""
        return self._noted(secrets.token_hex(length)[:length].upper())

    def take_drawn(self) -> tuple[str, ...]:
        """What was drawn since this was asked last, in order."""
        if not self._drawn:
            return ()
        drawn, self._drawn = tuple(self._drawn), []
        return drawn

    def _noted(self, text: str) -> str:
        self._drawn.append(text)
        return text

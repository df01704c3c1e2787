"""What is said to a Redis server at level 3. It is not transcribed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from leadglass.survey.level import Level
from leadglass.survey.probes.redis_talks import Commands, naming

__all__ = ["KeyCount"]


class KeyCount(Commands):
    """Who asks, and DBSIZE."""

    kind: ClassVar[str] = "redis key count"
    level = Level.COUNTS

    def __init__(self, name: str) -> None:
        super().__init__(naming(name), ("DBSIZE",))
        self.is_spoken = True  # the talk before this one has shown it
        self.keys: int | None = None

    def _answer(self, message: bytes) -> bytes:
        said, number = super()._answer(message), message[1:-2]
        if self.is_over and message.startswith(b":") and number.isdigit() and len(number) < 20:
            self.keys = int(number)
        return said

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        return {} if self.keys is None else {"keys": self.keys}

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        self.keys = int(tally["keys"]) if "keys" in tally else None

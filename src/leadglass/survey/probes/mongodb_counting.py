"""What is said to a MongoDB server at level 3, and how each collection is asked the same. None of it is transcribed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from leadglass.survey.level import Level
from leadglass.survey.probes.bson import Document, Writable
from leadglass.survey.probes.mongodb_talks import Commands

__all__ = ["CollectionSizes", "EachCollection"]

Found = TypeVar("Found")


class EachCollection(Commands, Generic[Found]):
    """The same command to one collection after another."""

    def __init__(self, name: str, collections: Sequence[tuple[str, str]]) -> None:
        super().__init__(name)
        self.found: dict[int, Found] = {}
        """By position in `collections`; what the server did not say is missing."""
        self._collections = tuple(collections)
        self._at = 0

    def _first(self) -> bytes:
        return self._ask()

    def _next(self, document: Document) -> bytes:
        found = self._read(document) if document.get("ok") == 1 else None
        if found is not None:
            self.found[self._at] = found
        self._at += 1
        self.is_over = self._at >= len(self._collections)
        return b"" if self.is_over else self._ask()

    def _ask(self) -> bytes:
        database, name = self._collections[self._at]
        return self._command(database, self._request(name))

    @abstractmethod
    def _request(self, name: str) -> Mapping[str, Writable]:
        """The command to one collection."""

    @abstractmethod
    def _read(self, document: Document) -> Found | None:
        """What its answer says; None for nothing."""


class CollectionSizes(EachCollection[int]):
    """`count` without a condition: the server knows it and reads no document."""

    kind: ClassVar[str] = "mongodb sizes"
    level = Level.COUNTS

    def _request(self, name: str) -> Mapping[str, Writable]:
        return {"count": name}

    def _read(self, document: Document) -> int | None:
        count = document.get("n")
        return int(count) if isinstance(count, int | float) and 0 <= count < 2**63 else None

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        return {str(at): count for at, count in self.found.items()}

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        self.found = {int(at): int(count) for at, count in tally.items()}

"""What is said to a MongoDB server at levels 3 and 4; none of it is transcribed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Generic, TypeVar

from leadglass.survey.level import Level
from leadglass.survey.personal_data import kinds_of_fields
from leadglass.survey.probes.bson import Document, Value, Writable
from leadglass.survey.probes.mongodb_talks import Commands

__all__ = ["CollectionFields", "CollectionSizes"]

_SUBFIELDS: Final[Mapping[str, Writable]] = {
    "$cond": [
        {"$eq": [{"$type": "$$field.v"}, "object"]},
        {"$map": {"input": {"$objectToArray": "$$field.v"}, "as": "part", "in": "$$part.k"}},
        [],
    ]
}
_FIELD_NAMES: Final[Sequence[Writable]] = [
    {"$limit": 1},
    {
        "$project": {
            "_id": 0,
            "fields": {
                "$map": {
                    "input": {"$objectToArray": "$$ROOT"},
                    "as": "field",
                    "in": {"name": "$$field.k", "parts": _SUBFIELDS},
                }
            },
        }
    },
]
"""The server takes one document apart and answers with the names of its fields, and of theirs, alone."""

Found = TypeVar("Found")


class _EachCollection(Commands, Generic[Found]):
    """The same command to one collection after another."""

    def __init__(self, collections: Sequence[tuple[str, str]], *, uses_op_msg: bool) -> None:
        super().__init__(uses_op_msg=uses_op_msg)
        self.found: dict[int, Found] = {}
        """By position in `collections`; what the server did not say is missing."""
        self._collections = tuple(collections)
        self._at = 0

    def begin(self) -> bytes:
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


class CollectionSizes(_EachCollection[int]):
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


class CollectionFields(_EachCollection[tuple[str, ...]]):
    """The kinds of personal data that the fields of one document speak of."""

    kind = "mongodb fields"
    level = Level.KINDS

    def _request(self, name: str) -> Mapping[str, Writable]:
        return {"aggregate": name, "pipeline": _FIELD_NAMES, "cursor": {"batchSize": 1}}

    def _read(self, document: Document) -> tuple[str, ...] | None:
        cursor = document.get("cursor")
        batch = cursor.get("firstBatch") if isinstance(cursor, dict) else None
        return kinds_of_fields(_field_names(batch)) or None

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        return {str(at): ",".join(kinds) for at, kinds in self.found.items()}

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        self.found = {int(at): tuple(str(kinds).split(",")) for at, kinds in tally.items()}


def _field_names(batch: Value | None) -> list[str]:
    """The names, and those of parts with the name before them."""
    names: list[str] = []
    rows = batch if isinstance(batch, list) else []
    for row in rows:
        fields = row.get("fields") if isinstance(row, dict) else None
        for field in fields if isinstance(fields, list) else []:
            if isinstance(field, dict) and isinstance(name := field.get("name"), str):
                parts = field.get("parts")
                names.append(name)
                names += [f"{name}.{part}" for part in (parts if isinstance(parts, list) else ())]
    return names

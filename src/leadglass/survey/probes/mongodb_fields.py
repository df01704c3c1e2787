"""What is said to a MongoDB server at level 4: how the fields of a document are called. None of it is transcribed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.personal_data import kinds_of_fields
from leadglass.survey.probes.bson import Document, Value, Writable
from leadglass.survey.probes.mongodb_counting import EachCollection

__all__ = ["CollectionFields"]

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


class CollectionFields(EachCollection[tuple[str, ...]]):
    """The kinds of personal data that the fields of one document speak of."""

    kind: ClassVar[str] = "mongodb fields"
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

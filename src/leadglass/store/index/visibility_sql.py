"""A Visibility as one SQL condition on the studies table.

The condition's text depends only on which kinds of selectors occur, never on how many or which values they hold, so
it is part of the cached statement; the values go in as one list per kind. `Visibility.admits` says the same of one
study in Python: a property test holds the two together on both databases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Dialect, FromClause, and_, false, not_, or_, select, true

from leadglass.store.index.statement import is_any_of, list_value
from leadglass.store.index.tables import collection_studies
from leadglass.store.index.tidy import is_fit
from leadglass.terms.visibility import SelectorKind, Visibility

__all__ = ["VisibilityShape", "visibility_values", "visible"]


@dataclass(frozen=True, slots=True)
class VisibilityShape:
    """The kinds of selectors a Visibility holds: all that its SQL text depends on."""

    allow: frozenset[SelectorKind]
    deny: frozenset[SelectorKind]

    @classmethod
    def of(cls, visibility: Visibility) -> VisibilityShape:
        return cls(frozenset(s.kind for s in visibility.allow), frozenset(s.kind for s in visibility.deny))


def visible(shape: VisibilityShape, studies: FromClause, dialect: Dialect) -> ColumnElement[bool]:
    """The condition that a row of `studies` (or of an alias of it) is visible."""
    allowed = _any_kind(shape.allow, "allow", studies, dialect)
    return and_(allowed, not_(_any_kind(shape.deny, "deny", studies, dialect))) if shape.deny else allowed


def visibility_values(visibility: Visibility, dialect: Dialect) -> Mapping[str, Any]:
    """The parameters that the condition of this visibility's shape names."""
    values: dict[tuple[str, SelectorKind], list[str]] = {}
    for side, selectors in (("allow", visibility.allow), ("deny", visibility.deny)):
        for selector in selectors:
            if selector.kind is not SelectorKind.EVERYTHING:
                texts = values.setdefault((side, selector.kind), [])
                if is_fit(selector.value):
                    texts.append(selector.value)
    parameters = {_parameter(side, kind): list_value(dialect, texts) for (side, kind), texts in values.items()}
    for (side, kind), texts in values.items():
        if kind is SelectorKind.PATIENT:
            parameters[f"{_parameter(side, kind)}_near"] = list_value(dialect, _near(texts))
    return parameters


def _near(patients: Iterable[str]) -> Iterator[str]:
    """The Patient IDs that "ID" or "ID@ISSUER" can mean: what the index on Patient ID is asked for first."""
    for patient in patients:
        yield patient
        for place, character in enumerate(patient):
            if character == "@":
                yield patient[:place]


def _parameter(side: str, kind: SelectorKind) -> str:
    return f"{side}_{kind.name.lower()}"


def _any_kind(kinds: frozenset[SelectorKind], side: str, studies: FromClause, dialect: Dialect) -> ColumnElement[bool]:
    if SelectorKind.EVERYTHING in kinds:
        return true()
    return or_(false(), *(_of_kind(kind, _parameter(side, kind), studies, dialect) for kind in sorted(kinds)))


def _of_kind(kind: SelectorKind, parameter: str, studies: FromClause, dialect: Dialect) -> ColumnElement[bool]:
    match kind:
        case SelectorKind.EVERYTHING:
            return true()
        case SelectorKind.STUDY:
            return is_any_of(dialect, studies.c.study_instance_uid, parameter)
        case SelectorKind.PATIENT:
            by_id = is_any_of(dialect, studies.c.patient_id, parameter)
            by_key = is_any_of(dialect, studies.c.patient_key, parameter)
            return and_(is_any_of(dialect, studies.c.patient_id, f"{parameter}_near"), or_(by_id, by_key))
        case SelectorKind.COLLECTION:
            named = select(collection_studies.c.study_instance_uid)
            named = named.where(is_any_of(dialect, collection_studies.c.collection, parameter))
            return studies.c.study_instance_uid.in_(named)
        case SelectorKind.INSTITUTION:
            return is_any_of(dialect, studies.c.institution_search, parameter)
        case SelectorKind.REFERRING_PHYSICIAN:
            return is_any_of(dialect, studies.c.referring_physician_search, parameter)
        case SelectorKind.STORED_BY:
            return is_any_of(dialect, studies.c.stored_by, parameter)

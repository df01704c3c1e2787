"""C-FIND and QIDO: one SQL statement per page, visibility included (PS3.4 §C.4.1, §C.6).

A query's *shape* is everything its SQL text depends on: level, which keys in which form, what is returned, which
kinds of selectors the visibility holds. Statements are kept by shape; a query of a shape met before only collects its
values. Pages are told apart by the unique keys of the last answer, so no page is slower than the first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Dialect

from leadglass.store.index.attributes import ATTRIBUTES, supports
from leadglass.store.index.conditions import Term, term_for, term_values
from leadglass.store.index.find_sql import (
    ITEM_ATTRIBUTES,
    PAGING_KEYS,
    FindShape,
    KeyShape,
    answered_keywords,
    find_statement,
)
from leadglass.store.index.matching import Items, Match, QueryLevel
from leadglass.store.index.visibility_sql import VisibilityShape, visibility_values
from leadglass.terms.ceilings import MAX_FIND_PAGE
from leadglass.terms.visibility import Visibility

__all__ = ["find", "key_shapes"]


def find(
    conn: Connection,
    level: QueryLevel,
    keys: Mapping[str, Match],
    returns: Sequence[str],
    visibility: Visibility,
    after: Mapping[str, str] | None = None,
    limit: int = MAX_FIND_PAGE,
) -> list[dict[str, str]]:
    """At most `limit` visible entities of `level` that match all `keys`, as keyword → value ("" if absent).

    Both information models are served: in Study Root the patient attributes are simply those of the study level.
    Keys and returns of the level and of all levels above count; others are passed over (PS3.4 §C.2.2.1.3), see
    `attributes.supports`. Every answer holds the unique keys from patient down to `level`, asked for or not; several
    values are joined by backslash. `RequestAttributesSequence` is answered as RequestedProcedureID and
    ScheduledProcedureStepID, each with one value per item. For the next page pass the last answer as `after`; a page
    shorter than `limit` was the last.
    """
    if visibility.is_empty:
        return []
    dialect = conn.dialect
    values: dict[str, Any] = {"limit": limit, **visibility_values(visibility, dialect)}
    asked = key_shapes(level, keys, values, dialect)
    if after is not None:
        values.update({f"after_{keyword}": after[keyword] for keyword in PAGING_KEYS[level]})
    shape = FindShape(level, asked, tuple(returns), VisibilityShape.of(visibility), after is not None)
    rows = find_statement(dialect, shape).rows(conn, values)
    names = answered_keywords(level, shape.returns)
    return [dict(zip(names, map(_text, row), strict=True)) for row in rows]


def key_shapes(
    level: QueryLevel, keys: Mapping[str, Match], values: dict[str, Any], dialect: Dialect
) -> tuple[KeyShape, ...]:
    """The shapes of those keys that restrict anything; their values are added to `values`."""
    shapes = []
    for place, (keyword, match) in enumerate(keys.items()):
        if not supports(keyword, level):
            continue
        name = f"k{place}"
        if isinstance(match, Items):
            asked = {keyword: match.keys[keyword] for keyword in ITEM_ATTRIBUTES if keyword in match.keys}
        else:
            asked = {keyword: match}
        terms = _terms(name, asked, values, dialect)
        if terms:
            shapes.append(KeyShape(name, keyword, terms))
    return tuple(shapes)


def _terms(name: str, asked: Mapping[str, Match], values: dict[str, Any], dialect: Dialect) -> tuple[Term, ...]:
    terms: list[Term] = []
    for keyword, match in asked.items():
        attribute = ATTRIBUTES[keyword]
        term = term_for(attribute, match) if attribute.column else None
        if term is not None:
            values.update(term_values(f"{name}_{len(terms)}", term[1], dialect))
            terms.append(term[0])
    return tuple(terms)


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)

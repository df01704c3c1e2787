"""The SELECT behind a query shape, built and compiled once per shape and database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import (
    ColumnElement,
    Dialect,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    exists,
    func,
    select,
    tuple_,
)
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from leadglass.store.index.attributes import ATTRIBUTES, UNIQUE_KEYS, Kind, supports
from leadglass.store.index.conditions import Term, render_term
from leadglass.store.index.derived import derived_column
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.statement import Statement, compiled
from leadglass.store.index.tables import instances, request_attributes, series, studies
from leadglass.store.index.visibility_sql import VisibilityShape, visible
from leadglass.terms.visibility import SelectorKind

__all__ = [
    "ITEM_ATTRIBUTES",
    "NARROW",
    "PAGING_KEYS",
    "FindShape",
    "KeyShape",
    "answered_keywords",
    "conditions",
    "find_statement",
]

ITEM_ATTRIBUTES = ("RequestedProcedureID", "ScheduledProcedureStepID")
"""What the index keeps of the items of RequestAttributesSequence."""

PAGING_KEYS = {
    QueryLevel.PATIENT: ("PatientID", "IssuerOfPatientID"),
    QueryLevel.STUDY: ("StudyInstanceUID",),
    QueryLevel.SERIES: ("StudyInstanceUID", "SeriesInstanceUID"),
    QueryLevel.IMAGE: ("SOPInstanceUID",),
}
"""What the answers of a level are ordered by; no two answers have all of it in common."""


@dataclass(frozen=True, slots=True)
class KeyShape:
    """One query key without its values. `name` begins the names of its parameters; all terms must hold together."""

    name: str
    keyword: str
    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class FindShape:
    """All that the text of a query depends on."""

    level: QueryLevel
    keys: tuple[KeyShape, ...]
    returns: tuple[str, ...]
    visibility: VisibilityShape
    continued: bool  # not the first page


@lru_cache(maxsize=1024)
def answered_keywords(level: QueryLevel, returns: Sequence[str]) -> tuple[str, ...]:
    """The keywords that answers hold, in the order of the statement's columns."""
    unique = [keyword for above in QueryLevel if above <= level for keyword in UNIQUE_KEYS[above]]
    asked: list[str] = []
    for keyword in returns:
        asked += ITEM_ATTRIBUTES if keyword == "RequestAttributesSequence" else (keyword,)
    return tuple(dict.fromkeys(unique + [keyword for keyword in asked if supports(keyword, level)]))


@lru_cache(maxsize=1024)
def find_statement(dialect: Dialect, shape: FindShape) -> Statement:
    """Parameters: those of the keys, of the visibility, `limit`, and `after_<keyword>` if the shape is continued."""
    columns = [_column(keyword, shape, dialect) for keyword in answered_keywords(shape.level, shape.returns)]
    query = select(*columns).select_from(_TABLES[shape.level])
    if shape.level is QueryLevel.PATIENT:
        query = query.where(studies.c.id.in_(_one_study_per_patient(shape, dialect)))
    else:
        query = query.where(*_conditions(shape, studies, dialect))
    query = query.order_by(*_order(shape, dialect)).limit(bindparam("limit", type_=Integer))
    return compiled(query, dialect)


_TABLES: dict[QueryLevel, FromClause] = {
    QueryLevel.PATIENT: studies,
    QueryLevel.STUDY: studies,
    QueryLevel.SERIES: series.join(studies, series.c.study_row == studies.c.id),
    QueryLevel.IMAGE: instances.join(series, instances.c.series_row == series.c.id).join(
        studies, series.c.study_row == studies.c.id
    ),
}


def _order(shape: FindShape, dialect: Dialect) -> list[ColumnElement[object]]:
    """By the paging keys. SQLite, which keeps no statistics, would rather walk their index than find the few studies
    that a narrow visibility names: a unary plus tells it that the index is of no use for sorting."""
    order = [_column(keyword, shape, dialect) for keyword in PAGING_KEYS[shape.level]]
    if dialect.name == "sqlite" and shape.visibility.allow <= NARROW:
        return [UnaryExpression(column, operator=custom_op("+")) for column in order]
    return order


NARROW = {SelectorKind.STUDY, SelectorKind.PATIENT, SelectorKind.COLLECTION, SelectorKind.REFERRING_PHYSICIAN}
"""Kinds of selectors whose studies an index finds."""


def _one_study_per_patient(shape: FindShape, dialect: Dialect) -> Select[tuple[int]]:
    """The latest matching visible study of each patient: its row speaks for the patient. One page of them."""
    matched = studies.alias("matched")
    patient = (matched.c.patient_id, matched.c.issuer_of_patient_id)
    query = select(func.max(matched.c.id)).where(*_conditions(shape, matched, dialect))
    return query.group_by(*patient).order_by(*patient).limit(bindparam("limit", type_=Integer))


def _conditions(shape: FindShape, on: FromClause, dialect: Dialect) -> list[ColumnElement[bool]]:
    """What a row must fulfil: keys, visibility, and to come after the page before. `on` is studies or an alias."""
    where = conditions(shape.keys, shape.visibility, on, dialect)
    if shape.continued:
        keywords = PAGING_KEYS[shape.level]
        here = [_table(keyword, on).c[ATTRIBUTES[keyword].column] for keyword in keywords]
        before = [bindparam(f"after_{keyword}", type_=String) for keyword in keywords]
        where.append(tuple_(*here) > tuple_(*before) if len(here) > 1 else here[0] > before[0])
    return where


def conditions(
    keys: Sequence[KeyShape], visibility: VisibilityShape, on: FromClause, dialect: Dialect
) -> list[ColumnElement[bool]]:
    """What a row must fulfil to match and to be seen. `on` is studies or an alias of it."""
    return [*(_key_condition(key, on, dialect) for key in keys), visible(visibility, on, dialect)]


def _key_condition(key: KeyShape, on: FromClause, dialect: Dialect) -> ColumnElement[bool]:
    """A key on the row itself, or on some one row of another table that belongs to it."""

    def tests(table: FromClause) -> ColumnElement[bool]:
        return and_(*(render_term(f"{key.name}_{n}", term, table, dialect) for n, term in enumerate(key.terms)))

    inner = series.alias("matched_series")
    if key.keyword == "ModalitiesInStudy":
        return exists().where(inner.c.study_row == on.c.id, tests(inner))
    if key.keyword == "SOPClassesInStudy":
        image = instances.alias("matched_instances")
        return exists().where(image.c.series_row == inner.c.id, inner.c.study_row == on.c.id, tests(image))
    if ATTRIBUTES[key.keyword].kind is Kind.ITEMS or key.keyword in ITEM_ATTRIBUTES:
        # few series have the item asked for: found first, by its own index
        return series.c.id.in_(select(request_attributes.c.series_row).where(tests(request_attributes)))
    return tests(_table(key.keyword, on))


def _table(keyword: str, on: FromClause) -> FromClause:
    level = ATTRIBUTES[keyword].level
    return on if level <= QueryLevel.STUDY else series if level is QueryLevel.SERIES else instances


def _column(keyword: str, shape: FindShape, dialect: Dialect) -> ColumnElement[object]:
    attribute = ATTRIBUTES[keyword]
    if attribute.kind is Kind.DERIVED:
        return derived_column(keyword, shape.visibility, dialect)
    return _table(keyword, studies).c[attribute.column]

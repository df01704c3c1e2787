"""The SELECT behind a search, built and compiled once per shape and database.

Answers come newest study first (StudyDate, StudyTime, then the order of arrival), within a study by Series and SOP
Instance UID: what people want to see first, and an order that indexes hold ready, so that a page costs what it shows
and not what the archive holds. Whatever is counted in a study is counted by one subquery and answered as one text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    FromClause,
    Integer,
    String,
    UnaryExpression,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.sql.operators import custom_op

from leadglass.store.index.derived import derived_column
from leadglass.store.index.find_sql import NARROW, KeyShape, conditions
from leadglass.store.index.fragments import INSTANCE_COLUMNS
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.statement import Statement, compiled
from leadglass.store.index.tables import instances, series, studies
from leadglass.store.index.visibility_sql import VisibilityShape

__all__ = ["EXTRAS", "SearchShape", "search_statement"]

EXTRAS: Final = (
    "SOPClassesInStudy",
    "NumberOfPatientRelatedStudies",
    "NumberOfPatientRelatedSeries",
    "NumberOfPatientRelatedInstances",
)
"""Attributes that are worth their cost only to those who ask for them."""


@dataclass(frozen=True, slots=True)
class SearchShape:
    """All that the text of a search depends on."""

    level: QueryLevel
    keys: tuple[KeyShape, ...]
    visibility: VisibilityShape
    above: frozenset[QueryLevel]  # levels above whose attributes are answered, too
    extras: tuple[str, ...]
    continued: bool  # from behind an answer instead of from an offset


@lru_cache(maxsize=1024)
def search_statement(dialect: Dialect, shape: SearchShape) -> Statement:
    """Parameters: those of the keys, of the visibility, `limit`, and `offset` or, if continued, `after_0`, `after_1`, …

    Columns: place in the order (three, and one more a level below the study); StudyInstanceUID, PatientID,
    IssuerOfPatientID; of study and series, where answered, fragment and counts; of an instance `INSTANCE_COLUMNS`;
    the extras.
    """
    own = {shape.level, *shape.above}
    columns: list[ColumnElement[object]] = [*_place(shape.level)]
    columns += [studies.c.study_instance_uid, studies.c.patient_id, studies.c.issuer_of_patient_id]
    if QueryLevel.STUDY in own:
        columns += [studies.c.dicom_json, _counts(dialect)]
    if QueryLevel.SERIES in own:
        columns += [series.c.dicom_json, series.c.number_of_instances]
    if shape.level is QueryLevel.IMAGE:
        columns += [instances.c[name] for name in INSTANCE_COLUMNS]
    columns += [derived_column(keyword, shape.visibility, dialect) for keyword in shape.extras]
    query = select(*columns).select_from(_tables(shape, dialect))
    query = query.where(*conditions(shape.keys, shape.visibility, studies, dialect))
    query = query.where(_behind(shape.level)) if shape.continued else query.offset(bindparam("offset", type_=Integer))
    query = query.order_by(*_order(shape, dialect)).limit(bindparam("limit", type_=Integer))
    return compiled(query, dialect)


def _tables(shape: SearchShape, dialect: Dialect) -> FromClause:
    """Studies and what is below. Where all studies are walked in their order, SQLite, which might begin with the
    series instead and sort them all, is kept from it: behind a unary plus a study is not to be looked up."""
    study: ColumnElement[Any] = studies.c.id
    one_series: ColumnElement[Any] = series.c.id
    if dialect.name == "sqlite" and not _is_selective(shape):
        study, one_series = _plus(study), _plus(one_series)
    tables: FromClause = studies
    if shape.level >= QueryLevel.SERIES:
        tables = tables.join(series, series.c.study_row == study)
    if shape.level is QueryLevel.IMAGE:
        tables = tables.join(instances, instances.c.series_row == one_series)
    return tables


def _plus(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)


def _place(level: QueryLevel) -> list[ColumnElement[object]]:
    """What the answers of a level are ordered by; no two have all of it in common."""
    below = {
        QueryLevel.STUDY: [],
        QueryLevel.SERIES: [series.c.series_instance_uid],
        QueryLevel.IMAGE: [series.c.series_instance_uid, instances.c.sop_instance_uid],
    }
    return [studies.c.study_date, studies.c.study_time, studies.c.id, *below[level]]


def _order(shape: SearchShape, dialect: Dialect) -> list[ColumnElement[object]]:
    of_study, below = _place(shape.level)[:3], _place(shape.level)[3:]
    if dialect.name == "sqlite" and _is_selective(shape):
        of_study = [_plus(column) for column in of_study]
    return [*(column.desc() for column in of_study), *below]


def _is_selective(shape: SearchShape) -> bool:
    """True if few studies match, which an index finds and which are then sorted. SQLite keeps no statistics: it might
    walk all studies in their order instead, were it not told (by a unary plus) that their index does not sort."""
    return shape.visibility.allow <= NARROW or any(key.keyword in _SELECTIVE for key in shape.keys)


_SELECTIVE: Final = frozenset(
    {
        "PatientID",
        "PatientName",
        "AccessionNumber",
        "ReferringPhysicianName",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "SOPInstanceUID",
        "RequestAttributesSequence",
        "RequestedProcedureID",
        "ScheduledProcedureStepID",
    }
)


def _behind(level: QueryLevel) -> ColumnElement[bool]:
    """The row comes after the one whose place is given."""
    place = _place(level)
    types = (String, String, BigInteger, String, String)
    given = [bindparam(f"after_{number}", type_=types[number]) for number in range(len(place))]
    of_study, study = tuple_(*place[:3]), tuple_(*given[:3])
    if len(place) == 3:
        return of_study < study
    here = and_(of_study == study, tuple_(*place[3:]) > tuple_(*given[3:]))
    return and_(of_study <= study, or_(of_study < study, here))


def _counts(dialect: Dialect) -> ColumnElement[object]:
    """Number of series, number of instances and the modality of each series, joined by backslash."""
    inner = series.alias("of_study")
    join = func.group_concat if dialect.name == "sqlite" else func.string_agg
    numbers = [func.count(), func.coalesce(func.sum(inner.c.number_of_instances), 0)]
    text = sql_cast(numbers[0], String) + "\\" + sql_cast(numbers[1], String) + "\\" + join(inner.c.modality, "\\")
    return select(text).where(inner.c.study_row == studies.c.id).correlate(studies).scalar_subquery()

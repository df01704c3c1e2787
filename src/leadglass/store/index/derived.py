"""Attributes that are computed from the level below: each a scalar subquery on the row being answered."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, Dialect, FromClause, Select, and_, func, select

from leadglass.store.index.tables import instances, request_attributes, series, studies
from leadglass.store.index.visibility_sql import VisibilityShape, visible

__all__ = ["derived_column"]


def derived_column(keyword: str, shape: VisibilityShape, dialect: Dialect) -> ColumnElement[object]:
    """The value of a derived attribute for the current row of `studies` (or of `series`, for those of that level).

    What is counted of a patient is only what is visible: a count must not tell of hidden studies.
    """
    if keyword in _OF_PATIENT:
        return _of_patient(keyword, shape, dialect)
    return _OTHERS[keyword](dialect)


def _of_patient(keyword: str, shape: VisibilityShape, dialect: Dialect) -> ColumnElement[object]:
    others = studies.alias("others")
    same = and_(
        others.c.patient_id == studies.c.patient_id, others.c.issuer_of_patient_id == studies.c.issuer_of_patient_id
    )
    counted, source = _OF_PATIENT[keyword](others)
    query = select(counted).select_from(source).where(same, visible(shape, others, dialect))
    return query.correlate(studies).scalar_subquery()


_OF_PATIENT: dict[str, Callable[[FromClause], tuple[ColumnElement[int], FromClause]]] = {
    "NumberOfPatientRelatedStudies": lambda others: (func.count(), others),
    "NumberOfPatientRelatedSeries": lambda others: (
        func.count(),
        others.join(series, series.c.study_row == others.c.id),
    ),
    "NumberOfPatientRelatedInstances": lambda others: (
        func.coalesce(func.sum(series.c.number_of_instances), 0),
        others.join(series, series.c.study_row == others.c.id),
    ),
}


def _joined(query: Select[tuple[str]], dialect: Dialect) -> ColumnElement[object]:
    """The values of an ordered one-column query as one text, with backslashes between (PS3.5 §6.4)."""
    join = func.group_concat if dialect.name == "sqlite" else func.string_agg
    return select(join(query.subquery().c[0], "\\")).scalar_subquery()


def _modalities_in_study(dialect: Dialect) -> ColumnElement[object]:
    inner = series.alias("of_study")

    query = select(inner.c.modality).where(inner.c.study_row == studies.c.id, inner.c.modality != "")
    return _joined(query.distinct().order_by(inner.c.modality).correlate(studies), dialect)


def _sop_classes_in_study(dialect: Dialect) -> ColumnElement[object]:
    inner = series.alias("of_study")
    query = select(instances.c.sop_class_uid).join_from(instances, inner, instances.c.series_row == inner.c.id)
    query = query.where(inner.c.study_row == studies.c.id).correlate(studies)
    return _joined(query.distinct().order_by(instances.c.sop_class_uid), dialect)


def _series_of_study(counted: Callable[[FromClause], ColumnElement[int]]) -> ColumnElement[object]:
    inner = series.alias("of_study")
    return (
        select(counted(inner))
        .select_from(inner)
        .where(inner.c.study_row == studies.c.id)
        .correlate(studies)
        .scalar_subquery()
    )


def _request_attribute(name: str, dialect: Dialect) -> ColumnElement[object]:
    items = select(request_attributes.c[name]).where(request_attributes.c.series_row == series.c.id)
    return _joined(items.order_by(request_attributes.c.item).correlate(series), dialect)


_OTHERS: dict[str, Callable[[Dialect], ColumnElement[object]]] = {
    "ModalitiesInStudy": _modalities_in_study,
    "SOPClassesInStudy": _sop_classes_in_study,
    "NumberOfStudyRelatedSeries": lambda _: _series_of_study(lambda _: func.count()),
    "NumberOfStudyRelatedInstances": lambda _: _series_of_study(
        lambda inner: func.coalesce(func.sum(inner.c.number_of_instances), 0)
    ),
    "NumberOfSeriesRelatedInstances": lambda _: series.c.number_of_instances,
    "RequestedProcedureID": lambda dialect: _request_attribute("requested_procedure_id", dialect),
    "ScheduledProcedureStepID": lambda dialect: _request_attribute("scheduled_procedure_step_id", dialect),
}

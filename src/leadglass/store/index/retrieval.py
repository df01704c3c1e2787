"""What a retrieve needs: every visible object under some UIDs, with where it lies and the key that opens it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Dialect, String, bindparam, select

from leadglass.store.index.attributes import ATTRIBUTES
from leadglass.store.index.facts import study_facts
from leadglass.store.index.matching import QueryLevel
from leadglass.store.index.statement import Statement, compiled, is_any_of, list_value
from leadglass.store.index.tables import instances, series, studies, study_keys
from leadglass.store.index.tidy import tidy_text
from leadglass.store.index.visibility_sql import VisibilityShape, visibility_values, visible
from leadglass.store.keys.study import WrappedKey
from leadglass.store.location import Location
from leadglass.terms.visibility import StudyFacts, Visibility

__all__ = ["StoredObject", "objects_of", "owners_of"]

_NOWHERE: Mapping[str, str] = MappingProxyType({})
_UNIQUE_KEY = {
    QueryLevel.PATIENT: "PatientID",
    QueryLevel.STUDY: "StudyInstanceUID",
    QueryLevel.SERIES: "SeriesInstanceUID",
    QueryLevel.IMAGE: "SOPInstanceUID",
}


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object, ready to be read. `key` is None if it was destroyed: then the object can never be read."""

    sop_class_uid: str
    sop_instance_uid: str
    transfer_syntax_uid: str
    location: Location
    study_instance_uid: str
    series_instance_uid: str
    patient_id: str = field(repr=False)
    number_of_frames: str
    key: WrappedKey | None


def objects_of(
    conn: Connection,
    level: QueryLevel,
    uids: Collection[str],
    visibility: Visibility,
    within: Mapping[str, str] = _NOWHERE,
) -> Sequence[StoredObject]:
    """The visible objects of the entities `uids` of `level` (Patient IDs at the patient level), by study, series
    number and instance number. `within` may name the unique keys of levels above, which must then agree as well.

    What is stored but not visible is missing exactly as what was never stored.
    """
    if visibility.is_empty or not uids:
        return []
    dialect = conn.dialect
    values: dict[str, Any] = {"uids": list_value(dialect, map(tidy_text, uids))}
    values.update({f"within_{keyword}": tidy_text(value) for keyword, value in within.items()})
    values.update(visibility_values(visibility, dialect))
    statement = _objects_statement(dialect, level, frozenset(within), VisibilityShape.of(visibility))
    rows = sorted(statement.rows(conn, values), key=_viewing_order)
    known: dict[Any, Any] = {}
    return [_stored_object(row, known) for row in rows]


def owners_of(
    conn: Connection, level: QueryLevel, uids: Collection[str], within: Mapping[str, str] = _NOWHERE
) -> Sequence[StudyFacts]:
    """The studies that the entities `uids` belong to, whether anybody may see them or not: for the ledger, which must
    know what was asked for in vain."""
    values: dict[str, Any] = {"uids": list_value(conn.dialect, map(tidy_text, uids))}
    values.update({f"within_{keyword}": tidy_text(value) for keyword, value in within.items()})
    rows = _owners_statement(conn.dialect, level, frozenset(within)).rows(conn, values)
    found = [study_facts(conn, row[0]) for row in rows]
    return [facts for facts in found if facts is not None]


def _stored_object(row: Sequence[Any], known: dict[Any, Any]) -> StoredObject:
    """`known` holds the values seen so far: the objects of a study repeat most of them, and a plan may be kept for as
    long as a slow reader takes."""
    volume, offset, length, object_id, key_id, plaintext_length, dataset_offset = row[8:15]
    key_id = known.setdefault(key_id, key_id)
    location = Location(volume, offset, length, object_id, key_id, plaintext_length, dataset_offset)
    key = None if row[15] is None else WrappedKey(key_id, row[16], row[15])
    sop_class, instance, syntax, study, series_uid, patient, frames = (known.setdefault(text, text) for text in row[:7])
    key = known.setdefault(key, key)
    return StoredObject(sop_class, instance, syntax, location, study, series_uid, patient, frames, key)


def _viewing_order(row: Sequence[Any]) -> tuple[object, ...]:
    return row[3], _number(row[7]), row[4], _number(row[17]), row[1]


def _number(text: str) -> float:
    """An IS value as a number; what is none comes last."""
    try:
        return int(text)
    except ValueError:
        return float("inf")


@lru_cache(maxsize=256)
def _objects_statement(
    dialect: Dialect, level: QueryLevel, within: frozenset[str], shape: VisibilityShape
) -> Statement:
    query = select(
        instances.c.sop_class_uid,
        instances.c.sop_instance_uid,
        instances.c.transfer_syntax_uid,
        studies.c.study_instance_uid,
        series.c.series_instance_uid,
        studies.c.patient_id,
        instances.c.number_of_frames,
        series.c.series_number,
        instances.c.volume,
        instances.c.offset,
        instances.c.length,
        instances.c.object_id,
        instances.c.key_id,
        instances.c.plaintext_length,
        instances.c.dataset_offset,
        study_keys.c.wrapped,
        study_keys.c.master_id,
        instances.c.instance_number,
    ).select_from(
        instances.join(series, instances.c.series_row == series.c.id)
        .join(studies, series.c.study_row == studies.c.id)
        .outerjoin(study_keys, study_keys.c.key_id == instances.c.key_id)
    )
    query = query.where(is_any_of(dialect, _column(_UNIQUE_KEY[level]), "uids"), visible(shape, studies, dialect))
    for keyword in sorted(within):
        query = query.where(_column(keyword) == bindparam(f"within_{keyword}", type_=String))
    return compiled(query, dialect)


@lru_cache(maxsize=64)
def _owners_statement(dialect: Dialect, level: QueryLevel, within: frozenset[str]) -> Statement:
    joined = studies.join(series, series.c.study_row == studies.c.id)
    if level is QueryLevel.IMAGE:
        joined = joined.join(instances, instances.c.series_row == series.c.id)
    query = select(studies.c.study_instance_uid).distinct().select_from(joined)
    query = query.where(is_any_of(dialect, _column(_UNIQUE_KEY[level]), "uids"))
    for keyword in sorted(within):
        query = query.where(_column(keyword) == bindparam(f"within_{keyword}", type_=String))
    return compiled(query.order_by(studies.c.study_instance_uid), dialect)


def _column(keyword: str) -> Any:
    attribute = ATTRIBUTES[keyword]
    tables = {QueryLevel.SERIES: series, QueryLevel.IMAGE: instances}
    return tables.get(attribute.level, studies).c[attribute.column]

"""Instances into the index, and out by SOP Instance UID. The ingest path: few statements, many instances each.

A series' counter is raised first, by the number of instances offered: in the ordinary case that one statement also
finds the series and locks it against deletion. Only for a new series is the study looked at. If some instances then
turn out to be there already, the counters are put right and whatever was opened for nothing is closed again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Dialect, bindparam, delete, exists, select, update

from leadglass.dicom.instance_header import InstanceHeader
from leadglass.store.index.fragments import INSTANCE_COLUMNS, series_fragment, study_fragment
from leadglass.store.index.fuzzy import name_words
from leadglass.store.index.normal import normal_name, normal_name_groups, normal_text
from leadglass.store.index.outcomes import Added, AddOutcome, Duplicate, NewInstance, Stored
from leadglass.store.index.positions import set_indexed_to
from leadglass.store.index.statement import Statement, compiled, insert_for, insert_ignoring, is_any_of, list_value
from leadglass.store.index.tables import instances, request_attributes, series, studies
from leadglass.store.index.tidy import tidy_header, tidy_text
from leadglass.store.index.types import instant_text
from leadglass.store.location import Location

__all__ = ["add_instances", "known_instances"]

_NO_POSITIONS: Mapping[int, int] = MappingProxyType({})


def add_instances(
    conn: Connection, batch: Sequence[NewInstance], positions: Mapping[int, int] = _NO_POSITIONS
) -> Sequence[AddOutcome]:
    """One outcome for each instance of `batch`, in its order; `positions` are moved forward in the same transaction.

    A study keeps the attributes its first instance brought, and so does a series.
    """
    batch = [_tidied(new) for new in batch]
    series_rows = _claim_all(conn, batch)
    added = Counter(_insert_all(conn, batch, series_rows))
    missed = len(batch) - added.total()
    existing = known_instances(conn, [new.header.sop_instance_uid for new in batch]) if missed else {}
    outcomes: list[AddOutcome] = []
    unclaimed: Counter[int] = Counter()
    for new, series_row in zip(batch, series_rows, strict=True):
        uid = new.header.sop_instance_uid
        if added[uid]:
            added[uid] -= 1
            outcomes.append(Added())
        else:
            outcomes.append(Duplicate(existing[uid]))
            unclaimed[series_row] += 1
    for series_row, number in sorted(unclaimed.items()):
        _give_back(conn, series_row, number)
    set_indexed_to(conn, positions)
    return outcomes


def known_instances(conn: Connection, sop_instance_uids: Iterable[str]) -> dict[str, Stored]:
    """Those of the instances that are in the index, by SOP Instance UID."""
    uids = list_value(conn.dialect, map(tidy_text, sop_instance_uids))
    rows = _known_statement(conn.dialect).rows_of(conn, (uids,))
    return {row[0]: Stored(row[0], row[1], row[2], row[3], row[4], Location(*row[6:]), row[5]) for row in rows}


def _tidied(new: NewInstance) -> NewInstance:
    header = tidy_header(new.header)
    return new if header is new.header else NewInstance(header, new.location, new.stored_by, new.stored_at)


# --- series and studies --------------------------------------------------------------------------------------


def _claim_all(conn: Connection, batch: Sequence[NewInstance]) -> list[int]:
    """The series row of each instance, the series' counters raised. Always in the same order: no deadlocks."""
    keys = [(new.header.study_instance_uid, new.header.series_instance_uid) for new in batch]
    rows: dict[tuple[str, str], int] = {}
    for key, number in sorted(Counter(keys).items()):
        claimed = _claim_statement(conn.dialect).rows_of(conn, (number, key[1], key[0]))
        rows[key] = claimed[0][0] if claimed else _open_series(conn, batch[keys.index(key)], number)
    return [rows[key] for key in keys]


def _open_series(conn: Connection, first: NewInstance, number: int) -> int:
    """The row of a series not met before (or opened by another node this instant), its counter raised."""
    header = first.header
    [[study_row]] = _open_study_statement(conn.dialect).rows(conn, _study_values(first))
    values = {name: getattr(header, name) for name in _SERIES_ATTRIBUTES}
    values.update(study_row=study_row, number_of_instances=number, stored_by=first.stored_by)
    values["dicom_json"] = series_fragment(header)
    [[series_row]] = _open_series_statement(conn.dialect).rows(conn, values)
    items = [
        {
            "series_row": series_row,
            "item": item,
            "requested_procedure_id": ids[0],
            "scheduled_procedure_step_id": ids[1],
        }
        for item, ids in enumerate(header.request_attributes)
    ]
    if items:
        conn.execute(insert_ignoring(conn, request_attributes, ["series_row", "item"]), items)
    return int(series_row)


def _give_back(conn: Connection, series_row: int, number: int) -> None:
    """Lowers a series' counter by what was claimed for nothing; an empty series, and then study, goes again."""
    lower = update(series).where(series.c.id == series_row).returning(series.c.number_of_instances, series.c.study_row)
    left, study_row = conn.execute(lower.values(number_of_instances=series.c.number_of_instances - number)).one()
    if left:
        return
    conn.execute(delete(request_attributes).where(request_attributes.c.series_row == series_row))
    conn.execute(delete(series).where(series.c.id == series_row))
    conn.execute(delete(studies).where(studies.c.id == study_row, ~exists().where(series.c.study_row == study_row)))


_STUDY_ATTRIBUTES = (
    "study_instance_uid",
    "patient_id",
    "issuer_of_patient_id",
    "patient_name",
    "patient_birth_date",
    "patient_sex",
    "study_date",
    "study_time",
    "accession_number",
    "study_id",
    "study_description",
    "referring_physician_name",
    "institution_name",
)
_SERIES_ATTRIBUTES = (
    "series_instance_uid",
    "modality",
    "series_number",
    "series_description",
    "series_date",
    "series_time",
    "body_part_examined",
    "protocol_name",
    "station_name",
    "laterality",
    "performed_procedure_step_start_date",
    "performed_procedure_step_start_time",
)
_INSTANCE_ATTRIBUTES = ("sop_instance_uid", *INSTANCE_COLUMNS)
_LOCATION = ("volume", "offset", "length", "object_id", "key_id", "plaintext_length", "dataset_offset")


def _study_values(first: NewInstance) -> Mapping[str, Any]:
    header = first.header
    values: dict[str, Any] = {name: getattr(header, name) for name in _STUDY_ATTRIBUTES}
    alphabetic, ideographic, phonetic = normal_name_groups(header.patient_name)
    values.update(
        patient_key=f"{header.patient_id}@{header.issuer_of_patient_id}",
        patient_name_search=alphabetic,
        patient_name_ideographic_search=ideographic,
        patient_name_phonetic_search=phonetic,
        patient_name_words=name_words(header.patient_name),
        referring_physician_search=normal_name(header.referring_physician_name),
        referring_physician_words=name_words(header.referring_physician_name),
        institution_search=normal_text(header.institution_name),
        stored_by=first.stored_by,
        first_stored_at=instant_text(first.stored_at),
        dicom_json=study_fragment(header),
    )
    return values


# --- rows of instances ---------------------------------------------------------------------------------------


def _insert_all(conn: Connection, batch: Sequence[NewInstance], series_rows: Sequence[int]) -> Iterator[str]:
    """The SOP Instance UIDs that were not there before, each once for each row it got."""
    start = 0
    while start < len(batch):
        size = min(1 << (len(batch) - start).bit_length() - 1, 32)
        values: list[Any] = []
        for new, series_row in zip(batch[start : start + size], series_rows[start : start + size], strict=True):
            values.append(series_row)
            values += _instance_values(new.header, new.location)
        for row in _insert_statement(conn.dialect, size).rows_of(conn, tuple(values)):
            yield row[0]
        start += size


def _instance_values(header: InstanceHeader, location: Location) -> tuple[Any, ...]:
    """In the order of `_INSTANCE_ATTRIBUTES` and `_LOCATION`; written out, it is the innermost loop of ingest."""
    return (
        header.sop_instance_uid,
        header.sop_class_uid,
        header.transfer_syntax_uid,
        header.instance_number,
        header.rows,
        header.columns,
        header.bits_allocated,
        header.number_of_frames,
        header.content_date,
        header.content_time,
        location.volume,
        location.offset,
        location.length,
        location.object_id,
        location.key_id,
        location.plaintext_length,
        location.dataset_offset,
    )


# --- statements, each built once per database ----------------------------------------------------------------


@lru_cache(maxsize=16)
def _claim_statement(dialect: Dialect) -> Statement:
    study = select(studies.c.id).where(studies.c.study_instance_uid == bindparam("study_instance_uid"))
    raised = series.c.number_of_instances + bindparam("number", type_=series.c.number_of_instances.type)
    query = update(series).values(number_of_instances=raised)
    query = query.where(series.c.series_instance_uid == bindparam("series_instance_uid"))
    query = query.where(series.c.study_row == study.scalar_subquery())
    return compiled(query.returning(series.c.id), dialect)


@lru_cache(maxsize=16)
def _open_study_statement(dialect: Dialect) -> Statement:
    columns = [column for column in studies.c if column.name != "id"]
    query = insert_for(dialect, studies).values({column: bindparam(column.name) for column in columns})
    same = {"study_instance_uid": query.excluded.study_instance_uid}  # changes nothing, locks and answers the row
    query = query.on_conflict_do_update(index_elements=["study_instance_uid"], set_=same)
    return compiled(query.returning(studies.c.id), dialect)


@lru_cache(maxsize=16)
def _open_series_statement(dialect: Dialect) -> Statement:
    columns = [column for column in series.c if column.name != "id"]
    query = insert_for(dialect, series).values({column: bindparam(column.name) for column in columns})
    raised = series.c.number_of_instances + query.excluded.number_of_instances
    query = query.on_conflict_do_update(
        index_elements=["study_row", "series_instance_uid"], set_={"number_of_instances": raised}
    )
    return compiled(query.returning(series.c.id), dialect)


@lru_cache(maxsize=64)
def _insert_statement(dialect: Dialect, size: int) -> Statement:
    columns = [instances.c[name] for name in ("series_row", *_INSTANCE_ATTRIBUTES, *_LOCATION)]
    rows = [{column: bindparam(f"{column.name}_{row}", type_=column.type) for column in columns} for row in range(size)]
    query = insert_for(dialect, instances).values(rows).on_conflict_do_nothing(index_elements=["sop_instance_uid"])
    return compiled(query.returning(instances.c.sop_instance_uid), dialect)


@lru_cache(maxsize=16)
def _known_statement(dialect: Dialect) -> Statement:
    query = select(
        instances.c.sop_instance_uid,
        instances.c.sop_class_uid,
        instances.c.transfer_syntax_uid,
        studies.c.study_instance_uid,
        series.c.series_instance_uid,
        series.c.stored_by,
        *(instances.c[name] for name in _LOCATION),
    )
    query = query.join_from(instances, series, instances.c.series_row == series.c.id)
    query = query.join(studies, series.c.study_row == studies.c.id)
    return compiled(query.where(is_any_of(dialect, instances.c.sop_instance_uid, "uids")), dialect)

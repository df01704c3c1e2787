"""Metadata rendered once: for each series a few parts in viewing order, sealed; what is in them is not known here.

An instance never changes and never goes without its study, so counting tells whether a series' parts are complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

from sqlalchemy import Connection, Dialect, LargeBinary, Select, String, bindparam, delete, func, insert, select

from leadglass.store.index.statement import Statement, compiled
from leadglass.store.index.tables import instances, series, series_metadata, studies, study_keys
from leadglass.store.index.tidy import tidy_text
from leadglass.store.keys.study import WrappedKey
from leadglass.store.location import Location

__all__ = [
    "NewPart",
    "PartRow",
    "SeriesName",
    "SeriesRow",
    "StoredInstance",
    "incomplete_series",
    "instances_of_series",
    "metadata_of",
    "number_of",
    "replace_parts",
    "sealed_part",
]


@dataclass(frozen=True, slots=True)
class SeriesName:
    """Which series: one of that UID within one study."""

    study_instance_uid: str
    series_instance_uid: str


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part. `version` names its content: it is random, and another one whenever the part is written anew."""

    part: int
    version: bytes
    number_of_instances: int
    length: int  # once opened


@dataclass(frozen=True, slots=True)
class SeriesRow:
    """One series with its parts, and the key that opens them (None if it was destroyed)."""

    row: int
    name: SeriesName
    number_of_instances: int
    parts: tuple[PartRow, ...]
    key: WrappedKey | None

    @property
    def is_complete(self) -> bool:
        """True if every instance of the series is in its parts."""
        return sum(part.number_of_instances for part in self.parts) >= self.number_of_instances


@dataclass(frozen=True, slots=True)
class StoredInstance:
    """One instance, for whoever renders it."""

    sop_instance_uid: str
    sop_class_uid: str
    transfer_syntax_uid: str
    instance_number: str
    location: Location


@dataclass(frozen=True, slots=True)
class NewPart:
    """A part to be written."""

    version: bytes
    number_of_instances: int
    length: int
    sealed: bytes


def number_of(text: str) -> float:
    """An IS value as a number to sort by; what is none comes last."""
    try:
        return int(text)
    except ValueError:
        return float("inf")


def metadata_of(conn: Connection, study_instance_uid: str, series_instance_uid: str = "") -> Sequence[SeriesRow]:
    """The series of a study (or the one of that UID within it) in viewing order. Empty if there is none."""
    uids = (tidy_text(study_instance_uid), tidy_text(series_instance_uid))
    statement = _metadata_statement(conn.dialect, bool(series_instance_uid))
    rows = statement.rows(conn, {"study": uids[0], "series": uids[1]})
    found: list[tuple[tuple[object, ...], SeriesRow]] = []
    for _, group in groupby(rows, key=lambda row: row[0]):
        lines = list(group)
        first = lines[0]
        parts = tuple(PartRow(*line[8:12]) for line in lines if line[8] is not None)
        key = None if first[5] is None else WrappedKey(first[5], first[6], first[7])
        name = SeriesName(first[1], first[2])
        found.append(((number_of(first[3]), first[2]), SeriesRow(first[0], name, first[4], parts, key)))
    return [one for _, one in sorted(found, key=lambda entry: entry[0])]


def sealed_part(conn: Connection, series_row: int, version: bytes) -> bytes | None:
    """One part's sealed bytes; None if it was written anew or deleted meanwhile."""
    rows = _sealed_statement(conn.dialect).rows_of(conn, (series_row, version))
    return bytes(rows[0][0]) if rows else None


def instances_of_series(conn: Connection, name: SeriesName) -> Sequence[StoredInstance]:
    """All instances of a series, in no order."""
    values = {"study": name.study_instance_uid, "series": name.series_instance_uid}
    rows = _instances_statement(conn.dialect).rows(conn, values)
    return [StoredInstance(row[0], row[1], row[2], row[3], Location(*row[4:])) for row in rows]


def incomplete_series(conn: Connection, limit: int) -> Sequence[SeriesName]:
    """Up to `limit` series that hold instances no part knows of. Looks at every series: not for a request."""
    rendered = select(func.coalesce(func.sum(series_metadata.c.number_of_instances), 0))
    rendered = rendered.where(series_metadata.c.series_row == series.c.id)
    query = select(studies.c.study_instance_uid, series.c.series_instance_uid)
    query = query.join_from(series, studies, series.c.study_row == studies.c.id)
    query = query.where(series.c.number_of_instances > rendered.scalar_subquery()).order_by(series.c.id).limit(limit)
    return [SeriesName(*row) for row in conn.execute(query)]


def replace_parts(conn: Connection, row: SeriesRow, kept: int, new: Sequence[NewPart]) -> bool:
    """True if the parts of the series are now the first `kept` ones of `row` and the `new` ones.

    False, and nothing is changed, if they are no longer those of `row`, or if the study was deleted meanwhile.
    """
    if row.key is None or not _holds(conn, row):
        return False
    parts = series_metadata.c
    stored = conn.execute(select(parts.version).where(parts.series_row == row.row).order_by(parts.part)).scalars()
    if [bytes(version) for version in stored] != [part.version for part in row.parts]:
        return False
    conn.execute(delete(series_metadata).where(parts.series_row == row.row, parts.part >= kept))
    values = [
        {
            "series_row": row.row,
            "part": number,
            "version": part.version,
            "number_of_instances": part.number_of_instances,
            "length": part.length,
            "sealed": part.sealed,
        }
        for number, part in enumerate(new, kept)
    ]
    if values:
        conn.execute(insert(series_metadata), values)
    return True


def _holds(conn: Connection, row: SeriesRow) -> bool:
    """True if the study's key is still that of `row`, and the series still that row; both are held until the end of the
    transaction, so that a deletion comes wholly before or wholly after it."""
    assert row.key is not None
    key = select(study_keys.c.key_id).where(
        study_keys.c.key_id == row.key.key_id, study_keys.c.study_instance_uid == row.name.study_instance_uid
    )
    if conn.execute(key.with_for_update(read=True, key_share=True)).first() is None:
        return False
    same = select(series.c.id).join_from(series, studies, series.c.study_row == studies.c.id)
    same = same.where(series.c.id == row.row, series.c.series_instance_uid == row.name.series_instance_uid)
    same = same.where(studies.c.study_instance_uid == row.name.study_instance_uid)
    return conn.execute(same.with_for_update(of=series)).first() is not None


# --- statements, each built once per database ----------------------------------------------------------------


def _within(query: Select[tuple[object, ...]], *, one_series: bool) -> Select[tuple[object, ...]]:
    query = query.where(studies.c.study_instance_uid == bindparam("study", type_=String))
    return query.where(series.c.series_instance_uid == bindparam("series", type_=String)) if one_series else query


@lru_cache(maxsize=16)
def _metadata_statement(dialect: Dialect, one_series: bool) -> Statement:
    query: Select[tuple[object, ...]] = select(
        series.c.id,
        studies.c.study_instance_uid,
        series.c.series_instance_uid,
        series.c.series_number,
        series.c.number_of_instances,
        study_keys.c.key_id,
        study_keys.c.master_id,
        study_keys.c.wrapped,
        series_metadata.c.part,
        series_metadata.c.version,
        series_metadata.c.number_of_instances,
        series_metadata.c.length,
    ).select_from(
        series.join(studies, series.c.study_row == studies.c.id)
        .outerjoin(study_keys, study_keys.c.study_instance_uid == studies.c.study_instance_uid)
        .outerjoin(series_metadata, series_metadata.c.series_row == series.c.id)
    )
    query = _within(query, one_series=one_series)
    return compiled(query.order_by(series.c.id, series_metadata.c.part), dialect)


@lru_cache(maxsize=16)
def _sealed_statement(dialect: Dialect) -> Statement:
    query = select(series_metadata.c.sealed)
    query = query.where(
        series_metadata.c.series_row == bindparam("series_row", type_=series_metadata.c.series_row.type)
    )
    return compiled(query.where(series_metadata.c.version == bindparam("version", type_=LargeBinary)), dialect)


@lru_cache(maxsize=16)
def _instances_statement(dialect: Dialect) -> Statement:
    query: Select[tuple[object, ...]] = select(
        instances.c.sop_instance_uid,
        instances.c.sop_class_uid,
        instances.c.transfer_syntax_uid,
        instances.c.instance_number,
        *(instances.c[name] for name in Location.__slots__),
    ).select_from(
        instances.join(series, instances.c.series_row == series.c.id).join(studies, series.c.study_row == studies.c.id)
    )
    return compiled(_within(query, one_series=True), dialect)

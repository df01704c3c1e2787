"""QIDO-RS: one SQL statement a page, visibility included, answered as DICOM JSON (PS3.18 §10.6).

The statement is kept by the shape of the query, as in `queries`; answers are put together from fragments rendered at
ingest (see `fragments`), so that a page costs little more than reading its rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from leadglass.dicom.attribute_json import merged, text_in_json
from leadglass.store.index.attributes import ATTRIBUTES
from leadglass.store.index.fragments import instance_object, series_object, study_object, with_attribute
from leadglass.store.index.matching import Match, QueryLevel
from leadglass.store.index.queries import key_shapes
from leadglass.store.index.search_sql import EXTRAS, SearchShape, search_statement
from leadglass.store.index.visibility_sql import VisibilityShape, visibility_values
from leadglass.terms.visibility import Visibility

__all__ = ["Place", "SearchPage", "search"]

Place = tuple[str | int, ...]
"""Where an answer stands in the order of all answers."""


class SearchPage:
    """`about` says of each answer whose and which study it tells: (StudyInstanceUID, PatientID, IssuerOfPatientID);
    `last` is the place of the last one."""

    def __init__(
        self, rows: Sequence[Sequence[Any]], places: int, write: Callable[[Sequence[Any]], str], *, has_more: bool
    ) -> None:
        self.about: list[tuple[str, str, str]] = [tuple(row[places : places + 3]) for row in rows]
        self.last: Place | None = tuple(rows[-1][:places]) if rows else None
        self.has_more = has_more
        self._rows = rows
        self._write = write

    def __len__(self) -> int:
        return len(self._rows)

    @cached_property
    def objects(self) -> list[bytes]:
        """The answers, one JSON object each. Put together when first asked for: there is a disk to wait for before
        that, which is time enough."""
        return [self._write(row).encode() for row in self._rows]


def search(
    conn: Connection,
    level: QueryLevel,
    keys: Mapping[str, Match],
    include: Collection[str],
    visibility: Visibility,
    root: str,
    offset: int,
    limit: int,
    after: Place | None = None,
) -> SearchPage:
    """At most `limit` visible entities of `level` (never PATIENT) that match all `keys`, newest study first.

    Every answer holds all that the index keeps of its own level; of a level above everything, too, once `include` (or
    a key) names one of its attributes. Keys and includes the level does not know are passed over. `root` is the
    service's base URI, for RetrieveURL. `offset` answers are skipped; or, with `after`, all up to that place.
    """
    if visibility.is_empty:
        return SearchPage((), 0, str, has_more=False)
    dialect = conn.dialect
    values: dict[str, Any] = {"limit": limit + 1, "offset": offset, **visibility_values(visibility, dialect)}
    asked = key_shapes(level, keys, values, dialect)
    if after is not None:
        values.update({f"after_{number}": value for number, value in enumerate(after)})
    named = {*include, *(key.keyword for key in asked)}
    extras = tuple(keyword for keyword in EXTRAS if keyword in named)
    shape = SearchShape(
        level, asked, VisibilityShape.of(visibility), _above(level, named), extras, continued=after is not None
    )
    rows = search_statement(dialect, shape).rows(conn, values)
    places = _PLACES[level]
    return SearchPage(rows[:limit], places, _writer(shape, places, text_in_json(root)), has_more=len(rows) > limit)


_PLACES = {QueryLevel.STUDY: 3, QueryLevel.SERIES: 4, QueryLevel.IMAGE: 5}
"""Columns that tell where an answer stands: see `search_statement`."""


def _above(level: QueryLevel, named: Collection[str]) -> frozenset[QueryLevel]:
    """The levels above whose attributes are asked for. The unique keys are in every answer and ask for nothing."""
    if level is QueryLevel.STUDY:
        return _NONE
    levels = {ATTRIBUTES[keyword].level for keyword in named if keyword in ATTRIBUTES and keyword not in _IN_ALL}
    return frozenset(max(one, QueryLevel.STUDY) for one in levels if one < level and max(one, QueryLevel.STUDY) < level)


_NONE: frozenset[QueryLevel] = frozenset()
_IN_ALL = {"StudyInstanceUID", "SeriesInstanceUID"}


def _writer(shape: SearchShape, places: int, root: str) -> Callable[[Sequence[Any]], str]:
    if not shape.above and not shape.extras and shape.level is QueryLevel.STUDY:
        return lambda row: _study(row, root)
    return lambda row: _whole(shape, places, row, root)


def _study(row: Sequence[Any], root: str) -> str:
    number_of_series, number_of_instances, modalities = row[7].split("\\", 2)
    if "\\" in modalities:
        modalities = "\\".join(sorted({modality for modality in modalities.split("\\") if modality}))
    return study_object(row[6], modalities, number_of_series, number_of_instances, f"{root}/studies/{row[3]}")


def _whole(shape: SearchShape, places: int, row: Sequence[Any], root: str) -> str:
    """The object of a row, level by level, from the columns that `search_statement` tells of."""
    written: list[str] = []
    at, study = places + 3, row[places]
    if shape.level is QueryLevel.STUDY or QueryLevel.STUDY in shape.above:
        written.append(_study((*row[:3], study, "", "", row[at], row[at + 1]), root))
        at += 2
    if shape.level is QueryLevel.SERIES or QueryLevel.SERIES in shape.above:
        written.append(series_object(row[at], row[at + 1], f"{root}/studies/{study}/series/{row[3]}"))
        at += 2
    if shape.level is QueryLevel.IMAGE:
        url = f"{root}/studies/{study}/series/{row[3]}/instances/{row[4]}"
        written.append(instance_object((study, row[3], row[4]), row[at : at + 9], url))
        at += 9
    whole = merged(*written) if len(written) > 1 else written[0]
    for keyword, value in zip(shape.extras, row[at:], strict=True):
        whole = with_attribute(whole, keyword, "" if value is None else str(value))
    return whole

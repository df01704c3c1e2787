"""Searches come from the right index, in its order, in one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine

from helpers.index_world import ALL, seeing
from leadglass.store.index.matching import Match, QueryLevel, Range, Single, Wildcard
from leadglass.store.index.search import search
from leadglass.store.index.search_sql import search_statement
from leadglass.store.index.tables import metadata
from leadglass.terms.visibility import SelectorKind, Visibility

_, STUDY, SERIES, IMAGE = QueryLevel
NARROW = seeing((SelectorKind.STUDY, "1.2.3"), (SelectorKind.PATIENT, "P@H"))
BROAD = seeing((SelectorKind.EVERYTHING, ""), deny=[(SelectorKind.STORED_BY, "dev-1")])
LAST = ("20260101", "1000", 1, "1.2", "1.3")


@pytest.fixture
def conn() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    with engine.connect() as conn:
        metadata.create_all(conn)
        yield conn
    engine.dispose()


def _plan(
    conn: Connection, level: QueryLevel, keys: Mapping[str, Match], visibility: Visibility, after: Any = None
) -> str:
    """The query planner's words for the one statement that a search runs."""
    driver = conn.connection.driver_connection
    assert driver is not None
    statements: list[str] = []
    driver.set_trace_callback(statements.append)
    search(conn, level, keys, (), visibility, "", 0, 100, after)
    driver.set_trace_callback(None)
    [statement] = [text for text in statements if text.startswith("SELECT")]
    return "\n".join(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}"))


@pytest.mark.parametrize("visibility", [ALL, BROAD], ids=["all", "broad"])
@pytest.mark.parametrize("level", [STUDY, SERIES, IMAGE])
def test_lists_are_read_in_the_order_of_the_index(conn: Connection, level: QueryLevel, visibility: Visibility) -> None:
    plan = _plan(conn, level, {}, visibility)
    assert "SCAN studies USING INDEX ix_studies_study_date_study_time" in plan
    assert "TEMP B-TREE" not in plan
    plan = _plan(conn, level, {"StudyDate": Range("20260101", "20260131")}, visibility)
    assert "SEARCH studies USING INDEX ix_studies_study_date_study_time (study_date>?" in plan
    assert "TEMP B-TREE" not in plan
    plan = _plan(conn, level, {}, visibility, LAST[: level + 1])
    assert "SEARCH studies USING INDEX ix_studies_study_date_study_time" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    ("level", "keys", "index"),
    [
        (STUDY, {"PatientID": Single("P")}, "ix_studies_patient_id_issuer_of_patient_id (patient_id=?)"),
        (STUDY, {"PatientName": Wildcard("DOE^*")}, "ix_studies_patient_name_search (patient_name_search>?"),
        (STUDY, {"AccessionNumber": Single("A")}, "ix_studies_accession_number (accession_number=?)"),
        (SERIES, {"StudyInstanceUID": Single("1.2")}, "sqlite_autoindex_series_1 (study_row=?)"),
        (SERIES, {"SeriesInstanceUID": Single("1.2")}, "ix_series_series_instance_uid (series_instance_uid=?)"),
        (IMAGE, {"SeriesInstanceUID": Single("1.2")}, "instances USING PRIMARY KEY (series_row=?)"),
        (IMAGE, {"SOPInstanceUID": Single("1.2")}, "sqlite_autoindex_instances"),
    ],
)
def test_a_key_with_an_index_uses_it(
    conn: Connection, level: QueryLevel, keys: Mapping[str, Match], index: str
) -> None:
    plan = _plan(conn, level, keys, ALL)
    assert index in plan
    assert "SCAN studies" not in plan
    assert "study_date_study_time" not in plan


@pytest.mark.parametrize("level", [STUDY, SERIES, IMAGE])
def test_who_may_see_little_is_answered_from_that_little(conn: Connection, level: QueryLevel) -> None:
    plan = _plan(conn, level, {}, NARROW)
    assert "MULTI-INDEX OR" in plan
    assert "SCAN studies" not in plan


def test_searches_of_one_shape_share_a_statement(conn: Connection) -> None:
    before = search_statement.cache_info().currsize
    for value in ("a", "b", "c"):
        search(conn, STUDY, {"StudyID": Single(value)}, ("PatientName",), ALL, value, 5, 7)
    assert search_statement.cache_info().currsize <= before + 1

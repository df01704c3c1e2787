"""Queries use indexes: no plan walks a table where an index knows the answer, so time does not grow with the store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from sqlalchemy import Connection, create_engine

from helpers.index_world import ALL, seeing
from leadglass.store.index.find_sql import answered_keywords
from leadglass.store.index.matching import AnyOf, Items, Match, QueryLevel, Range, Single, Wildcard
from leadglass.store.index.queries import find
from leadglass.store.index.tables import metadata
from leadglass.terms.visibility import SelectorKind, Visibility

PATIENT, STUDY, SERIES, IMAGE = QueryLevel
NARROW = seeing((SelectorKind.PATIENT, "P"), (SelectorKind.STUDY, "1.2"), (SelectorKind.COLLECTION, "trial"))
BROAD = seeing((SelectorKind.INSTITUTION, "general hospital"), deny=[(SelectorKind.PATIENT, "P")])


@pytest.fixture(scope="module")
def conn() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _plan(conn: Connection, level: QueryLevel, keys: Mapping[str, Match], visibility: Visibility) -> str:
    """The query planner's words for the statement that `find` runs."""
    driver = conn.connection.driver_connection
    assert driver is not None
    statements: list[str] = []
    driver.set_trace_callback(statements.append)
    find(conn, level, keys, ["PatientName"], visibility)
    driver.set_trace_callback(None)
    [statement] = [text for text in statements if text.startswith("SELECT studies")]
    return "\n".join(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}"))


@pytest.mark.parametrize("visibility", [ALL, NARROW, BROAD], ids=["all", "narrow", "broad"])
@pytest.mark.parametrize(
    ("level", "keys", "index"),
    [
        (STUDY, {"PatientID": Single("P")}, "ix_studies_patient_id_issuer_of_patient_id (patient_id=?)"),
        (STUDY, {"PatientID": Wildcard("P*")}, "ix_studies_patient_id_issuer_of_patient_id (patient_id>? AND"),
        (STUDY, {"StudyInstanceUID": Single("1.2")}, "studies USING INDEX sqlite_autoindex_studies_1"),
        (STUDY, {"StudyInstanceUID": AnyOf(("1.2", "1.3"))}, "studies USING INDEX sqlite_autoindex_studies_1"),
        (STUDY, {"AccessionNumber": Single("A")}, "ix_studies_accession_number (accession_number=?)"),
        (STUDY, {"PatientName": Single("DOE")}, "ix_studies_patient_name_search (patient_name_search=?)"),
        (STUDY, {"PatientName": Wildcard("DOE^*")}, "ix_studies_patient_name_search (patient_name_search>?"),
        (STUDY, {"StudyDate": Single("20260101")}, "ix_studies_study_date_study_time (study_date=?)"),
        (STUDY, {"StudyDate": Range("20260101", "20260131")}, "ix_studies_study_date_study_time (study_date>?"),
        (PATIENT, {"PatientID": Single("P")}, "ix_studies_patient_id_issuer_of_patient_id (patient_id=?)"),
        (SERIES, {"StudyInstanceUID": Single("1.2")}, "sqlite_autoindex_series_1 (study_row=?)"),
        (SERIES, {"SeriesInstanceUID": Single("1.2")}, "ix_series_series_instance_uid (series_instance_uid=?)"),
        (IMAGE, {"SeriesInstanceUID": Single("1.2")}, "instances USING PRIMARY KEY (series_row=?)"),
        (IMAGE, {"SOPInstanceUID": Single("1.2")}, "sqlite_autoindex_instances"),
    ],
)
def test_a_key_with_an_index_uses_it(
    conn: Connection, level: QueryLevel, keys: Mapping[str, Match], index: str, visibility: Visibility
) -> None:
    plan = _plan(conn, level, keys, visibility)
    assert "SCAN studies" not in plan
    if visibility is not NARROW:  # then what is visible may be the better way in
        assert index in plan


def test_who_may_see_little_is_answered_from_that_little(conn: Connection) -> None:
    for level in (STUDY, PATIENT):
        plan = _plan(conn, level, {}, NARROW)
        assert "MULTI-INDEX OR" in plan
        assert "SCAN studies" not in plan
        assert "SCAN matched" not in plan


def test_the_few_series_of_a_request_are_found_by_it(conn: Connection) -> None:
    keys = {"RequestedProcedureID": Single("R"), "ScheduledProcedureStepID": Single("S")}
    plan = _plan(conn, SERIES, {"RequestAttributesSequence": Items(keys)}, ALL)
    assert "SEARCH request_attributes" in plan
    assert "SEARCH series USING INTEGER PRIMARY KEY (rowid=?)" in plan
    assert "SCAN studies" not in plan


def test_a_pattern_without_beginning_reads_the_index_and_not_the_table(conn: Connection) -> None:
    plan = _plan(conn, STUDY, {"PatientName": Wildcard("*DOE*")}, ALL)
    assert "COVERING INDEX ix_studies_patient_name_search" in plan
    assert "SCAN studies\n" not in plan


def test_patients_are_listed_page_by_page_in_the_order_of_an_index(conn: Connection) -> None:
    plan = _plan(conn, PATIENT, {}, ALL)
    assert "SCAN matched USING INDEX ix_studies_patient_id_issuer_of_patient_id" in plan.replace("COVERING ", "")
    assert "GROUP BY" not in plan


def test_one_query_is_one_statement(conn: Connection) -> None:
    statements: list[str] = []
    driver = conn.connection.driver_connection
    assert driver is not None
    driver.set_trace_callback(statements.append)
    many = seeing(*((SelectorKind.PATIENT, f"P{n}") for n in range(1000)), deny=[(SelectorKind.STUDY, "1.2")])
    find(conn, STUDY, {}, ["ModalitiesInStudy"], many)
    driver.set_trace_callback(None)
    assert len([text for text in statements if "studies" in text]) == 1


def test_answers_begin_with_the_unique_keys() -> None:
    assert answered_keywords(SERIES, ("Modality", "PatientID", "Unknown", "SOPInstanceUID")) == (
        "PatientID",
        "IssuerOfPatientID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "Modality",
    )

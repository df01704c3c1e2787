"""How far each request goes: the table that every run against the range is judged by."""

from __future__ import annotations

import pytest

from leadglass.range.law import NEVER
from leadglass.range.manners.dicom_lawful import (
    QUERY_RETRIEVE_LEVEL,
    STUDY_DATE,
    STUDY_INSTANCE_UID,
    STUDY_TIME,
    is_single,
    needed_by_identity,
    needed_by_query,
    needed_by_retrieval,
    needed_by_worklist,
)

UID = {STUDY_INSTANCE_UID: "2.25.1"}
STUDY = {QUERY_RETRIEVE_LEVEL: "STUDY"}
COUNTS = {0x00080005: "ISO_IR 192", STUDY_DATE: "20200101-", STUDY_TIME: "", 0x00201206: "", 0x00201208: ""}
NAME = {0x00100010: ""}
BIRTH_DATE = {0x00100030: ""}


@pytest.mark.parametrize(
    ("value", "single"), [("2.25.1", True), ("", False), (None, False), (1, False), (["a"], False)]
)
@pytest.mark.parametrize("sign", ["", "*", "?", "\\"])
def test_one_value_is_asked_for_without_signs_for_several(value: object, single: bool, sign: str) -> None:
    written = value + sign if isinstance(value, str) and value else value
    assert is_single(written) is (single and not sign)


@pytest.mark.parametrize(
    ("identifier", "is_known", "level"),
    [
        (STUDY | UID, False, 2),
        (STUDY | UID | NAME, False, 2),
        (STUDY | UID, True, 3),
        (STUDY | UID | NAME, True, 4),
        (STUDY | UID | BIRTH_DATE, True, 4),
        (STUDY | {STUDY_INSTANCE_UID: ""} | COUNTS, False, 3),
        (STUDY | {STUDY_INSTANCE_UID: "1.2.*"} | COUNTS, False, 3),
        (STUDY | {STUDY_INSTANCE_UID: ""} | COUNTS | NAME, False, NEVER),
        (STUDY | {STUDY_INSTANCE_UID: "1.2.*"} | BIRTH_DATE, False, NEVER),
        ({QUERY_RETRIEVE_LEVEL: "PATIENT"} | COUNTS, False, NEVER),
        (NAME, False, NEVER),
        ({}, False, NEVER),
    ],
)
def test_queries(identifier: dict[int, object], is_known: bool, level: int) -> None:
    assert needed_by_query(identifier, is_known)[0] == level


@pytest.mark.parametrize(("accession_number", "level"), [("K7Q2", 2), ("", NEVER), ("*", NEVER), ("K7?", NEVER)])
def test_worklists(accession_number: str, level: int) -> None:
    assert needed_by_worklist({0x00080050: accession_number})[0] == level
    assert needed_by_worklist(NAME)[0] == NEVER


@pytest.mark.parametrize("how", ["C-GET", "C-MOVE"])
def test_images_of_a_study_that_is_there_are_nobodys_business(how: str) -> None:
    assert needed_by_retrieval(how, UID, False) == (2, f"{how} by an unknown UID")
    assert needed_by_retrieval(how, UID, True) == (NEVER, f"{how} of images")
    assert needed_by_retrieval(how, {STUDY_INSTANCE_UID: "1.2.3\\1.2.4"}, False)[0] == NEVER
    assert needed_by_retrieval(how, {}, False)[0] == NEVER


@pytest.mark.parametrize(("kind", "level"), [(1, 2), (2, NEVER), (3, NEVER), (4, NEVER), (5, NEVER)])
def test_a_passcode_is_never_shown(kind: int, level: int) -> None:
    assert needed_by_identity(kind)[0] == level

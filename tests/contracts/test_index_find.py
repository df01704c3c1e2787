"""Queries: matching of PS3.4 C.2.2.2, derived attributes, levels and pages."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from helpers.index_world import ALL, new, seeing
from leadglass.store.index.database import Database
from leadglass.store.index.instances import add_instances
from leadglass.store.index.matching import AnyOf, Items, Match, QueryLevel, Range, Single, Universal, Wildcard
from leadglass.store.index.queries import find
from leadglass.terms.visibility import NOTHING, SelectorKind

PATIENT, STUDY, SERIES, IMAGE = QueryLevel
CT, SR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.11"


async def _studies(database: Database, attribute: str, *values: str) -> None:
    """One study for each value: the first is 1.2.0, the second 1.2.1, …"""
    batch = [new(f"1.2.{number}", at=number, **{attribute: value}) for number, value in enumerate(values)]
    await database.write(add_instances, batch)


async def _matching(
    database: Database, keys: Mapping[str, Match], level: QueryLevel = STUDY, key: str = "StudyInstanceUID"
) -> list[str]:
    return [row[key].removeprefix("1.2.") for row in await database.read(find, level, keys, [], ALL)]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (Single("ab"), "0"),
        (Single(" ab "), "0"),
        (Single("a*"), ""),
        (Single(""), "012345678"),
        (Universal(), "012345678"),
        (Wildcard("*"), "012345678"),
        (Wildcard("**"), "012345678"),
        (Wildcard("a*"), "0245678"),
        (Wildcard("a?"), "058"),
        (Wildcard("?b"), "0"),
        (Wildcard("*b"), "0"),
        (Wildcard("a?c"), "2467"),
        (Wildcard("a[x]c*"), ""),
        (Wildcard("a[c*"), "4"),
        (Wildcard("a%*"), "58"),
        (Wildcard("?_c"), "6"),
        (Wildcard("a\\*"), "7"),
        (AnyOf(("ab", "AB", "zz")), "01"),
        (AnyOf(()), "012345678"),
    ],
)
async def test_text_is_matched_as_it_is(database: Database, match: Match, expected: str) -> None:
    await _studies(database, "patient_id", "ab", "AB", "abc", "", "a[c", "a%", "a_c", "a\\c", "a%")
    assert "".join(await _matching(database, {"PatientID": match})) == expected


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (Single("smith^john"), "01"),
        (Single("SMITH^JOHN^^^"), "01"),
        (Single("Smith"), "2"),
        (Wildcard("smith*"), "0123"),
        (Wildcard("SMITH^*"), "012"),
        (Wildcard("smith^*^*"), "012"),
        (Wildcard("*john"), "01"),
        (Wildcard("sm?th^j*"), "01"),
        (Wildcard("*^*"), "01234567"),
        (Single("山田^太郎"), "4"),
        (Wildcard("山*"), "4"),
        (Wildcard("やま*"), "4"),
        (Wildcard("yamada*"), "45"),
        (Single("Yamada^Tarou=山田^太郎"), "4"),
        (Wildcard("=山田*"), "4"),
        (Wildcard("*=山田*"), "4"),
        (Wildcard("==やま?^*"), "4"),
        (Single("ヤマダ^タロウ"), "6"),
        (Single("strasse^ö"), "7"),
        (AnyOf(("SMITH", "STRAßE^Ö")), "27"),
    ],
)
async def test_person_names_are_matched_by_their_normal_form(database: Database, match: Match, expected: str) -> None:
    await _studies(
        database,
        "patient_name",
        "Smith^John",
        "SMITH^John^^^ ",
        "SMITH^",
        "Smithson",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "YAMADA^JIROU",
        "ﾔﾏﾀﾞ^ﾀﾛｳ",
        "Straße^O\u0308",
    )
    assert "".join(await _matching(database, {"PatientName": match})) == expected


async def test_physicians_too(database: Database) -> None:
    await _studies(database, "referring_physician_name", "House^Greg", "WILSON^James^^Dr.", "")
    assert await _matching(database, {"ReferringPhysicianName": Single("house^greg")}) == ["0"]
    assert await _matching(database, {"ReferringPhysicianName": Wildcard("wil*")}) == ["1"]


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (Single("20200115"), "1"),
        (Range("20200115", "20200131"), "12"),
        (Range("20200131", ""), "23"),
        (Range("", "20200115"), "01"),
        (Range("", ""), "01234"),
        (Range("20210101", "20200101"), ""),
        (AnyOf(("20191231", "20210101")), "03"),
    ],
)
async def test_dates(database: Database, match: Match, expected: str) -> None:
    await _studies(database, "study_date", "20191231", "20200115", "20200131", "20210101", "")
    assert "".join(await _matching(database, {"StudyDate": match})) == expected


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (Range("1000", "1100"), "1234"),
        (Range("10", "10"), "123"),
        (Range("100000", "100000"), "12"),
        (Range("100000.000", "100000.500"), "12"),
        (Range("1015", ""), "345"),
        (Range("", "095959"), "0"),
        (Range("000000", "1000"), "012"),
        (Range("", "235959"), "012345"),
        (Single("1000"), "12"),
        (Single("101530"), "3"),
        (Single("110059.5"), "4"),
    ],
)
async def test_times_of_any_precision(database: Database, match: Match, expected: str) -> None:
    await _studies(database, "study_time", "095959.999999", "10", "100000", "101530.25", "110059.5", "235959", "")
    assert "".join(await _matching(database, {"StudyTime": match})) == expected


async def _a_study(database: Database) -> None:
    asked = (("RP1", "SPS1"), ("RP2", "SPS2"))
    await database.write(
        add_instances,
        [
            new(
                "1.2.1",
                "1.2.1.1",
                "1.2.1.1.1",
                at=1,
                modality="CT",
                sop_class_uid=CT,
                patient_id="P",
                request_attributes=asked,
            ),
            new("1.2.1", "1.2.1.1", "1.2.1.1.2", at=2, modality="CT", sop_class_uid=CT, instance_number="2"),
            new("1.2.1", "1.2.1.2", "1.2.1.2.1", at=3, modality="SR", sop_class_uid=SR),
            new("1.2.1", "1.2.1.3", "1.2.1.3.1", at=4, modality="CT", sop_class_uid=CT),
            new("1.2.2", "1.2.2.1", "1.2.2.1.1", at=5, modality="", sop_class_uid=CT, patient_id="P"),
        ],
    )


async def test_derived_attributes(database: Database) -> None:
    await _a_study(database)
    returns = [
        "ModalitiesInStudy",
        "SOPClassesInStudy",
        "NumberOfStudyRelatedSeries",
        "NumberOfStudyRelatedInstances",
        "NumberOfPatientRelatedStudies",
        "NumberOfPatientRelatedSeries",
        "NumberOfPatientRelatedInstances",
    ]
    first, second = await database.read(find, STUDY, {}, returns, ALL)
    assert [first[keyword] for keyword in returns] == ["CT\\SR", f"{CT}\\{SR}", "3", "4", "2", "4", "5"]
    assert [second[keyword] for keyword in returns] == ["", CT, "1", "1", "2", "4", "5"]


async def test_counts_of_a_patient_tell_nothing_of_hidden_studies(database: Database) -> None:
    await _a_study(database)
    returns = ["NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances"]
    visibility = seeing((SelectorKind.PATIENT, "P"), deny=[(SelectorKind.STUDY, "1.2.1")])
    [patient] = await database.read(find, PATIENT, {}, returns, visibility)
    assert [patient[keyword] for keyword in returns] == ["1", "1", "1"]


async def test_derived_attributes_as_keys(database: Database) -> None:
    await _a_study(database)
    assert await _matching(database, {"ModalitiesInStudy": Single("SR")}) == ["1"]
    assert await _matching(database, {"ModalitiesInStudy": AnyOf(("MR", "CT"))}) == ["1"]
    assert await _matching(database, {"ModalitiesInStudy": Wildcard("*")}) == ["1", "2"]
    assert await _matching(database, {"SOPClassesInStudy": Single(CT)}) == ["1", "2"]
    assert await _matching(database, {"SOPClassesInStudy": Single(SR)}) == ["1"]
    assert await _matching(database, {"NumberOfStudyRelatedSeries": Single("99")}) == ["1", "2"], "cannot be matched"


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"RequestedProcedureID": Single("RP1")}, ["1.1"]),
        ({"RequestedProcedureID": Single("RP1"), "ScheduledProcedureStepID": Single("SPS1")}, ["1.1"]),
        ({"RequestedProcedureID": Single("RP1"), "ScheduledProcedureStepID": Single("SPS2")}, []),
        ({"ScheduledProcedureStepID": Wildcard("SPS*")}, ["1.1"]),
        ({"RequestedProcedureID": Universal()}, ["1.1", "1.2", "1.3", "2.1"]),
        ({"CodeValue": Single("x")}, ["1.1", "1.2", "1.3", "2.1"]),
        ({}, ["1.1", "1.2", "1.3", "2.1"]),
    ],
)
async def test_one_item_of_a_sequence_matches_all_its_keys(
    database: Database, keys: Mapping[str, Match], expected: list[str]
) -> None:
    await _a_study(database)
    asked = {"RequestAttributesSequence": Items(keys)}
    assert await _matching(database, asked, SERIES, "SeriesInstanceUID") == expected


async def test_items_are_answered_side_by_side(database: Database) -> None:
    await _a_study(database)
    keys = {"SeriesInstanceUID": Single("1.2.1.1")}
    [row] = await database.read(find, SERIES, keys, ["RequestAttributesSequence", "Modality"], ALL)
    assert (row["RequestedProcedureID"], row["ScheduledProcedureStepID"]) == ("RP1\\RP2", "SPS1\\SPS2")
    assert "RequestAttributesSequence" not in row


async def test_levels_and_the_keys_above_them(database: Database) -> None:
    await _a_study(database)
    patients = await database.read(find, PATIENT, {}, ["PatientID", "StudyInstanceUID"], ALL)
    assert patients == [{"PatientID": "P", "IssuerOfPatientID": ""}]
    keys = {"PatientID": Single("P"), "StudyInstanceUID": Single("1.2.1"), "Modality": Single("CT")}
    assert await _matching(database, keys, SERIES, "SeriesInstanceUID") == ["1.1", "1.3"]
    image = {"SeriesInstanceUID": Single("1.2.1.1"), "InstanceNumber": Single("2")}
    [row] = await database.read(find, IMAGE, image, ["SOPClassUID", "AvailableTransferSyntaxUID", "PatientID"], ALL)
    assert row == {
        "PatientID": "P",
        "IssuerOfPatientID": "",
        "StudyInstanceUID": "1.2.1",
        "SeriesInstanceUID": "1.2.1.1",
        "SOPInstanceUID": "1.2.1.1.2",
        "SOPClassUID": CT,
        "AvailableTransferSyntaxUID": "1.2.840.10008.1.2.1",
    }
    assert await _matching(database, {"PatientID": Single("Q")}, IMAGE) == []


async def test_the_latest_matching_study_speaks_for_the_patient(database: Database) -> None:
    await database.write(
        add_instances,
        [
            new("1.2.1", patient_id="P", patient_name="DOE^JANE", at=1),
            new("1.2.2", patient_id="P", patient_name="ROE^JANE", at=2),
            new("1.2.3", patient_id="P", issuer_of_patient_id="H", patient_name="POE^JANE", at=3),
        ],
    )
    found = await database.read(find, PATIENT, {}, ["PatientName"], ALL)
    assert [row["PatientName"] for row in found] == ["ROE^JANE", "POE^JANE"]
    found = await database.read(find, PATIENT, {"PatientName": Wildcard("doe*")}, ["PatientName"], ALL)
    assert [row["PatientName"] for row in found] == ["DOE^JANE"]


@pytest.mark.parametrize("level", list(QueryLevel))
async def test_pages_hold_everything_once(database: Database, level: QueryLevel) -> None:
    batch = []
    for n in range(40):
        patient = {"patient_id": f"P{n % 4}", "issuer_of_patient_id": str(n % 2)}
        batch.append(new(f"1.2.{n % 5}", f"1.2.{n % 5}.{n % 3}", f"1.2.{n}.9", at=n, **patient))
    await database.write(add_instances, batch)
    whole = await database.read(find, level, {}, [], ALL)
    narrow = seeing(*((SelectorKind.PATIENT, f"P{n}") for n in range(4)))
    for visibility in (ALL, seeing((SelectorKind.STORED_BY, "dev-1")), narrow):
        pages: list[dict[str, str]] = []
        while page := await database.read(find, level, {}, [], visibility, pages[-1] if pages else None, 3):
            pages += page
            assert len(page) <= 3
        assert pages == whole
    assert len({tuple(row.items()) for row in whole}) == len(whole) > 3


async def test_who_may_see_nothing_is_told_nothing(database: Database) -> None:
    await _a_study(database)
    for level in QueryLevel:
        assert await database.read(find, level, {}, [], NOTHING) == []


async def test_keys_the_index_does_not_keep_are_passed_over(database: Database) -> None:
    await _a_study(database)
    keys = {"EthnicGroup": Single("x"), "Modality": Single("MR")}  # the second belongs to a level below
    assert await _matching(database, keys) == ["1", "2"]


async def test_long_lists_of_uids(database: Database) -> None:
    await _a_study(database)
    uids = AnyOf((*(f"1.3.{n}" for n in range(10_000)), "1.2.2"))
    assert await _matching(database, {"StudyInstanceUID": uids}) == ["2"]


async def test_hostile_keys_match_nothing_and_break_nothing(database: Database) -> None:
    await _studies(database, "patient_id", "a", "b")
    for text in ("'; DROP TABLE studies; --", "\0", "\ud800", "a" * 100_000, "[", "[!a]", "%"):
        assert await _matching(database, {"PatientID": Single(text or "x")}) in ([], ["0", "1"])
        assert await _matching(database, {"PatientID": Wildcard(f"{text}?*")}) in ([], ["0", "1"])
    assert await _matching(database, {"PatientID": Wildcard("*a" * 60 + "*b")}) == []

"""Searches: what is answered, in which order, page by page; and that a search lists what C-FIND lists."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete

from helpers.index_world import ALL, AT, header, location, new, seeing
from leadglass.dicom.attribute_json import attribute_json
from leadglass.dicom.dictionary import tag_of
from leadglass.store.index.attributes import ATTRIBUTES
from leadglass.store.index.collections import add_collection, add_to_collection
from leadglass.store.index.database import Database
from leadglass.store.index.facts import study_facts
from leadglass.store.index.instances import add_instances
from leadglass.store.index.matching import (
    AnyOf,
    Empty,
    Fuzzy,
    Items,
    Match,
    QueryLevel,
    Range,
    Single,
    Wildcard,
)
from leadglass.store.index.outcomes import NewInstance
from leadglass.store.index.queries import find
from leadglass.store.index.search import SearchPage, search
from leadglass.store.index.tables import metadata
from leadglass.terms.ceilings import MAX_ITEMS_ANSWERED
from leadglass.terms.visibility import NOTHING, Selector, SelectorKind, Visibility

_, STUDY, SERIES, IMAGE = QueryLevel
LEVELS = (STUDY, SERIES, IMAGE)
ROOT = "https://archive/dicom-web"
UNIQUE = {STUDY: "StudyInstanceUID", SERIES: "SeriesInstanceUID", IMAGE: "SOPInstanceUID"}
UID_OF = {STUDY: "0020000D", SERIES: "0020000E", IMAGE: "00080018"}


async def _found(
    database: Database,
    level: QueryLevel,
    keys: Mapping[str, Match] | None = None,
    include: Collection[str] = (),
    visibility: Visibility = ALL,
) -> list[dict[str, Any]]:
    page: SearchPage = await database.read(search, level, keys or {}, include, visibility, ROOT, 0, 500)
    return [json.loads(one) for one in page.objects]


async def _uids(database: Database, level: QueryLevel, keys: Mapping[str, Match] | None = None) -> list[str]:
    return [one[UID_OF[level]]["Value"][0].removeprefix("1.2.") for one in await _found(database, level, keys)]


async def _studies(database: Database, attribute: str, *values: str) -> None:
    """One study for each value: the first is 1.2.0, the second 1.2.1, …"""
    batch = [new(f"1.2.{number}", at=number, **{attribute: value}) for number, value in enumerate(values)]
    await database.write(add_instances, batch)


async def _a_study(database: Database) -> None:
    about = {
        "patient_id": "P1",
        "patient_name": 'Doe^Jane="山田"',
        "patient_birth_date": "19700101",
        "study_date": "20260102",
        "study_time": "101500",
        "accession_number": "A\\B",
        "study_description": "<b>\u2028",
    }
    await database.write(
        add_instances,
        [
            new("1.2.1", "1.2.1.1", "1.2.1.1.1", at=1, modality="CT", series_number="7", rows="512", **about),
            new("1.2.1", "1.2.1.1", "1.2.1.1.2", at=2, modality="CT", instance_number=" 2"),
            new("1.2.1", "1.2.1.2", at=3, modality="SR", request_attributes=(("RP1", "S1"), ("", ""))),
            new("1.2.1", "1.2.1.3", at=4, modality="CT", series_number="one"),
        ],
    )


# --- what is answered ----------------------------------------------------------------------------------------


async def test_a_study(database: Database) -> None:
    await _a_study(database)
    [study] = await _found(database, STUDY)
    assert study == {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080020": {"vr": "DA", "Value": ["20260102"]},
        "00080030": {"vr": "TM", "Value": ["101500"]},
        "00080050": {"vr": "SH", "Value": ["A", "B"]},
        "00080056": {"vr": "CS", "Value": ["ONLINE"]},
        "00080061": {"vr": "CS", "Value": ["CT", "SR"]},
        "00080080": {"vr": "LO"},
        "00080090": {"vr": "PN"},
        "00081030": {"vr": "LO", "Value": ["<b>\u2028"]},
        "00081190": {"vr": "UR", "Value": ["https://archive/dicom-web/studies/1.2.1"]},
        "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane", "Ideographic": '"山田"'}]},
        "00100020": {"vr": "LO", "Value": ["P1"]},
        "00100021": {"vr": "LO"},
        "00100030": {"vr": "DA", "Value": ["19700101"]},
        "00100040": {"vr": "CS"},
        "0020000D": {"vr": "UI", "Value": ["1.2.1"]},
        "00200010": {"vr": "SH"},
        "00201206": {"vr": "IS", "Value": [3]},
        "00201208": {"vr": "IS", "Value": [4]},
    }


async def test_series_of_a_study(database: Database) -> None:
    await _a_study(database)
    first, second, third = await _found(database, SERIES, {"StudyInstanceUID": Single("1.2.1")})
    assert first["0020000E"]["Value"] == ["1.2.1.1"]
    assert first["00080060"] == {"vr": "CS", "Value": ["CT"]}
    assert first["00200011"] == {"vr": "IS", "Value": [7]}
    assert first["00201209"] == {"vr": "IS", "Value": [2]}
    assert first["00081190"]["Value"] == ["https://archive/dicom-web/studies/1.2.1/series/1.2.1.1"]
    assert first["00400275"] == {"vr": "SQ"}
    assert second["00400275"]["Value"] == [
        {"00400009": {"vr": "SH", "Value": ["S1"]}, "00401001": {"vr": "SH", "Value": ["RP1"]}},
        {"00400009": {"vr": "SH"}, "00401001": {"vr": "SH"}},
    ]
    assert third["00200011"] == {"vr": "IS", "Value": ["one"]}, "a number that is none is told as it is"
    assert not {"00100010", "00080020", "00201206"} & first.keys(), "what the study says was not asked for"
    assert first["0020000D"]["Value"] == ["1.2.1"]


async def test_instances_of_a_series(database: Database) -> None:
    await _a_study(database)
    keys = {"StudyInstanceUID": Single("1.2.1"), "SeriesInstanceUID": Single("1.2.1.1")}
    first, second = await _found(database, IMAGE, keys)
    url = "https://archive/dicom-web/studies/1.2.1/series/1.2.1.1/instances/1.2.1.1.1"
    assert first == {
        "00080005": {"vr": "CS", "Value": ["ISO_IR 192"]},
        "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
        "00080018": {"vr": "UI", "Value": ["1.2.1.1.1"]},
        "00080023": {"vr": "DA"},
        "00080033": {"vr": "TM"},
        "00080056": {"vr": "CS", "Value": ["ONLINE"]},
        "00081190": {"vr": "UR", "Value": [url]},
        "00083002": {"vr": "UI", "Value": ["1.2.840.10008.1.2.1"]},
        "0020000D": {"vr": "UI", "Value": ["1.2.1"]},
        "0020000E": {"vr": "UI", "Value": ["1.2.1.1"]},
        "00200013": {"vr": "IS"},
        "00280008": {"vr": "IS"},
        "00280010": {"vr": "US", "Value": [512]},
        "00280011": {"vr": "US"},
        "00280100": {"vr": "US"},
    }
    assert second["00200013"] == {"vr": "IS", "Value": [2]}


async def test_levels_above_come_with_one_attribute_of_them(database: Database) -> None:
    await _a_study(database)
    series = (await _found(database, SERIES, include=["PatientName"]))[0]
    assert series["00100020"]["Value"] == ["P1"]
    assert series["00201208"]["Value"] == [4]
    assert series["00081190"]["Value"] == ["https://archive/dicom-web/studies/1.2.1/series/1.2.1.1"]
    of_series = (await _found(database, IMAGE, {"Modality": Single("CT")}))[0]
    assert of_series["00200011"]["Value"] == [7]
    assert "00100020" not in of_series
    whole = (await _found(database, IMAGE, include=ATTRIBUTES))[0]
    assert {"00100020", "00200011", "00280010"} <= whole.keys()
    assert list(whole) == sorted(whole)


async def test_what_costs_more_is_answered_to_those_who_ask(database: Database) -> None:
    await _a_study(database)
    await database.write(add_instances, [new("1.2.2", at=9, patient_id="P1"), new("1.2.3", at=10, patient_id="P1")])
    names = ["SOPClassesInStudy", "NumberOfPatientRelatedStudies", "NumberOfPatientRelatedInstances"]
    hidden = seeing((SelectorKind.EVERYTHING, ""), deny=[(SelectorKind.STUDY, "1.2.3")])
    [study] = await _found(database, STUDY, {"StudyInstanceUID": Single("1.2.1")}, names, hidden)
    assert study["00080062"] == {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]}
    assert study["00201200"] == {"vr": "IS", "Value": [2]}
    assert study["00201204"] == {"vr": "IS", "Value": [5]}
    assert list(study) == sorted(study)


async def test_each_answer_is_about_somebody(database: Database) -> None:
    await _a_study(database)
    for level in LEVELS:
        page: SearchPage = await database.read(search, level, {}, (), ALL, ROOT, 0, 500)
        assert page.about == [("1.2.1", "P1", "")] * len(page.objects)
        assert page.objects
        assert not page.has_more


async def test_a_thousand_requests_do_not_swell_every_answer(database: Database) -> None:
    asked = tuple((f"R{number}", f"S{number}") for number in range(1000))
    await database.write(add_instances, [new(request_attributes=asked)])
    [series] = await _found(database, SERIES)
    assert len(series["00400275"]["Value"]) == MAX_ITEMS_ANSWERED
    last = Items({"RequestedProcedureID": Single("R999")})
    assert len(await _found(database, SERIES, {"RequestAttributesSequence": last})) == 1, "it is found all the same"


async def test_hostile_values_stay_text(database: Database) -> None:
    name = '"}],"x":"</script>\r\n\x00\x1b\x7f\u2028\ud800^\t'
    await _studies(database, "patient_name", name)
    [study] = await _found(database, STUDY)
    assert study["00100010"]["Value"][0]["Alphabetic"] == name.replace("\0", "").replace("\ud800", "?").rstrip("\n")


# --- matching that C-FIND has not ----------------------------------------------------------------------------


_ASKED_FUZZILY = {
    "smith john": "01",
    "John Smith": "01",
    "smith^john": "01",
    "smi": "0",
    "schmidt": "012",
    "MULLER": "3",
    "müll": "3",
    "Mueller": "3",
    "anna mull": "3",
    "*ler": "3",
    "m?ller": "3",
    "jorgensen": "4",
    "yamada": "5",
    "山": "5",
    "太郎": "5",
    "*": "0123456",
    "^^": "0123456",
    "smith anna": "",
    "%": "",
    "mith": "",
    "'; DROP TABLE studies; --": "",
    "x" * 5000: "",
}


@pytest.mark.parametrize(
    ("attribute", "keyword"),
    [("patient_name", "PatientName"), ("referring_physician_name", "ReferringPhysicianName")],
)
async def test_fuzzy_names(database: Database, attribute: str, keyword: str) -> None:
    names = ("Smith^John", "SMYTHE^Jon", "Schmidt", "Müller^Anna", "Jørgensen^Åse", "Yamada^Tarou=山田^太郎", "")
    await _studies(database, attribute, *names)
    found = {asked: "".join(sorted(await _uids(database, STUDY, {keyword: Fuzzy(asked)}))) for asked in _ASKED_FUZZILY}
    assert found == _ASKED_FUZZILY


async def test_empty_values_are_found(database: Database) -> None:
    columns = ("patient_id", "patient_name", "referring_physician_name", "accession_number", "study_date", "study_time")
    without = [
        new(f"1.2.{number}", at=number, **dict.fromkeys({*columns} - {name}, "20260101"))
        for number, name in enumerate(columns)
    ]
    await database.write(add_instances, without)
    for number, name in enumerate(columns):
        [keyword] = [one.keyword for one in ATTRIBUTES.values() if one.column == name]
        assert await _uids(database, STUDY, {keyword: Empty()}) == [str(number)]


# --- order and pages -----------------------------------------------------------------------------------------


async def test_newest_first(database: Database) -> None:
    batch = [
        new("1.2.0", at=0, study_date="20250101", study_time="1200"),
        new("1.2.1", at=1, study_date="20260101", study_time="0900"),
        new("1.2.2", at=2, study_date="20260101", study_time="100000"),
        new("1.2.3", at=3),
        new("1.2.4", at=4, study_date="20260101", study_time="0900"),
    ]
    await database.write(add_instances, batch)
    assert await _uids(database, STUDY) == ["2", "4", "1", "0", "3"]
    assert await _uids(database, STUDY, {"StudyDate": Range("2026", "")}) == ["2", "4", "1"]
    assert await _uids(database, STUDY, {"StudyInstanceUID": AnyOf(("1.2.0", "1.2.2", "1.2.1"))}) == ["2", "1", "0"]
    assert await _uids(database, SERIES) == ["2.1", "4.1", "1.1", "0.1", "3.1"]
    assert await _uids(database, IMAGE) == ["2.1.1", "4.1.1", "1.1.1", "0.1.1", "3.1.1"]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("keys", [{}, {"PatientID": AnyOf(("P0", "P1", "P2"))}], ids=["walked", "sorted"])
async def test_pages_hold_everything_once(database: Database, level: QueryLevel, keys: Mapping[str, Match]) -> None:
    batch = []
    for n in range(60):
        about = {"patient_id": f"P{n % 3}", "study_date": f"2026010{n % 2}", "study_time": "1000"}
        batch.append(new(f"1.2.{n % 6}", f"1.2.{n % 6}.{n % 5}", f"1.2.{n}.9", at=n, **about))
    await database.write(add_instances, batch)
    whole: SearchPage = await database.read(search, level, keys, (), ALL, ROOT, 0, 500)
    assert len(set(whole.objects)) == len(whole.objects) == {STUDY: 6, SERIES: 30, IMAGE: 60}[level]
    by_offset = []
    for offset in range(0, 64, 4):
        page = await database.read(search, level, keys, (), ALL, ROOT, offset, 4)
        assert page.has_more == (offset + 4 < len(whole.objects))
        by_offset += page.objects
    assert by_offset == whole.objects
    after, by_place = None, []
    while True:
        page = await database.read(search, level, keys, (), ALL, ROOT, 0, 4, after)
        by_place += page.objects
        after = page.last
        if not page.has_more:
            break
    assert by_place == whole.objects


async def test_a_page_of_nothing_says_whether_there_is_something(database: Database) -> None:
    await _studies(database, "patient_id", "a", "b")
    for offset, has_more in ((0, True), (1, True), (2, False), (1_000_000_000, False)):
        page: SearchPage = await database.read(search, STUDY, {}, (), ALL, ROOT, offset, 0)
        assert (page.objects, page.about, page.last, page.has_more) == ([], [], None, has_more)


async def test_who_may_see_nothing_is_told_nothing(database: Database) -> None:
    await _a_study(database)
    for level in LEVELS:
        assert await _found(database, level, visibility=NOTHING) == []


async def test_hostile_keys_match_nothing_and_break_nothing(database: Database) -> None:
    await _studies(database, "patient_id", "a", "b")
    for text in ("'; DROP TABLE studies; --", "\0", "\ud800", "a" * 100_000, "[", "[!a]", "%"):
        for match in (Single(text), Wildcard(f"{text}?*"), AnyOf((text, "x"))):
            assert await _uids(database, STUDY, {"PatientID": match}) in ([], ["1", "0"])
    uids = AnyOf((*(f"1.3.{n}" for n in range(10_000)), "1.2.1"))
    assert await _uids(database, STUDY, {"StudyInstanceUID": uids}) == ["1"]


# --- a search lists what C-FIND lists ------------------------------------------------------------------------

_IDS = st.sampled_from(["", "P", "p", "P@H", "Ä", "P%", "P*", "'"])
_NAMES = st.sampled_from(["", "DOE^J", "doe^j^^", "Roe^J", "ẞ^Ä", "=山田", "[a]*?"])
_DATES = st.sampled_from(["", "20260101", "20260102", "20251231"])
_STUDIES = [f"1.2.{number}" for number in range(6)]
_study = st.fixed_dictionaries(
    {
        "patient_id": _IDS,
        "patient_name": _NAMES,
        "referring_physician_name": _NAMES,
        "institution_name": _NAMES,
        "study_date": _DATES,
        "modality": st.sampled_from(["", "CT", "SR"]),
        "series_number": st.sampled_from(["", "1", " 2", "x"]),
        "rows": st.sampled_from(["", "512"]),
    }
)
_selectors = st.one_of(
    st.builds(Selector, st.just(SelectorKind.EVERYTHING)),
    st.builds(Selector, st.just(SelectorKind.STUDY), st.sampled_from([*_STUDIES, "1.2"])),
    st.builds(Selector, st.just(SelectorKind.PATIENT), st.one_of(_IDS, st.text(max_size=3))),
    st.builds(Selector, st.just(SelectorKind.COLLECTION), st.sampled_from(["teaching", ""])),
    st.builds(Selector, st.just(SelectorKind.REFERRING_PHYSICIAN), st.sampled_from(["doe^j", "=山田", ""])),
    st.builds(Selector, st.just(SelectorKind.STORED_BY), st.sampled_from(["dev-1", "dev-2"])),
)
_visibilities = st.builds(
    Visibility,
    st.frozensets(_selectors, max_size=4),
    st.one_of(st.just(frozenset[Selector]()), st.frozensets(_selectors, max_size=2)),
)
_keys = st.sampled_from(
    [
        {},
        {"PatientName": Wildcard("*oe*")},
        {"PatientName": Single("doe^j")},
        {"PatientID": Wildcard("P*")},
        {"StudyDate": Range("20260101", "")},
        {"ModalitiesInStudy": Single("CT")},
        {"StudyInstanceUID": AnyOf(("1.2.0", "1.2.3"))},
        {"Modality": Single("SR")},
        {"RequestAttributesSequence": Items({"RequestedProcedureID": Single("R")})},
        {"SOPInstanceUID": Single("1.2.0.1.1")},
    ]
)


def _in_world(
    conn: Connection, world: list[dict[str, Any]], visibility: Visibility, keys: Mapping[str, Match]
) -> tuple[list[str], list[tuple[list[dict[str, Any]], list[dict[str, str]]]]]:
    """The admitted studies, and at each level what a search answers and what C-FIND does."""
    for table in reversed(metadata.sorted_tables):
        conn.execute(delete(table))
    add_collection(conn, "teaching", "", AT)
    for number, (uid, study) in enumerate(zip(_STUDIES, world, strict=False)):
        made = header(uid, **study, request_attributes=(("R", "S"),) if number % 2 else ())
        add_instances(conn, [NewInstance(made, location(number), f"dev-{number % 3}", AT)])
        if number % 2:
            add_to_collection(conn, "teaching", [uid])
    facts = [study_facts(conn, uid) for uid in _STUDIES[: len(world)]]
    admitted = [one.study_instance_uid for one in facts if one is not None and visibility.admits(one)]
    pairs = []
    for level in LEVELS:
        page = search(conn, level, keys, ATTRIBUTES, visibility, ROOT, 0, 500)
        answered = [keyword for keyword in ATTRIBUTES if keyword != "RequestAttributesSequence"]
        pairs.append(([json.loads(one) for one in page.objects], find(conn, level, keys, answered, visibility)))
    return admitted, pairs


def _says_the_same(searched: dict[str, Any], found: Mapping[str, str]) -> None:
    """What C-FIND says in text, the search says in JSON: not one attribute more or less, and the same values."""
    told = {**found}
    items = [told.pop(keyword) for keyword in ("RequestedProcedureID", "ScheduledProcedureStepID") if keyword in told]
    assert searched.keys() - _ONLY_IN_JSON == {f"{tag_of(keyword):08X}" for keyword in told}
    for keyword, text in told.items():
        written = json.loads(f"{{{attribute_json(keyword, text)}}}")
        assert searched[f"{tag_of(keyword):08X}"] == written[f"{tag_of(keyword):08X}"]
    if any(items):
        assert searched["00400275"]["Value"][0]["00401001"]["Value"] == [items[0]]


_ONLY_IN_JSON = {"00080005", "00080056", "00081190", "00400275"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=st.lists(_study, max_size=len(_STUDIES)), visibility=_visibilities, keys=_keys)
async def test_what_is_searched_is_what_is_found_and_admitted(
    database: Database, world: list[dict[str, Any]], visibility: Visibility, keys: Mapping[str, Match]
) -> None:
    admitted, pairs = await database.write(_in_world, world, visibility, keys, durable=False)
    for level, (searched, found) in zip(LEVELS, pairs, strict=True):
        uid = UID_OF[level]
        by_uid = {one[uid]["Value"][0]: one for one in searched}
        assert len(by_uid) == len(searched)
        assert {one["0020000D"]["Value"][0] for one in searched} <= set(admitted)
        assert sorted(by_uid) == sorted(row[UNIQUE[level]] for row in found)
        if not keys:
            assert len(searched) == len(admitted)
        for row in found:
            _says_the_same(by_uid[row[UNIQUE[level]]], row)

"""Query parameters of a search, and everything that can be wrong with them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadglass.archive.search_request import SearchRequest, read_search_request
from leadglass.store.index.attributes import ATTRIBUTES, supports
from leadglass.store.index.matching import AnyOf, Empty, Fuzzy, Items, Match, QueryLevel, Range, Single, Wildcard
from leadglass.terms.ceilings import MAX_IDENTIFIER, MAX_SEARCH_ANSWERS, MAX_SEARCH_PARAMETERS, MAX_SEARCH_VALUE
from leadglass.terms.errors import CeilingReached, PeerViolation

_, STUDY, SERIES, IMAGE = QueryLevel


def read(*parameters: tuple[str, str], level: QueryLevel = STUDY, **within: str) -> SearchRequest:
    return read_search_request(level, parameters, within)


@pytest.mark.parametrize(
    ("name", "value", "keyword", "match"),
    [
        ("PatientID", "P1", "PatientID", Single("P1")),
        ("00100020", "P1", "PatientID", Single("P1")),
        ("0020000d", "1.2.3", "StudyInstanceUID", Single("1.2.3")),
        ("PatientName", "DOE^J*", "PatientName", Wildcard("DOE^J*")),
        ("PatientName", "Müller, Anna", "PatientName", Single("Müller, Anna")),
        ("StudyDate", "20260101", "StudyDate", Single("20260101")),
        ("StudyDate", "20260101-20260131", "StudyDate", Range("20260101", "20260131")),
        ("StudyDate", "-20260131", "StudyDate", Range("", "20260131")),
        ("StudyTime", "1000-", "StudyTime", Range("1000", "")),
        ("StudyInstanceUID", "1.2,1.3", "StudyInstanceUID", AnyOf(("1.2", "1.3"))),
        ("StudyInstanceUID", "1.2\\1.3", "StudyInstanceUID", AnyOf(("1.2", "1.3"))),
        ("ModalitiesInStudy", "CT,MR", "ModalitiesInStudy", AnyOf(("CT", "MR"))),
        ("ModalitiesInStudy", "CT\\MR", "ModalitiesInStudy", AnyOf(("CT", "MR"))),
        ("StudyDescription", "head, neck", "StudyDescription", Single("head, neck")),
        ("AccessionNumber", "A?", "AccessionNumber", Wildcard("A?")),
        ("PatientID", '""', "PatientID", Single('""')),
    ],
)
def test_keys_by_keyword_and_by_tag(name: str, value: str, keyword: str, match: Match) -> None:
    assert read((name, value)).keys == {keyword: match}


@pytest.mark.parametrize(
    ("name", "value"), [("PatientID", ""), ("PatientName", "*"), ("StudyInstanceUID", "*"), ("StudyDate", "-")]
)
def test_universal_matching_restricts_nothing(name: str, value: str) -> None:
    assert read((name, value)).keys == {}
    assert read((name, value)).notes == ()


@pytest.mark.parametrize("sequence", ["RequestAttributesSequence", "00400275"])
def test_paths_into_the_sequence_that_is_kept(sequence: str) -> None:
    request = read((f"{sequence}.00401001", "R1"), (f"{sequence}.ScheduledProcedureStepID", "S*"), level=SERIES)
    match = Items({"RequestedProcedureID": Single("R1"), "ScheduledProcedureStepID": Wildcard("S*")})
    assert request.keys == {"RequestAttributesSequence": match}


def test_switches_count_wherever_they_stand() -> None:
    request = read(
        ("PatientName", "doe j"), ("fuzzymatching", "true"), ("PatientID", '""'), ("emptyvaluematching", "true")
    )
    assert request.keys == {"PatientName": Fuzzy("doe j"), "PatientID": Empty()}
    request = read(("fuzzymatching", "false"), ("emptyvaluematching", "false"), ("PatientName", "doe"))
    assert request.keys == {"PatientName": Single("doe")}
    assert read(("fuzzymatching", "true"), ("PatientName", " "), ("PatientID", "P*")).keys == {
        "PatientID": Wildcard("P*")
    }
    assert read(("multiplevaluematching", "true"), ("PatientID", "A\\B")).keys == {"PatientID": AnyOf(("A", "B"))}


def test_include_fields() -> None:
    request = read(
        ("includefield", "PatientName,00080030"),
        ("includefield", "SOPClassesInStudy"),
        ("includefield", "PixelSpacing"),
        ("includefield", "nonsense,"),
        level=SERIES,
        study="1.2",
    )
    assert request.include == {"PatientName", "StudyTime", "SOPClassesInStudy"}
    for level in (STUDY, SERIES, IMAGE):
        included = read(("includefield", "all"), level=level, study="1.2").include
        assert included == {keyword for keyword in ATTRIBUTES if supports(keyword, level)}


def test_a_search_of_all_studies_answers_the_levels_above_too() -> None:
    assert "PatientName" in read(level=SERIES).include
    assert {"PatientName", "Modality"} <= read(level=IMAGE).include
    assert read(level=SERIES, study="1.2").include == set()
    assert "SOPClassesInStudy" not in read().include, "only whoever asks pays for it"


def test_pages() -> None:
    assert (read().offset, read().limit) == (0, MAX_SEARCH_ANSWERS)
    request = read(("limit", "25"), ("offset", "100"))
    assert (request.offset, request.limit) == (100, 25)
    assert read(("limit", "0")).limit == 0
    assert read(("limit", str(MAX_SEARCH_ANSWERS + 1))).limit == MAX_SEARCH_ANSWERS


def test_what_the_path_names() -> None:
    request = read(("StudyInstanceUID", "1.2,1.3"), level=IMAGE, study="1.2", series="1.2.1")
    assert request.keys == {"StudyInstanceUID": Single("1.2"), "SeriesInstanceUID": Single("1.2.1")}
    for other in ("1.3", "1.3,1.4"):
        with pytest.raises(PeerViolation, match="StudyInstanceUID is another one than the path names"):
            read(("StudyInstanceUID", other), level=IMAGE, study="1.2")


def test_what_is_passed_over_is_told() -> None:
    request = read(("Modality", "CT"), ("00280030", "1"), ("x", "1"), ("y\r\n", "1"), ("", ""), ("PatientID", "P"))
    assert request.keys == {"PatientID": Single("P")}
    assert request.notes == (
        "Not matched at this level and passed over: Modality, PixelSpacing",
        "3 query parameters are no attributes and were passed over",
    )
    [note] = read(("NumberOfStudyRelatedSeries", "3"), ("RequestAttributesSequence", "x"), level=SERIES).notes
    assert "NumberOfStudyRelatedSeries, RequestAttributesSequence" in note
    [note] = read(("ReferencedImageSequence.PatientID", "x"), ("PatientID.PatientName", "x")).notes
    assert "ReferencedImageSequence.PatientID, PatientID.PatientName" in note
    assert read(("accept", "application/json"), ("charset", "utf-8")).notes == ()


def test_a_long_list_of_what_is_passed_over_is_cut() -> None:
    below = [keyword for keyword in ATTRIBUTES if not supports(keyword, STUDY)][:10]
    [note] = read(*((keyword, "1") for keyword in below)).notes
    assert note.endswith(" and 2 more")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("limit", "-1", "limit must be a number"),
        ("limit", "1e3", "limit must be a number"),
        ("limit", "", "limit must be a number"),
        ("limit", "٣", "limit must be a number"),
        ("limit", "²", "limit must be a number"),
        ("offset", "1" * 4301, "offset must be a number"),
        ("offset", "9999999999", "offset must be a number"),
        ("fuzzymatching", "TRUE", "fuzzymatching must be true or false"),
        ("emptyvaluematching", "", "emptyvaluematching must be true or false"),
        ("StudyDate", "soon", "StudyDate is neither a value nor a range"),
        ("StudyDate", "20260101\n", "StudyDate holds a control character"),
        ("StudyInstanceUID", "1.2*", "StudyInstanceUID is not a list of UIDs"),
        ("StudyInstanceUID", "../1.2", "StudyInstanceUID is not a list of UIDs"),
        ("PatientID", "P\r\nX-Evil: 1", "PatientID holds a control character"),
        ("PatientName", "P\0", "PatientName holds a control character"),
        ("PatientName", "P\x85", "PatientName holds a control character"),
        ("PatientName", "\ud800", "PatientName holds a control character"),
    ],
)
def test_what_is_malformed_is_named_and_its_value_is_not(name: str, value: str, said: str) -> None:
    with pytest.raises(PeerViolation, match=said) as refused:
        read((name, value))
    assert value == "" or value not in str(refused.value).replace(said, "")


@pytest.mark.parametrize("name", ["limit", "offset", "fuzzymatching", "PatientID", "00100020"])
def test_nothing_is_said_twice(name: str) -> None:
    value = "true" if name == "fuzzymatching" else "1"
    with pytest.raises(PeerViolation, match="is given more than once"):
        read((name, value), (name, value), ("PatientID", "1"))


def test_ceilings() -> None:
    read(*[("x", "1")] * MAX_SEARCH_PARAMETERS)
    with pytest.raises(CeilingReached, match="MAX_SEARCH_PARAMETERS"):
        read(*[("x", "1")] * (MAX_SEARCH_PARAMETERS + 1))
    for name in ("PatientID", "PatientName", "includefield"):
        read((name, "x" * MAX_SEARCH_VALUE))
        with pytest.raises(CeilingReached, match="MAX_SEARCH_VALUE"):
            read((name, "x" * (MAX_SEARCH_VALUE + 1)))
    uids = read(("StudyInstanceUID", ",".join(f"1.2.{n}" for n in range(10_000)))).keys["StudyInstanceUID"]
    assert isinstance(uids, AnyOf)
    assert len(uids.values) == 10_000
    with pytest.raises(CeilingReached, match="MAX_IDENTIFIER"):
        read(("StudyInstanceUID", "1" * (MAX_IDENTIFIER + 1)))


_names = st.one_of(st.sampled_from([*ATTRIBUTES, "limit", "offset", "includefield", "fuzzymatching"]), st.text())


@given(st.lists(st.tuples(_names, st.text()), max_size=6), st.sampled_from([STUDY, SERIES, IMAGE]))
def test_anything_is_understood_or_refused(parameters: list[tuple[str, str]], level: QueryLevel) -> None:
    try:
        request = read(*parameters, level=level)
    except PeerViolation as refused:
        said = str(refused)
    else:
        said = " ".join(request.notes)
        assert set(request.keys) <= set(ATTRIBUTES)
    assert all(character.isprintable() for character in said)

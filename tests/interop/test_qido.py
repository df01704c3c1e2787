"""dicomweb-client searches a running archive in every way it knows, and strangers to the standard do in theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol, ledger_rows, token
from helpers.dcmtk import require_tool, run_dcmtk
from helpers.studies import CT, PEOPLE, ROOT, write_files
from helpers.web_client import web

pytestmark = pytest.mark.interop

STUDY_1, STUDY_2 = PEOPLE[0].study_uid, PEOPLE[5].study_uid
SERIES_11 = PEOPLE[0].series_uid
JSON = {"Accept": "application/dicom+json"}
STUDIES = "/dicom-web/studies"
XML = 'multipart/related; type="application/dicom+xml"'


@dataclass(frozen=True, slots=True)
class Asking:
    server: ArchiveServer
    client: DICOMwebClient
    http: httpx2.Client


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    require_tool("storescu")
    folder = tmp_path_factory.mktemp("qido")
    with run_archive(folder / "home") as server:
        enrol(server, "WS", "store")
        files = write_files(folder / "files")
        stored = asyncio.run(run_dcmtk("storescu", "-aet", "WS", "127.0.0.1", server.dicom, *files))
        assert stored.exit_code == 0, stored.output
        bearer = token(server, "query")
        session = requests.Session()
        session.trust_env, session.verify = False, str(server.ca)
        session.headers["Authorization"] = f"Bearer {bearer}"
        client = DICOMwebClient(f"https://localhost:{server.https}/dicom-web", session)
        with web(server, token=bearer, headers=JSON) as http, session:
            yield Asking(server, client, http)


def uids(found: Sequence[dict[str, Any]], tag: str = "0020000D") -> list[str]:
    return [one[tag]["Value"][0] for one in found]


# --- dicomweb-client -----------------------------------------------------------------------------------------


def test_studies_newest_first_each_as_pydicom_reads_it(asking: Asking) -> None:
    found = asking.client.search_for_studies()
    assert [uid.rpartition(".")[2] for uid in uids(found)] == ["4", "3", "2", "1"]
    study = pydicom.Dataset.from_json(found[3])
    assert (study.PatientID, str(study.PatientName), study.StudyDate) == ("P1", "Adams^Ann", "20240110")
    assert (study.ModalitiesInStudy, study.InstanceAvailability) == ("CT", "ONLINE")
    assert (study.NumberOfStudyRelatedSeries, study.NumberOfStudyRelatedInstances) == (2, 5)
    assert study.RetrieveURL == f"{asking.client.base_url}/studies/{STUDY_1}"
    assert str(pydicom.Dataset.from_json(found[0]).PatientName) == "Müller^Jörg"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"PatientID": "P1"}, "21"),
        ({"00100020": "P2"}, "3"),
        ({"PatientName": "adams*"}, "321"),
        ({"PatientName": "ADAMS^ANN"}, "21"),
        ({"PatientName": "Müller^Jörg"}, "4"),
        ({"StudyDate": "20240101-20240228"}, "21"),
        ({"StudyDate": "20240215"}, "2"),
        ({"ModalitiesInStudy": "MR"}, "2"),
        ({"ModalitiesInStudy": "CT,US"}, "41"),
        ({"StudyInstanceUID": f"{STUDY_1},{STUDY_2}"}, "21"),
        ({"AccessionNumber": "?300"}, "3"),
        ({"PatientID": "nobody"}, ""),
        ({"PatientID": "P1' OR '1'='1"}, ""),
    ],
)
def test_search_filters(asking: Asking, filters: dict[str, str], expected: str) -> None:
    found = asking.client.search_for_studies(search_filters=filters)
    assert "".join(uid.rpartition(".")[2] for uid in uids(found)) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("ann adams", "21"), ("muller", "4"), ("jorg mull", "4"), ("bert", "3")]
)
def test_fuzzy_matching(asking: Asking, name: str, expected: str) -> None:
    found = asking.client.search_for_studies(fuzzymatching=True, search_filters={"PatientName": name})
    assert "".join(uid.rpartition(".")[2] for uid in uids(found)) == expected
    assert asking.client.search_for_studies(fuzzymatching=False, search_filters={"PatientName": name}) == []


def test_limit_offset_and_what_remains(asking: Asking) -> None:
    whole = asking.client.search_for_studies()
    assert asking.client.search_for_studies(limit=2) == whole[:2]
    assert asking.client.search_for_studies(limit=2, offset=1) == whole[1:3]
    assert asking.client.search_for_studies(offset=4) == []
    assert asking.client.search_for_studies(limit=1, get_remaining=True) == whole
    assert asking.client.search_for_instances(limit=2, get_remaining=True) == asking.client.search_for_instances()


def test_fields(asking: Asking) -> None:
    [study] = asking.client.search_for_studies(fields=["SOPClassesInStudy"], search_filters={"AccessionNumber": "A100"})
    assert study["00080062"]["Value"] == [CT]
    [plain, _] = asking.client.search_for_series(STUDY_1)
    assert "00100010" not in plain
    [with_name, _] = asking.client.search_for_series(STUDY_1, fields=["PatientName"])
    assert with_name["00100010"]["Value"] == [{"Alphabetic": "Adams^Ann"}]
    instance = asking.client.search_for_instances(STUDY_1, fields=["all"])[0]
    assert {"00100010", "00080060", "00280010", "00080062"} <= instance.keys()


def test_series(asking: Asking) -> None:
    assert uids(asking.client.search_for_series(STUDY_1), "0020000E") == [f"{STUDY_1}.1", f"{STUDY_1}.2"]
    assert len(asking.client.search_for_series()) == 5
    [series] = asking.client.search_for_series(search_filters={"Modality": "MR"})
    assert series["00201209"]["Value"] == [2]
    assert series["00100020"]["Value"] == ["P1"], "a search of all studies tells of the study, too"
    assert series["00400275"]["Value"][0]["00401001"]["Value"] == ["RP7"]
    by_request = {"RequestAttributesSequence.RequestedProcedureID": "RP9"}
    assert uids(asking.client.search_for_series(search_filters=by_request)) == [f"{ROOT}.4"]
    assert asking.client.search_for_series(f"{ROOT}.999") == []


def test_instances(asking: Asking) -> None:
    in_series = asking.client.search_for_instances(STUDY_1, SERIES_11)
    assert uids(in_series, "00080018") == [f"{SERIES_11}.{number}" for number in (1, 2, 3)]
    instance = pydicom.Dataset.from_json(in_series[0])
    assert (instance.SOPClassUID, instance.InstanceNumber, instance.Rows, instance.BitsAllocated) == (CT, 1, 16, 16)
    assert len(asking.client.search_for_instances(STUDY_1)) == 5
    assert len(asking.client.search_for_instances()) == len(PEOPLE)
    assert len(asking.client.search_for_instances(STUDY_1, search_filters={"InstanceNumber": "2"})) == 2


# --- the protocol itself -------------------------------------------------------------------------------------


def test_pages_say_that_there_is_more_and_where(asking: Asking) -> None:
    answer = asking.http.get(f"{STUDIES}?limit=3&PatientName=*a*")
    assert "There are additional results that can be requested" not in answer.headers.get("warning", "")
    assert "link" not in answer.headers
    answer = asking.http.get(f"{STUDIES}?limit=2&PatientName=*")
    root = f"https://localhost:{asking.server.https}/dicom-web"
    assert answer.headers["warning"] == f"299 {root}: There are additional results that can be requested"
    following = asking.http.get(answer.url.join(answer.links["next"]["url"]))
    assert uids(answer.json()) + uids(following.json()) == uids(asking.client.search_for_studies())
    assert "link" not in following.headers


def test_an_empty_answer_is_an_empty_array(asking: Asking) -> None:
    answer = asking.http.get(f"{STUDIES}?PatientID=nobody")
    assert (answer.status_code, answer.content) == (200, b"[]")
    assert answer.headers["content-type"] == "application/dicom+json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        ("application/dicom+json", 200, "application/dicom+json"),
        ("application/json", 200, "application/json"),
        ("*/*", 200, "application/dicom+json"),
        (
            'multipart/related; type="application/dicom+xml", application/dicom+json;q=0.5',
            200,
            "application/dicom+json",
        ),
        (XML, 406, "application/problem+json"),
        ("text/html", 406, "application/problem+json"),
        ("nonsense", 400, "application/problem+json"),
    ],
)
def test_what_can_be_had(asking: Asking, accept: str, status: int, media_type: str) -> None:
    answer = asking.http.get(STUDIES, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (status, media_type)
    if status == 406:
        return  # the Accept header of the next request would do
    in_query = asking.http.get(STUDIES, params={"accept": accept}, headers={"Accept": "*/*"})
    assert (in_query.status_code, in_query.headers["content-type"]) == (status, media_type)


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=1&limit=2",
        "fuzzymatching=perhaps",
        "StudyDate=tomorrow",
        "PatientName=%00",
        "PatientName=a%0D%0ASet-Cookie:%20x=1",
        "StudyInstanceUID=..%2F..%2Fetc",
        f"PatientID={'x' * 5000}",
    ],
)
def test_what_is_malformed_is_refused_without_being_repeated(asking: Asking, query: str) -> None:
    answer = asking.http.get(f"{STUDIES}?{query}")
    assert answer.status_code == (413 if len(query) > 4096 else 400)
    assert "set-cookie" not in answer.headers
    told = answer.json()["detail"]
    assert not any(value in told for value in ("perhaps", "tomorrow", "Set-Cookie", "etc", "xxx"))


def test_parameters_nobody_knows_are_passed_over_and_told(asking: Asking) -> None:
    answer = asking.http.get(f"{STUDIES}?PatientID=P2&Modality=CR&colour=%0D%0Ablue&_=123")
    assert uids(answer.json()) == [f"{ROOT}.3"]
    assert [words.partition(": ")[2] for words in answer.headers.get_list("warning")] == [
        "Not matched at this level and passed over: Modality",
        "2 query parameters are no attributes and were passed over",
    ]


def test_who_may_see_little_finds_little(asking: Asking) -> None:
    bearer = token(asking.server, "query", studies="patient:P2")
    with web(asking.server, token=bearer) as http:
        assert uids(http.get(STUDIES).json()) == [f"{ROOT}.3"]
        hidden, absent = (http.get(f"{STUDIES}/{ROOT}.{number}/series") for number in (1, 999))
        assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content) == (200, b"[]")
        assert len(http.get("/dicom-web/instances").json()) == 1
    with web(asking.server, token=token(asking.server, "store")) as http:
        assert http.get(STUDIES).status_code == 403
    with web(asking.server) as http:
        assert http.get(STUDIES).status_code == 401


def test_every_search_is_in_the_ledger(asking: Asking) -> None:
    bearer = token(asking.server, "query", name="curious")
    with web(asking.server, token=bearer) as http:
        http.get(f"{STUDIES}?PatientName=M%C3%BCller*")
        http.get(f"{STUDIES}?PatientID=nobody")
    rows = [row for row in ledger_rows(asking.server) if row["who"] == "curious"]
    assert [(row["event"], row["door"], row["what"]) for row in rows] == [
        ("queried", "https", "1 answer, keys PatientName, level STUDY"),
        ("queried", "https", "0 answers, keys PatientID, level STUDY"),
    ]
    seen = ledger_rows(asking.server, study=f"{ROOT}.4")
    assert any(row["who"] == "curious" for row in seen), "the study knows who has seen it in a list"

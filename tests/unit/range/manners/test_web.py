"""Simulated web systems: they answer as they say, in any portions, and tell the law of everything."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from leadglass.range.law import NEVER, Law
from leadglass.range.manner import Action, HangUp
from leadglass.range.manners.web import WebManner
from leadglass.range.manners.web_databases import CouchDb, Elasticsearch, S3Bucket
from leadglass.range.manners.web_dcm4chee import Dcm4cheeWeb
from leadglass.range.manners.web_dicomweb import DicomWeb
from leadglass.range.manners.web_fhir import FhirServer
from leadglass.range.manners.web_orthanc import OrthancWeb
from leadglass.range.manners.web_pages import CitrixPage, DirectoryListing, NginxNotFound, OhifViewer, Oviyam
from leadglass.terms.ceilings import MAX_RANGE_REQUEST

ORTHANC_ID = "-".join(["0123abcd"] * 5)
DICOMWEB = {
    "/studies": NEVER,
    "/studies?PatientName=A*": NEVER,
    "/studies?StudyInstanceUID=*": NEVER,
    "/studies?StudyInstanceUID=2.25.1&limit=1": 2,
    "/studies?limit=1&offset=3&includefield=PatientComments": 4,
    "/studies?limit=1&offset=x": 4,
    "/studies?limit=2": NEVER,
    "/studies?limit=1&PatientName=A*": NEVER,
    "/studies/2.25.1": 2,
    "/studies/2.25.1/metadata": 2,
    "/patients": NEVER,
    "/studies/2.25.1/series": NEVER,
}
NEEDS: list[tuple[Callable[[Law], WebManner], dict[str, int]]] = [
    (
        partial(OrthancWeb, studies=3),
        {
            "/": 1,
            "/app/explorer.html": 1,
            "/system": 1,
            f"/studies/{ORTHANC_ID}": 2,
            f"/instances/{ORTHANC_ID}/file": 2,
            "/anything": 2,
            "/statistics": 3,
            "/studies?since=1&limit=1&expand": 4,
            "/studies?since=1&limit=2&expand": NEVER,
            "/studies?expand": NEVER,
            "/patients": NEVER,
            "/tools/find": NEVER,
            **{"/dicom-web" + path: needs for path, needs in DICOMWEB.items()},
        },
    ),
    (
        partial(Dcm4cheeWeb, studies=3),
        {
            "/": 1,
            "/dcm4chee-arc/aets": 1,
            "/dcm4chee-arc/aets/DCM4CHEE/rs/studies/count": 3,
            "/dcm4chee-arc/aets/DCM4CHEE/rs/studies/size": 3,
            "/dcm4chee-arc/aets/OTHER/rs/studies": 2,
            **{"/dcm4chee-arc/aets/DCM4CHEE/rs" + path: needs for path, needs in DICOMWEB.items()},
        },
    ),
    (DicomWeb, {"/": 1, "/x": 2, **{"/dicom-web" + path: needs for path, needs in DICOMWEB.items()}}),
    (OhifViewer, {"/": 1, "/app-config.js": 2, "/pacs/studies": NEVER}),
    (Oviyam, {"/": 1, "/favicon.ico": 1, "/study": 2}),
    (DirectoryListing, {"/": 1, "/000001.dcm": NEVER, "/x": 2}),
    (NginxNotFound, {"/": 1, "/x": 2}),
    (CitrixPage, {"/": 1, "/x": 2}),
    (
        partial(FhirServer, counts={"Patient": 3}),
        {
            "/": 1,
            "/fhir/metadata": 1,
            "/fhir/Patient?_id=Q&_summary=count": 2,
            "/fhir/Patient?_summary=count": 3,
            "/fhir/Patient?_count=5&_elements=name,birthDate": 4,
            "/fhir/Patient?_count=101&_elements=name": NEVER,
            "/fhir/Patient?_count=5": NEVER,
            "/fhir/Patient": NEVER,
            "/fhir/Patient?_summary=true": NEVER,
        },
    ),
    (
        partial(Elasticsearch, indexes={"a": 3}),
        {
            "/": 1,
            "/_cat/indices?format=json&h=index": 2,
            "/_cat/indices?h=index,docs.count": 3,
            "/_cat/indices": 3,
            "/a/_mapping": 4,
            "/a/_search": NEVER,
        },
    ),
    (
        partial(CouchDb, databases={"a": 3}),
        {"/": 1, "/_all_dbs": 2, "/a": 3, "/a/_all_docs": NEVER, "/a/_all_docs?include_docs=true&limit=1": 4, "/b": 2},
    ),
    (
        partial(S3Bucket, keys=3),
        {"/": 1, "/?max-keys=0": 1, "/?list-type=2&max-keys=1000": 3, "/000001.dcm": NEVER, "/x": 2},
    ),
]


def get(path: str, *lines: str, method: str = "GET") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def heard(manner: WebManner, data: bytes, portion: int = 1 << 20) -> list[Action]:
    return [a for start in range(0, len(data), portion) for a in manner.received(data[start : start + portion])]


@pytest.mark.parametrize(
    ("make", "path", "needs"), [(make, path, needs) for make, paths in NEEDS for path, needs in paths.items()]
)
def test_what_is_asked_is_told_with_the_level_it_needs(make: Callable[[Law], WebManner], path: str, needs: int) -> None:
    law = Law()
    (answer,) = heard(make(law), get(path))
    assert isinstance(answer, bytes)
    assert answer.startswith(b"HTTP/1.1 ")
    assert [level for level, _ in law.asked] == [needs]


@pytest.mark.parametrize("make", [make for make, _ in NEEDS])
@pytest.mark.parametrize("portion", [1, 10])
def test_portions_and_requests_in_a_row(make: Callable[[Law], WebManner], portion: int) -> None:
    data = get("/") + get("/x", "Connection: close") + get("/never read")
    whole = heard(make(Law()), data)
    assert heard(make(Law()), data, portion) == whole
    assert whole[-1] == HangUp()
    assert len(whole) == 3


@pytest.mark.parametrize("make", [make for make, _ in NEEDS])
@pytest.mark.parametrize(
    ("request_", "what"),
    [
        (get("/", "Authorization: Basic b3J0aGFuYzpvcnRoYW5j"), "HTTP with a login"),
        (get("/", "Cookie: session=1"), "HTTP with a login"),
        (get("/instances", method="POST"), "HTTP POST"),
        (get("/x", method="DELETE"), "HTTP DELETE"),
        (get("/x", method="BREW"), "HTTP with a strange method"),
    ],
)
def test_what_no_survey_may_do(make: Callable[[Law], WebManner], request_: bytes, what: str) -> None:
    law = Law()
    heard(make(law), request_)
    assert law.asked[NEVER, what] == 1


@pytest.mark.parametrize("make", [make for make, _ in NEEDS])
@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\r\n\r\n",
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / \xff HTTP/1.1\r\n\r\n",
        b"x" * MAX_RANGE_REQUEST + b"y",
    ],
)
def test_garbage_is_answered_and_hung_up_on(make: Callable[[Law], WebManner], garbage: bytes) -> None:
    actions = heard(make(Law()), garbage + b"more", 4000)
    assert actions[-1] == HangUp()
    assert isinstance(actions[0], bytes)
    assert actions[0].startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("make", [make for make, _ in NEEDS])
def test_head_has_no_body(make: Callable[[Law], WebManner]) -> None:
    (answer,) = heard(make(Law()), get("/", method="HEAD"))
    assert isinstance(answer, bytes)
    assert answer.endswith(b"\r\n\r\n")

"""First pages and what they are recognised as; digests; nothing else is kept."""

from __future__ import annotations

import json

import msgspec
import pytest

from leadglass.survey.fingerprint_http import FAVICONS, Page, page_of, signs_of

PAGES = {
    b"<html><head><title>Index of /scans</title></head><body><a href='1.dcm'>": ("listing", ("DICOM files",)),
    b"<!DOCTYPE HTML>\n<title>Directory listing for /</title>": ("listing", ()),
    b'<html><head><title>192.0.2.7 - /</title></head><A HREF="/">[To Parent Directory]</A>': ("listing", ()),
    b"<title>Orthanc Explorer</title>": ("Orthanc Explorer", ()),
    b"<title>Orthanc Explorer 2</title>": ("Orthanc Explorer 2", ()),
    b"<title>OHIF Viewer</title>": ("OHIF", ()),
    b"<title>Stone Web Viewer</title>": ("Stone Web Viewer", ()),
    b'<title>MedDream PACS</title><input type="password">': ("MedDream", ("login",)),
    b"<title>Oviyam demo</title>": ("Oviyam", ("demo",)),
    b"<title>Weasis</title>": ("Weasis", ()),
    b"<title>Teaching PACS</title>": ("PACS", ("teaching",)),
    b"<title>RadiAnt DICOM</title>": ("RadiAnt", ()),
    b"<title>OsiriX Web Portal</title><form action=/login>": ("OsiriX", ("login",)),
    b"<title>HAPI FHIR Test Server</title>": ("HAPI FHIR", ("test",)),
    b"<title>Citrix Gateway</title>": ("Citrix login", ()),
    b'<?xml version="1.0"?>\n<ListBucketResult xmlns="x"><Contents><Key>a.dcm</Key>': ("S3 listing", ("DICOM files",)),
    b"<Error><Code>AccessDenied</Code></Error>": ("S3 refusal", ()),
    b"<html>\r\n<head><title>404 Not Found</title></head>\r\n<body><hr><center>nginx</center>": ("nginx 404", ()),
    b"The plain HTTP request was sent to HTTPS port": ("HTTPS wanted", ()),
    b"<title>Bakery</title>": ("", ()),
    b"": ("", ()),
    b"\xff\x00{[" * 100: ("", ()),
    b"{" * 5000: ("", ()),
}


@pytest.mark.parametrize("body", PAGES, ids=range(len(PAGES)))
def test_pages(body: bytes) -> None:
    page = page_of(body)
    assert (page.kind, page.marks) == PAGES[body]
    assert page_of(msgspec.json.encode(page)) == page
    assert page_of(body + b"\n<!-- more -->").kind == page.kind
    assert all(page_of(body[:end]).version is None for end in range(min(len(body), 80)))


@pytest.mark.parametrize(
    ("banner", "kind", "version"),
    [
        ({"version": {"number": "8.1.0"}, "tagline": "You Know, for Search"}, "Elasticsearch", "8.1.0"),
        (
            {"version": {"number": "2.9.0", "distribution": "opensearch"}, "tagline": "The OpenSearch Project"},
            "OpenSearch",
            "2.9.0",
        ),
        ({"couchdb": "Welcome", "version": "3.3.2"}, "CouchDB", "3.3.2"),
        ({"couchdb": "Welcome", "version": "<script>"}, "", None),
        ({"version": {"number": "8.1.0"}, "tagline": "Something else"}, "", None),
        ({"version": "1"}, "", None),
        ({}, "", None),
    ],
)
def test_banners(banner: dict[str, object], kind: str, version: str | None) -> None:
    page = page_of(json.dumps(banner).encode())
    assert (page.kind, page.version) == (kind, version)


def test_a_page_that_pretends_to_be_reduced_smuggles_nothing_in() -> None:
    forged = {"leadglass": "page", "digest": "0" * 64, "kind": "Anna", "marks": ["login", "Bell"]}
    page = page_of(json.dumps(forged).encode())
    assert page == Page(digest="0" * 64, kind="", marks=("login",))
    assert page_of(json.dumps({**forged, "digest": "Anna Bell"}).encode()).marks == ()
    assert page_of(json.dumps({**forged, "note": "x"}).encode()).digest != "0" * 64


def test_alike_pages_have_alike_digests() -> None:
    assert page_of(b"a").digest == page_of(b"a").digest != page_of(b"b").digest
    assert page_of(b"").digest == ""


def test_signs() -> None:
    assert [s.means for s in signs_of(page_of(b"<title>PACS demo</title>"), 80)] == ["demo"]
    assert [s.means for s in signs_of(page_of(b"<title>Citrix Gateway</title>"), 443)] == ["fleet"]
    assert signs_of(page_of(b"<title>PACS</title>"), 8042) == ()


def test_favicons_are_known_by_their_digest() -> None:
    assert FAVICONS["6e028d7cc65a1430c68a581f8064e8e2"] == "Orthanc"
    assert len(FAVICONS) == 5
    assert all(len(md5) == 32 and md5 == md5.lower() for md5 in FAVICONS)

"""Whole visits to simulated web systems: the verdict, the law, and the same verdict from what was kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pytest

from helpers.web_visits import Pretender, kept, replayed, verdicts, visit
from leadglass.net.conversing import Ending
from leadglass.range.law import Law
from leadglass.range.manner import Manner
from leadglass.range.manners.web import NOT_FOUND, Reply, as_json
from leadglass.range.manners.web_databases import CouchDb, Elasticsearch, S3Bucket
from leadglass.range.manners.web_dcm4chee import Dcm4cheeWeb
from leadglass.range.manners.web_dicomweb import DicomWeb
from leadglass.range.manners.web_fhir import FhirServer
from leadglass.range.manners.web_orthanc import OrthancWeb
from leadglass.range.manners.web_pages import CitrixPage, DirectoryListing, NginxNotFound, OhifViewer, Oviyam
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Collection, Counts, HttpFacts, Verdict

OPEN, CLOSED = Verdict.OPEN, Verdict.CLOSED
Expected = set[tuple[Act, str, Verdict]]
WEB_OPEN: Expected = {(Act.QUERY, "QIDO-RS", OPEN), (Act.RETRIEVE, "WADO-RS", OPEN)}
WEB_CLOSED: Expected = {(Act.QUERY, "QIDO-RS", CLOSED), (Act.RETRIEVE, "WADO-RS", CLOSED)}
PEOPLE = ("patient_name", "date_of_birth", "created")

SYSTEMS: dict[str, tuple[Callable[[Law], Manner], int, Expected]] = {
    "orthanc": (
        partial(OrthancWeb, patients=7, studies=11, images=900),
        8042,
        {
            (Act.ENTER, "Orthanc REST", OPEN),
            (Act.QUERY, "Orthanc REST", OPEN),
            (Act.RETRIEVE, "Orthanc REST", OPEN),
            *WEB_OPEN,
        },
    ),
    "orthanc without DICOMweb": (
        partial(OrthancWeb, has_dicomweb=False),
        80,
        {(Act.ENTER, "Orthanc REST", OPEN), (Act.QUERY, "Orthanc REST", OPEN), (Act.RETRIEVE, "Orthanc REST", OPEN)},
    ),
    "orthanc with login": (
        partial(OrthancWeb, demands_login=True),
        8042,
        {(Act.ENTER, "Orthanc REST", CLOSED)},
    ),
    "dcm4chee": (
        partial(Dcm4cheeWeb, patients=5, studies=21, images=4000, ae_title="ARCHIVE"),
        8080,
        {(Act.ENTER, "dcm4chee REST", OPEN), *WEB_OPEN},
    ),
    "dcm4chee with login": (
        partial(Dcm4cheeWeb, demands_login=True),
        8080,
        {(Act.ENTER, "dcm4chee REST", CLOSED)},
    ),
    "DICOMweb": (partial(DicomWeb, root="/dicomweb"), 8000, WEB_OPEN),
    "DICOMweb that refuses": (partial(DicomWeb, refuses=403), 8000, WEB_CLOSED),
    "Oviyam": (Oviyam, 8080, {(Act.ENTER, "viewer", OPEN)}),
    "Oviyam with login": (partial(Oviyam, demands_login=True), 8080, {(Act.ENTER, "viewer", CLOSED)}),
    "OHIF": (OhifViewer, 3000, {(Act.ENTER, "viewer", OPEN), *WEB_OPEN}),
    "OHIF on refusing DICOMweb": (
        partial(OhifViewer, demands_login=True),
        3000,
        {(Act.ENTER, "viewer", CLOSED), *WEB_CLOSED},
    ),
    "OHIF with OpenID": (partial(OhifViewer, has_oidc=True), 3000, {(Act.ENTER, "viewer", CLOSED), *WEB_CLOSED}),
    "listing": (partial(DirectoryListing, marks="Mark^"), 80, {(Act.LIST, "listing", OPEN)}),
    "FHIR": (
        partial(
            FhirServer,
            counts={"Patient": 40, "ImagingStudy": 90, "DiagnosticReport": 10},
            elements=("name", "birthDate"),
        ),
        8080,
        {(Act.SPEAK, "FHIR", OPEN), (Act.ENTER, "FHIR", OPEN), (Act.QUERY, "FHIR", OPEN)},
    ),
    "FHIR with OAuth": (
        partial(FhirServer, counts={"Patient": 40}, demands_login=True),
        8080,
        {(Act.SPEAK, "FHIR", OPEN), (Act.ENTER, "FHIR", CLOSED), (Act.QUERY, "FHIR", CLOSED)},
    ),
    "Elasticsearch": (
        partial(Elasticsearch, indexes={"reports": 70, ".kibana": 3, "scans-2019": 8}, fields=PEOPLE),
        9200,
        {(Act.ENTER, "Elasticsearch", OPEN), (Act.LIST, "Elasticsearch", OPEN)},
    ),
    "Elasticsearch with login": (
        partial(Elasticsearch, demands_login=True),
        9200,
        {(Act.ENTER, "Elasticsearch", CLOSED)},
    ),
    "CouchDB": (
        partial(CouchDb, databases={"patients": 12, "_users": 1, "visits": 30}, fields=PEOPLE),
        5984,
        {(Act.ENTER, "CouchDB", OPEN), (Act.LIST, "CouchDB", OPEN)},
    ),
    "CouchDB with login": (
        partial(CouchDb, demands_login=True),
        5984,
        {(Act.ENTER, "CouchDB", CLOSED), (Act.LIST, "CouchDB", CLOSED)},
    ),
    "bucket": (
        partial(S3Bucket, keys=1234, marks="Mark^"),
        80,
        {(Act.ENTER, "S3", OPEN), (Act.LIST, "S3", OPEN)},
    ),
    "bucket that is not listed": (
        partial(S3Bucket, is_listed=False),
        9000,
        {(Act.ENTER, "S3", CLOSED), (Act.LIST, "S3", CLOSED)},
    ),
    "fleet of nginx": (NginxNotFound, 8042, set()),
    "fleet of Citrix": (CitrixPage, 80, {(Act.ENTER, "landing page", CLOSED)}),
}
each = pytest.mark.parametrize("name", SYSTEMS)


@each
@pytest.mark.parametrize("level", [Level.ACCESS, Level.COUNTS, Level.KINDS])
def test_verdicts(name: str, level: Level) -> None:
    manner, port, expected = SYSTEMS[name]
    law = Law()
    played = visit(manner, law, port=port, level=level)
    assert verdicts(played.sighting) == expected
    assert law.above(level) == {}
    assert len(played.requests) <= 20
    assert played.sighting.ending is Ending.OVER


@each
def test_presence_asks_nothing_of_a_higher_level(name: str) -> None:
    manner, port, expected = SYSTEMS[name]
    law = Law()
    played = visit(manner, law, port=port, level=Level.PRESENCE)
    assert law.above(Level.PRESENCE) == {}
    assert verdicts(played.sighting) <= expected
    assert len(played.requests) <= 8


@each
@pytest.mark.parametrize("portion", [1, 7])
def test_portions_make_no_difference(name: str, portion: int) -> None:
    manner, port, _ = SYSTEMS[name]
    assert visit(manner, Law(), port=port, portion=portion).sighting == visit(manner, Law(), port=port).sighting


@each
def test_what_is_kept_leads_to_the_same_sighting(name: str) -> None:
    manner, port, _ = SYSTEMS[name]
    played = visit(manner, Law(), port=port)
    assert replayed(played, port) == played.sighting
    assert replayed(played, port, joined=True) == played.sighting


@each
def test_within_tls(name: str) -> None:
    manner, port, _ = SYSTEMS[name]
    clear, secured = visit(manner, Law(), port=port), visit(manner, Law(), port=port, tls=True)
    assert secured.sighting.tries == clear.sighting.tries
    assert secured.sighting.speaks_tls
    assert [shaken.version for shaken in secured.sighting.handshakes] == ["TLSv1.3", ""]
    assert secured.sighting.ending is Ending.HUNG_UP


@each
def test_no_name_of_a_file_is_kept(name: str) -> None:
    manner, port, _ = SYSTEMS[name]
    played = visit(manner, Law(), port=port)
    on_disk = b"".join(kept(talk, heard) for talk, _, heard in played.calls)
    assert b"Mark^" not in on_disk
    assert b".dcm" not in on_disk


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("orthanc", Counts(records=11, images=900, patients=7, how="Orthanc REST")),
        ("dcm4chee", Counts(records=21, images=4000, patients=5, how="dcm4chee REST")),
        ("FHIR", Counts(records=100, patients=40, how="FHIR")),
        ("Elasticsearch", Counts(records=78, how="Elasticsearch")),
        ("CouchDB", Counts(records=42, how="CouchDB")),
        ("bucket", Counts(records=1000, is_at_least=True, how="S3")),
    ],
)
def test_counts(name: str, counts: Counts) -> None:
    manner, port, _ = SYSTEMS[name]
    assert visit(manner, Law(), port=port, level=Level.COUNTS).sighting.counts == counts
    assert visit(manner, Law(), port=port, level=Level.ACCESS).sighting.counts is None


def collections(name: str, level: Level) -> tuple[Collection, ...]:
    manner, port, _ = SYSTEMS[name]
    facts = visit(manner, Law(), port=port, level=level).sighting.facts
    assert isinstance(facts, HttpFacts)
    return facts.collections


def test_collections_are_named_counted_and_classed_as_it_is_granted() -> None:
    kinds = ("birth date", "name")
    assert collections("Elasticsearch", Level.PRESENCE) == ()
    assert collections("Elasticsearch", Level.ACCESS) == (Collection(name="reports"), Collection(name="scans-2019"))
    assert collections("Elasticsearch", Level.COUNTS)[1] == Collection(name="scans-2019", records=8)
    assert collections("Elasticsearch", Level.KINDS)[1] == Collection(name="scans-2019", records=8, kinds=kinds)
    assert collections("CouchDB", Level.COUNTS) == (
        Collection(name="patients", records=12),
        Collection(name="visits", records=30),
    )
    assert collections("CouchDB", Level.KINDS)[0] == Collection(name="patients", records=12, kinds=kinds)
    assert collections("FHIR", Level.COUNTS)[0] == Collection(name="Patient", records=40)
    assert collections("FHIR", Level.KINDS)[0] == Collection(name="Patient", records=40, kinds=kinds)


@pytest.mark.parametrize(
    ("name", "product", "version"),
    [
        ("orthanc", "Orthanc", "1.12.1"),
        ("orthanc with login", "Orthanc", ""),
        ("dcm4chee", "dcm4chee-arc", ""),
        ("Oviyam with login", "Oviyam", ""),
        ("FHIR", "HAPI FHIR", "6.8.0"),
        ("Elasticsearch", "Elasticsearch", "7.17.9"),
        ("Elasticsearch with login", "Elasticsearch", ""),
        ("CouchDB with login", "CouchDB", "3.1.0"),
        ("listing", "", ""),
        ("fleet of nginx", "", ""),
    ],
)
def test_software(name: str, product: str, version: str) -> None:
    manner, port, _ = SYSTEMS[name]
    software = visit(manner, Law(), port=port).sighting.software
    assert (software.product, software.version) == (product, version)
    assert bool(software.proof) is bool(product)


def test_signs() -> None:
    def signs(manner: Callable[[Law], Manner], port: int = 80) -> set[str]:
        return {sign.means for sign in visit(manner, Law(), port=port).sighting.signs}

    assert signs(NginxNotFound, 8042) == {"fleet"}
    assert signs(NginxNotFound) == set()
    assert signs(CitrixPage) == {"fleet"}
    assert signs(partial(Oviyam, title="Oviyam demo")) == {"demo"}
    assert signs(partial(Elasticsearch, indexes={"mimic-notes": 3}), 9200) == {"test data"}
    catch_all = Pretender(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")
    assert signs(lambda _: catch_all) == {"honeypot"}


@pytest.mark.parametrize(
    "status", [b"200 OK", b"401 Unauthorized", b"403 Forbidden", b"404 Not Found", b"500 Oops", b"302 Found"]
)
def test_a_server_that_answers_everything_alike_proves_nothing(status: bytes) -> None:
    says = b"HTTP/1.1 " + status + b"\r\nLocation: /login\r\nContent-Length: 12\r\n\r\n<p>Hello</p>"
    sighting = visit(lambda _: Pretender(says), Law(), level=Level.COUNTS).sighting
    assert {t.how for t in sighting.tries} == {"landing page"}
    assert all(t.verdict is not OPEN or t.act is Act.SPEAK for t in sighting.tries)


@pytest.mark.parametrize(
    ("says", "verdict", "code"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", Verdict.NOT_OFFERED, "other"),
        (b"\x15\x03\x01\x00\x02\x02\x46", Verdict.NOT_OFFERED, "tls"),
        (b"", Verdict.UNCLEAR, ""),
    ],
)
def test_other_languages(says: bytes, verdict: Verdict, code: str) -> None:
    played = visit(lambda _: Pretender(says), Law())
    assert [(t.act, t.verdict, t.code) for t in played.sighting.tries] == [(Act.SPEAK, verdict, code)]
    assert played.sighting.facts is None


def test_plain_http_on_a_tls_port_is_said_to_be_so() -> None:
    wanted = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 49\r\n\r\nThe plain HTTP request was sent to HTTPS port ..."
    sighting = visit(lambda _: Pretender(wanted), Law()).sighting
    assert isinstance(sighting.facts, HttpFacts)
    assert sighting.facts.page == "HTTPS wanted"


def test_a_redirection_to_tls_on_the_same_port_is_followed_there() -> None:
    moved = b"HTTP/1.1 308 Moved\r\nLocation: https://archive.example.org:80/\r\nContent-Length: 0\r\n\r\n"
    played = visit(lambda _: Pretender(moved), Law())
    assert played.calls[1][1].ending is Ending.TLS_FAILED
    assert {t.act for t in played.sighting.tries} == {Act.SPEAK}


def test_studies_that_were_not_asked_for_are_not_looked_at() -> None:
    class Careless(DicomWeb):
        """Lists everybody, whatever it is asked."""

        def answer(self, path: str, query: Mapping[str, str]) -> Reply:
            named = [{"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Mark^Given"}]}}] * 50
            return as_json(named) if path == "/dicom-web/studies" else NOT_FOUND

    played = visit(Careless, Law())
    assert verdicts(played.sighting) == WEB_OPEN
    assert not any(b"Mark" in kept(talk, heard) for talk, _, heard in played.calls)
    assert replayed(played) == played.sighting

"""The survey's verdicts on real web servers, each checked against what curl gets there; and what passes on the wire."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from helpers.archive_server import run_archive
from helpers.certificates import Authority
from helpers.marked import MarkedStudy, marks_in
from helpers.orthanc import DICOMWEB_PLUGIN, Orthanc, orthanc_command, run_orthanc
from helpers.samples import part10
from helpers.web_servers import asked_by_curl, nginx, python_listing, visited
from helpers.web_visits import verdicts
from helpers.wiretap import wiretap
from leadglass.net.conversing import Ending, TlsOffer
from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Counts, HttpFacts, Sighting, Verdict
from leadglass.survey.probes.http_kinds import study_kinds
from leadglass.survey.probes.personal_attributes import PERSONAL

pytestmark = pytest.mark.interop

OPEN, CLOSED = Verdict.OPEN, Verdict.CLOSED
REST_OPEN = {(act, "Orthanc REST", OPEN) for act in (Act.ENTER, Act.QUERY, Act.RETRIEVE)}
WEB_OPEN = {(Act.QUERY, "QIDO-RS", OPEN), (Act.RETRIEVE, "WADO-RS", OPEN)}
MARKED = MarkedStudy("survey", size=3)
ELSEWHERE = "127.0.0.2"
"""Not the machine itself, for Orthanc: it lets 127.0.0.1 in, whatever its settings."""


def needs_orthanc() -> None:
    if orthanc_command() is None or not DICOMWEB_PLUGIN.exists():
        pytest.skip("PEER MISSING: Orthanc (apt-get install orthanc orthanc-dicomweb)")


def page_of(sighting: Sighting) -> str:
    assert isinstance(sighting.facts, HttpFacts)
    return sighting.facts.page


@pytest.fixture(scope="module")
def open_orthanc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Let in from everywhere, DICOMweb on; one study, and every word of it is a mark."""
    needs_orthanc()
    settings: dict[str, object] = {"RemoteAccessAllowed": True, "AuthenticationEnabled": False}
    with run_orthanc(tmp_path_factory.mktemp("open"), dicomweb=True, settings=settings) as orthanc:
        for image in MARKED.images:
            orthanc.upload(part10(image.data_set()))
        yield orthanc


async def test_an_open_orthanc(open_orthanc: Orthanc) -> None:
    port = open_orthanc.http_port
    seen = (await visited(port)).sighting
    assert verdicts(seen) == REST_OPEN | WEB_OPEN
    assert seen.counts == Counts(records=1, images=3, patients=1, how="Orthanc REST")
    assert (seen.software.product, seen.software.version) == ("Orthanc", open_orthanc.get("/system")["Version"])
    assert page_of(seen) == "Orthanc Explorer"
    assert seen.speaks_tls is None
    base = f"http://127.0.0.1:{port}"
    assert asked_by_curl(f"{base}/dicom-web/studies", "--interface", ELSEWHERE) == 200
    assert asked_by_curl(f"{base}/dicom-web/studies/{MARKED.study_instance_uid}", "--interface", ELSEWHERE) == 200
    name = open_orthanc.get("/instances")[0]
    assert asked_by_curl(f"{base}/instances/{name}/file", "--interface", ELSEWHERE) == 200


@pytest.mark.parametrize("level", [Level.PRESENCE, Level.ACCESS, Level.COUNTS])
async def test_no_mark_passes(open_orthanc: Orthanc, level: Level) -> None:
    async with wiretap(open_orthanc.http_port, source=ELSEWHERE) as tap:
        seen = await visited(tap.port, level)
    assert seen.sighting.tries
    assert tap.said
    assert not marks_in(tap.said, MARKED.marks)
    assert not marks_in(tap.heard, MARKED.marks)
    assert b"authorization" not in tap.said.lower()
    assert {line.split(b" ")[0] for line in bytes(tap.said).split(b"\r\n") if line.endswith(b"HTTP/1.1")} == {b"GET"}


async def test_kinds_by_orthancs_own_words_and_by_dicomweb(open_orthanc: Orthanc) -> None:
    played = await visited(open_orthanc.http_port, Level.KINDS)
    assert {"name", "birth date", "patient id", "physician"} <= set(played.sighting.kinds)
    assert not marks_in(repr(played.sighting).encode(), MARKED.marks)
    path = f"/dicom-web/studies?limit=1&offset=0&includefield={','.join(PERSONAL.values())}"
    body = msgspec.json.encode(open_orthanc.get(path))
    assert marks_in(body, MARKED.marks)
    assert set(msgspec.json.decode(study_kinds(body))["kinds"]) == set(played.sighting.kinds)


async def test_orthanc_without_dicomweb(tmp_path: Path) -> None:
    needs_orthanc()
    settings: dict[str, object] = {"RemoteAccessAllowed": True, "AuthenticationEnabled": False}
    with run_orthanc(tmp_path, settings=settings) as orthanc:
        seen = (await visited(orthanc.http_port)).sighting
        assert asked_by_curl(f"http://127.0.0.1:{orthanc.http_port}/dicom-web/studies") == 404
    assert verdicts(seen) == REST_OPEN
    assert seen.counts == Counts(records=0, images=0, patients=0, how="Orthanc REST")


@pytest.mark.parametrize("settings", [{}, {"RemoteAccessAllowed": True, "RegisteredUsers": {"alice": "a long word"}}])
async def test_orthanc_that_lets_nobody_in(tmp_path: Path, settings: dict[str, object]) -> None:
    """As it is shipped: strangers are not let in. With people registered: nor anybody else without a login."""
    needs_orthanc()
    with run_orthanc(tmp_path, dicomweb=True, settings=settings) as orthanc:
        async with wiretap(orthanc.http_port, source=ELSEWHERE) as tap:
            seen = (await visited(tap.port)).sighting
        for path in ("/system", "/studies", "/statistics", "/dicom-web/studies"):
            assert asked_by_curl(f"http://127.0.0.1:{orthanc.http_port}{path}", "--interface", ELSEWHERE) == 401
    assert verdicts(seen) == {(Act.ENTER, "Orthanc REST", CLOSED)}
    assert seen.software.product == "Orthanc"
    assert seen.counts is None


async def test_orthanc_behind_tls(tmp_path: Path, certificate: Path, open_orthanc: Orthanc) -> None:
    lines = (
        f" ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate};"
        f" location / {{ proxy_pass http://127.0.0.1:{open_orthanc.http_port}; }}"
    )
    with nginx(tmp_path, lines) as port:
        seen = (await visited(port)).sighting
        assert asked_by_curl(f"https://127.0.0.1:{port}/dicom-web/studies") == 200
    assert verdicts(seen) == REST_OPEN | WEB_OPEN
    assert seen.counts == Counts(records=1, images=3, patients=1, how="Orthanc REST")
    assert seen.speaks_tls
    assert seen.handshakes[0].offer is TlsOffer.MODERN
    assert seen.handshakes[0].version.startswith("TLSv1.")
    assert seen.handshakes[0].certificate is not None


async def test_leadglass_itself(tmp_path: Path) -> None:
    """Every door shut, and known to be one: refused where DICOMweb is, a login where the console is."""
    with run_archive(tmp_path / "home") as server:
        seen = (await visited(server.https)).sighting
        assert asked_by_curl(f"https://127.0.0.1:{server.https}/dicom-web/studies") == 401
    assert {t.verdict for t in seen.tries if t.act is not Act.SPEAK} == {CLOSED}
    assert {(Act.QUERY, "QIDO-RS", CLOSED), (Act.RETRIEVE, "WADO-RS", CLOSED)} <= verdicts(seen)
    assert seen.software.product == "Leadglass"
    assert seen.speaks_tls
    assert [bool(shaken.version) for shaken in seen.handshakes] == [True, False]
    assert seen.counts is None


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate and its key in one PEM file."""
    leaf = Authority(tmp_path / "ca").issue("server")
    both = tmp_path / "both.pem"
    both.write_bytes(leaf.certificate.read_bytes() + leaf.key.read_bytes())
    return both


FILES = ("Doe_Anna.dcm", "DICOMDIR", "notes.txt")


def fill(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        (folder / name).write_bytes(b"Doe^Anna")
    return folder


@pytest.mark.parametrize("server", ["nginx", "python"])
async def test_listings(tmp_path: Path, server: str) -> None:
    fill(tmp_path / "www")
    door = nginx(tmp_path, "; autoindex on;") if server == "nginx" else python_listing(tmp_path / "www")
    with door as port:
        async with wiretap(port) as tap:
            seen = await visited(tap.port, Level.ACCESS)
        assert asked_by_curl(f"http://127.0.0.1:{port}/Doe_Anna.dcm") == 200
    assert verdicts(seen.sighting) == {(Act.LIST, "listing", OPEN)}
    assert next(t.code for t in seen.sighting.tries if t.act is Act.LIST) == "DICOM files"
    assert not any(name in path for path in seen.paths for name in FILES)
    assert b"Doe^Anna" not in tap.heard
    assert "Doe" not in repr(seen.sighting)


async def test_nginx_that_lists_nothing(tmp_path: Path) -> None:
    with nginx(tmp_path, "; location / { return 404; }") as port:
        seen = (await visited(port)).sighting
        assert asked_by_curl(f"http://127.0.0.1:{port}/") == 404
    assert verdicts(seen) == set()
    assert page_of(seen) == "nginx 404"


async def test_nginx_with_a_password(tmp_path: Path) -> None:
    fill(tmp_path / "www")
    (tmp_path / "users").write_text("alice:{PLAIN}a long word\n")
    lines = f'; autoindex on; auth_basic "Archive"; auth_basic_user_file {tmp_path}/users;'
    with nginx(tmp_path, lines) as port:
        seen = (await visited(port)).sighting
        assert asked_by_curl(f"http://127.0.0.1:{port}/") == 401
    assert verdicts(seen) == {(Act.ENTER, "landing page", CLOSED)}


async def test_clear_words_on_a_port_of_tls(tmp_path: Path, certificate: Path) -> None:
    fill(tmp_path / "www")
    lines = f" ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}; autoindex on;"
    with nginx(tmp_path, lines) as port:
        seen = (await visited(port)).sighting
        assert asked_by_curl(f"http://127.0.0.1:{port}/") == 400
        assert asked_by_curl(f"https://127.0.0.1:{port}/") == 200
    assert verdicts(seen) == {(Act.LIST, "listing", OPEN)}
    assert seen.ending is Ending.OVER
    assert seen.speaks_tls
    assert [shaken.offer for shaken in seen.handshakes] == [TlsOffer.MODERN, TlsOffer.RETIRED]


async def test_a_door_in_front_of_orthanc(tmp_path: Path, open_orthanc: Orthanc) -> None:
    """A relay that guards all but DICOMweb: the way behind it is found to be open all the same."""
    (tmp_path / "users").write_text("alice:{PLAIN}a long word\n")
    lines = (
        f'; location / {{ auth_basic "Archive"; auth_basic_user_file {tmp_path}/users; }}'
        f" location /dicom-web/ {{ proxy_pass http://127.0.0.1:{open_orthanc.http_port}; }}"
    )
    with nginx(tmp_path, lines) as port:
        seen = (await visited(port)).sighting
        login = base64.b64encode(b"alice:a long word").decode()
        assert asked_by_curl(f"http://127.0.0.1:{port}/", "-H", f"Authorization: Basic {login}") in (403, 404)
        assert asked_by_curl(f"http://127.0.0.1:{port}/dicom-web/studies") == 200
    assert verdicts(seen) == WEB_OPEN | {(Act.ENTER, "landing page", CLOSED)}

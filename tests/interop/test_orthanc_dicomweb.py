"""Debian's Orthanc as a DICOMweb client of ours, over TLS that it verifies: it asks, fetches, looks and stores."""

from __future__ import annotations

import json
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol_tls, ledger_rows, token
from helpers.images import LARGE, Image
from helpers.orthanc import DICOMWEB_PLUGIN, Orthanc, orthanc_command, run_orthanc
from helpers.samples import quietly_read, sample
from helpers.stow import STOW, form
from helpers.studies import PEOPLE, instances_of_people
from helpers.web_client import web
from leadglass.dicom.part10 import split
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN

pytestmark = pytest.mark.interop

STUDIES = "/dicom-web/studies"
AS_STORED = "application/dicom; transfer-syntax=*"
COMPRESSED = ("693_J2KR.dcm", "SC_rgb_jpeg_dcmtk.dcm", "emri_small_RLE.dcm", "JPEG-LL.dcm")
STUDY_1 = PEOPLE[0].study_uid


def data_sets(files: Iterator[bytes]) -> dict[str, bytes]:
    """SOP Instance UID → bytes of the data set."""
    found = {}
    for file in files:
        meta, offset = split(file)
        found[meta.media_storage_sop_instance_uid] = file[offset:]
    return found


@dataclass(frozen=True, slots=True)
class Neighbours:
    server: ArchiveServer
    orthanc: Orthanc
    http: httpx2.Client
    log: Path

    def ask(self, peer: str, what: str, **said: object) -> Any:
        """What Orthanc answers when it is told to do `what` with us, named `peer` in its configuration."""
        return self.orthanc.post(f"/dicom-web/servers/{peer}/{what}", said)

    def fetch(self, peer: str, **resource: str) -> dict[str, bytes]:
        """What an empty Orthanc holds after it has retrieved a resource."""
        self.orthanc.empty()
        self.ask(peer, "retrieve", Resources=[resource], Synchronous=True)
        return self.held()

    def held(self) -> dict[str, bytes]:
        return data_sets(self.orthanc.file(name) for name in self.orthanc.get("/instances"))


@pytest.fixture(scope="module")
def stored() -> dict[str, bytes]:
    """The files that our archive holds before Orthanc comes."""
    files = [*instances_of_people().values(), *(sample(name).data() for name in COMPRESSED), Image(41, 1, LARGE).file()]
    return {split(file).meta.media_storage_sop_instance_uid: file for file in files}


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory, stored: dict[str, bytes]) -> Iterator[Neighbours]:
    if orthanc_command() is None or not DICOMWEB_PLUGIN.exists():
        pytest.skip("PEER MISSING: Orthanc (apt-get install orthanc orthanc-dicomweb)")
    folder = tmp_path_factory.mktemp("orthanc-dicomweb")
    with run_archive(folder / "home") as server, web(server, token=token(server)) as http:
        assert http.post(STUDIES, content=form(stored.values()), headers=STOW).status_code == 200
        settings: dict[str, object] = {
            "DicomWeb": {"Enable": True, "Servers": servers(server)},
            "HttpsCACertificates": str(server.ca),
        }
        with run_orthanc(folder / "orthanc", dicomweb=True, settings=settings) as orthanc:
            yield Neighbours(server, orthanc, http, folder / "orthanc" / "orthanc.log")


def servers(server: ArchiveServer) -> dict[str, dict[str, object]]:
    """All of them are our archive; Orthanc is somebody else at each."""
    device = enrol_tls(server, "ORTHANC", "store", "query", "retrieve").folder
    url = f"https://localhost:{server.https}/dicom-web/"

    def bearing(bearer: str) -> dict[str, object]:
        return {"Url": url, "HttpHeaders": {"Authorization": f"Bearer {bearer}"}, "HasDelete": True}

    return {
        "token": bearing(token(server, name="orthanc-by-token")),
        "certificate": {
            "Url": url,
            "CertificateFile": str(device / "cert.pem"),
            "CertificateKeyFile": str(device / "key.pem"),
        },
        "undemanding": {**bearing(token(server)), "HasWadoRsUniversalTransferSyntax": False},
        "stranger": bearing("lgt_" + "A" * 43),
        "elsewhere": bearing(token(server, studies="study:1.2.3.4", name="orthanc-elsewhere")),
        "reader": bearing(token(server, "query", "view", name="orthanc-reads")),
        "impostor": {**bearing(token(server)), "Url": f"https://other.localhost:{server.https}/dicom-web/"},
    }


BY_NAME = pytest.mark.parametrize("peer", ["token", "certificate"])


@BY_NAME
@pytest.mark.parametrize(
    ("uri", "arguments", "tag", "expected"),
    [
        ("/studies", {"PatientID": "P1"}, "0020000D", {STUDY_1, PEOPLE[5].study_uid}),
        ("/studies", {"00100010": "ADAMS*", "StudyDate": "20240301-"}, "0020000D", {PEOPLE[7].study_uid}),
        (f"/studies/{STUDY_1}/series", {}, "0020000E", {PEOPLE[0].series_uid, PEOPLE[3].series_uid}),
        (
            f"/studies/{STUDY_1}/series/{PEOPLE[3].series_uid}/instances",
            {},
            "00080018",
            {PEOPLE[3].uid, PEOPLE[4].uid},
        ),
    ],
)
def test_orthanc_asks(
    neighbours: Neighbours, peer: str, uri: str, arguments: dict[str, str], tag: str, expected: set[str]
) -> None:
    found = neighbours.ask(peer, "qido", Uri=uri, Arguments=arguments)
    assert {one[tag]["Value"] for one in found} == expected
    plainly = neighbours.ask(peer, "get", Uri=uri, Arguments=arguments)
    assert {one[tag]["Value"][0] for one in plainly} == expected


@BY_NAME
def test_orthanc_fetches_every_study_byte_for_byte(neighbours: Neighbours, stored: dict[str, bytes], peer: str) -> None:
    """Compressed images stay as they are: Orthanc takes any transfer syntax."""
    neighbours.orthanc.empty()
    studies = {one["0020000D"]["Value"][0] for one in neighbours.http.get(STUDIES).json()}
    told = neighbours.ask(peer, "retrieve", Resources=[{"Study": study} for study in studies], Synchronous=True)
    assert int(told["ReceivedInstancesCount"]) == len(stored)
    assert neighbours.held() == data_sets(iter(stored.values()))


def test_orthanc_fetches_a_series_and_an_instance(neighbours: Neighbours) -> None:
    series = {"Study": STUDY_1, "Series": PEOPLE[3].series_uid}
    assert neighbours.fetch("token", **series).keys() == {PEOPLE[3].uid, PEOPLE[4].uid}
    assert neighbours.fetch("token", **series, Instance=PEOPLE[4].uid).keys() == {PEOPLE[4].uid}
    neighbours.orthanc.empty()
    uri = f"/studies/{STUDY_1}/series/{PEOPLE[3].series_uid}/instances/{PEOPLE[3].uid}"
    neighbours.ask("token", "wado", Uri=uri, Synchronous=True)  # the same by the address itself
    assert neighbours.held().keys() == {PEOPLE[3].uid}


def test_orthanc_that_names_no_transfer_syntax_is_given_the_default(neighbours: Neighbours) -> None:
    """PS3.18 §8.7.3.5.2: Explicit VR Little Endian; the pixels are the same."""
    original = sample("693_J2KR.dcm").dataset()
    neighbours.orthanc.empty()
    neighbours.ask("undemanding", "retrieve", Resources=[{"Study": original.StudyInstanceUID}], Synchronous=True)
    [name] = neighbours.orthanc.get("/instances")
    decoded = quietly_read(neighbours.orthanc.file(name))
    assert decoded.file_meta.TransferSyntaxUID == EXPLICIT_VR_LITTLE_ENDIAN
    assert (decoded.pixel_array == original.pixel_array).all()


def test_orthanc_looks(neighbours: Neighbours) -> None:
    """Whatever it has no word of its own for goes through its `get`."""
    series = f"/studies/{STUDY_1}/series/{PEOPLE[0].series_uid}"
    described = neighbours.ask("token", "get", Uri=f"{series}/metadata")
    assert {one["00080018"]["Value"][0] for one in described} == {one.uid for one in PEOPLE[:3]}
    for tail, media_type, magic in (
        ("rendered", "image/png", b"\x89PNG"),
        ("thumbnail", "image/jpeg", b"\xff\xd8\xff"),
        ("", AS_STORED, bytes(128)),
    ):
        uri = f"{series}/instances/{PEOPLE[0].uid}/{tail}".removesuffix("/")
        assert got(neighbours, uri, media_type).startswith(magic)


def got(neighbours: Neighbours, uri: str, accept: str) -> bytes:
    """The bytes that Orthanc hands on."""
    asked = {"Uri": uri, "HttpHeaders": {"Accept": accept}}
    url = f"http://127.0.0.1:{neighbours.orthanc.http_port}/dicom-web/servers/token/get"
    return httpx2.post(url, json=asked, trust_env=False).raise_for_status().content


@BY_NAME
def test_orthanc_stores_and_has_it_back(neighbours: Neighbours, peer: str) -> None:
    number = 1 + ["token", "certificate"].index(peer)
    images = [Image(20 + number, 1), Image(20 + number, 2, LARGE)]
    neighbours.orthanc.empty()
    names = [neighbours.orthanc.upload(image.file())["ID"] for image in images]
    answer = neighbours.ask(peer, "stow", Resources=names, Synchronous=True)
    assert answer["InstancesCount"] == "2"
    for image in images:
        place = f"series/{image.study_instance_uid}.1/instances/{image.sop_instance_uid}"
        whole = neighbours.http.get(f"{STUDIES}/{image.study_instance_uid}/{place}", headers={"Accept": AS_STORED})
        assert data_sets(iter([whole.content])) == {image.sop_instance_uid: image.data_set()}
    back = neighbours.fetch(peer, Study=images[0].study_instance_uid)
    assert back == {image.sop_instance_uid: image.data_set() for image in images}


def test_orthanc_deletes_a_study_if_it_may(neighbours: Neighbours) -> None:
    image = Image(30, 1)
    neighbours.orthanc.empty()
    name = neighbours.orthanc.upload(image.file())["ID"]
    neighbours.ask("token", "stow", Resources=[name], Synchronous=True)
    for peer, status in (("reader", 401), ("elsewhere", 404), ("token", 200)):
        said = {"Level": "Study", "StudyInstanceUID": image.study_instance_uid}
        assert status_of(neighbours, peer, "delete", **said) == status
    assert neighbours.http.get(f"{STUDIES}/{image.study_instance_uid}").status_code == 404


def status_of(neighbours: Neighbours, peer: str, what: str, **said: object) -> int:
    """Of Orthanc: 401 stands for our 403, too, and a job that fails is a 500."""
    try:
        neighbours.ask(peer, what, **said)
    except urllib.error.HTTPError as fault:
        json.load(fault)
        return fault.code
    return 200


def test_a_stranger_gets_nothing_and_is_written_down(neighbours: Neighbours) -> None:
    neighbours.orthanc.empty()
    [name] = [neighbours.orthanc.upload(Image(31, 1).file())["ID"]]
    assert status_of(neighbours, "stranger", "qido", Uri="/studies") == 401
    assert status_of(neighbours, "stranger", "stow", Resources=[name], Synchronous=True) == 500
    neighbours.orthanc.empty()
    assert status_of(neighbours, "stranger", "retrieve", Resources=[{"Study": STUDY_1}], Synchronous=True) == 500
    assert neighbours.held() == {}
    assert neighbours.http.get(f"{STUDIES}/{Image(31, 1).study_instance_uid}").status_code == 404
    rows = [row for row in refusals(neighbours.server) if row["reason"] == "no such token"]
    assert {(row["who"], row["study"], row["door"], row["address"]) for row in rows} == {("", "", "https", "127.0.0.1")}


def refusals(server: ArchiveServer, **by: str) -> list[dict[str, Any]]:
    return [row for row in ledger_rows(server, **by) if row["outcome"] == "refused"]


def test_somebody_with_other_studies_gets_nothing(neighbours: Neighbours) -> None:
    assert neighbours.ask("elsewhere", "qido", Uri="/studies") == []
    neighbours.orthanc.empty()
    assert status_of(neighbours, "elsewhere", "retrieve", Resources=[{"Study": STUDY_1}], Synchronous=True) == 500
    assert neighbours.held() == {}
    rows = refusals(neighbours.server, study=STUDY_1)
    assert ("orthanc-elsewhere", "view", "no grant covers it") in {(r["who"], r["action"], r["reason"]) for r in rows}


def test_orthanc_looks_at_our_certificate(neighbours: Neighbours) -> None:
    """The tests above mean something: under a name that our certificate does not have, Orthanc says nothing to us."""
    assert status_of(neighbours, "impostor", "qido", Uri="/studies") == 500
    assert "SSL peer certificate" in neighbours.log.read_text(errors="replace")


def test_what_orthanc_did_is_in_the_ledger(neighbours: Neighbours) -> None:
    neighbours.fetch("token", Study=PEOPLE[5].study_uid)
    neighbours.fetch("certificate", Study=PEOPLE[5].study_uid)
    rows = [
        (row["who"], row["action"], row["door"]) for row in ledger_rows(neighbours.server, study=PEOPLE[5].study_uid)
    ]
    assert {("orthanc-by-token", "view", "https"), ("orthanc", "view", "https")} <= set(rows)

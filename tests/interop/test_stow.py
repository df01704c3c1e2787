"""STOW-RS against the running server: every real file the packages carry, stored and fetched back unchanged."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import httpx2
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol_tls, ledger_rows, token
from helpers.images import Image
from helpers.orthanc import DICOMWEB_PLUGIN, Orthanc, run_orthanc
from helpers.samples import Sample, all_samples, explicit, part10, quietly_read, sample
from helpers.stow import STOW, failed, form, other_failures, stored
from helpers.web_client import web
from leadglass.dicom.part10 import PREAMBLE, split
from leadglass.web.dicomweb.media_type import boundary_of, parse_media_type
from leadglass.web.dicomweb.splitter import MultipartSplitter, PartBegan, PartData

pytestmark = pytest.mark.interop

STUDIES = "/dicom-web/studies"
AS_STORED = 'multipart/related; type="application/dicom"; transfer-syntax=*'
WRONG_KIND = {0x0111, 0x0122, 0xA900, 0xC000, 0xC122}
"""Reasons for which a file cannot be stored, or not any more, though the archive is well."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with run_archive(tmp_path_factory.mktemp("stow") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def client(server: ArchiveServer) -> Iterator[httpx2.Client]:
    with web(server, token=token(server)) as client:
        yield client


def fetched(client: httpx2.Client, url: str) -> list[bytes]:
    """The files that a WADO-RS address gives, as they are stored."""
    response = client.get(url, headers={"accept": AS_STORED})
    assert response.status_code == 200, response.text
    splitter = MultipartSplitter(boundary_of(parse_media_type(response.headers["content-type"])))
    files: list[bytes] = []
    for event in (*splitter.receive_data(response.content), *splitter.receive_eof()):
        if isinstance(event, PartBegan):
            files.append(b"")
        elif isinstance(event, PartData):
            files[-1] += event.data
    return files


def data_set_of(file: bytes) -> bytes:
    return file[split(file).dataset_offset :]


def urls(answer: dict[str, object]) -> list[str]:
    """The Retrieve URL of each instance that was stored."""
    return [str(item.RetrieveURL) for item in pydicom.Dataset.from_json(answer).ReferencedSOPSequence]


@dataclass
class Shelf:
    """What became of each sample."""

    kept: dict[str, Sample] = field(default_factory=dict)  # by Retrieve URL
    refused: dict[str, int] = field(default_factory=dict)  # reasons by the sample's name


@pytest.fixture(scope="module")
def shelf(client: httpx2.Client) -> Shelf:
    """Each sample in a request of its own."""
    found = Shelf()
    for one in all_samples():
        response = client.post(STUDIES, content=form([one.data()]), headers=STOW)
        answer = response.json()
        if response.status_code == 200:
            [url] = urls(answer)
            found.kept.setdefault(url, one)
        else:
            assert response.status_code == 409, answer
            [(reason, _)] = [*failed(answer).values(), *other_failures(answer)]
            found.refused[one.name] = reason
    return found


def test_every_sample_that_is_an_instance_is_kept(shelf: Shelf) -> None:
    assert set(shelf.refused.values()) <= WRONG_KIND
    assert len(shelf.kept) > 150
    assert len({one.transfer_syntax() for one in shelf.kept.values()}) > 8


def test_each_comes_back_byte_for_byte_behind_our_own_beginning(client: httpx2.Client, shelf: Shelf) -> None:
    for url, one in shelf.kept.items():
        [file] = fetched(client, url)
        assert data_set_of(file) == one.data_set_bytes(), one.name
        assert file.startswith(PREAMBLE)
        meta, dataset = split(file).meta, quietly_read(file, stop_before_pixels=True)
        assert meta.transfer_syntax_uid == one.transfer_syntax()
        assert meta.media_storage_sop_instance_uid == dataset.SOPInstanceUID


def test_all_of_them_again_in_one_request(client: httpx2.Client, shelf: Shelf) -> None:
    """What is stored is a success again, whatever stands between it."""
    samples = all_samples()
    response = client.post(STUDIES, content=form([one.data() for one in samples]), headers=STOW)
    assert response.status_code == 202
    answer = response.json()
    assert set(urls(answer)) == shelf.kept.keys()
    assert len(failed(answer)) + len(other_failures(answer)) <= len(shelf.refused)
    assert len(stored(answer)) + len(shelf.refused) == len(samples)


def test_good_and_bad_parts(client: httpx2.Client) -> None:
    good, other = Image(1, 1), Image(1, 2)
    changed = good.file().replace(b"ZAUBERWORT", b"ANDERSWORT")
    parts = [good.file(), b"GIF89a", changed, other.file(), part10(explicit(0x00080018, "UI", b"../../etc/passwd"))]
    response = client.post(STUDIES, content=form(parts), headers=STOW)
    assert response.status_code == 202
    answer = response.json()
    assert sorted(stored(answer)) == [good.sop_instance_uid, other.sop_instance_uid]
    [(reason, words)] = failed(answer).values()
    assert (reason, "another instance" in words) == (0x0111, True)
    assert [reason for reason, _ in other_failures(answer)] == [0xC000, 0xA900]
    assert len(fetched(client, answer["00081190"]["Value"][0])) == 2


def test_the_study_of_the_address(client: httpx2.Client) -> None:
    mine, foreign = Image(2, 1), Image(3, 1)
    response = client.post(
        f"{STUDIES}/{mine.study_instance_uid}", content=form([mine.file(), foreign.file()]), headers=STOW
    )
    assert response.status_code == 202
    assert stored(response.json()) == [mine.sop_instance_uid]
    assert failed(response.json()).keys() == {foreign.sop_instance_uid}
    assert client.get(f"{STUDIES}/{foreign.study_instance_uid}").status_code == 404


def test_what_was_stored_is_in_the_ledger(server: ArchiveServer, client: httpx2.Client) -> None:
    image = Image(4, 1)
    client.post(STUDIES, content=form([image.file()]), headers=STOW)
    [row] = ledger_rows(server, study=image.study_instance_uid)
    assert (row["action"], row["door"], row["outcome"]) == ("store", "https", "allowed")
    assert row["what"].startswith("1 instances")


def test_who_may_not_store_at_all(server: ArchiveServer) -> None:
    image = Image(5, 1)
    with web(server, token=token(server, "query", "view")) as reader:
        response = reader.post(STUDIES, content=form([image.file()]), headers=STOW)
        assert response.status_code == 403
        assert reader.get(f"{STUDIES}/{image.study_instance_uid}").status_code == 404


def test_a_device_stores_with_its_certificate(server: ArchiveServer) -> None:
    image = Image(6, 1)
    device = enrol_tls(server, "SCANNER6", "store")
    with web(server, certificate=device) as client:
        response = client.post(STUDIES, content=form([image.file()]), headers=STOW)
    assert (response.status_code, stored(response.json())) == (200, [image.sop_instance_uid])


def test_dicomweb_client_stores(server: ArchiveServer, client: httpx2.Client) -> None:
    names = ("CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "image_dfl.dcm", "ExplVR_BigEnd.dcm")
    with requests.Session() as session:
        session.verify = str(server.ca)
        session.trust_env = False
        session.headers["Authorization"] = f"Bearer {token(server)}"
        speaker = DICOMwebClient(f"https://localhost:{server.https}/dicom-web", session=session)
        for name in names:
            dataset = sample(f"/{name}").dataset()
            dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
            dataset.StudyInstanceUID = pydicom.uid.generate_uid()
            with BytesIO() as file:
                pydicom.dcmwrite(file, dataset)
                written = file.getvalue()
            answer = speaker.store_instances([dataset])
            assert "FailedSOPSequence" not in answer
            [item] = answer.ReferencedSOPSequence
            assert item.ReferencedSOPInstanceUID == dataset.SOPInstanceUID
            [back] = fetched(client, item.RetrieveURL)
            assert data_set_of(back) == data_set_of(written)
        with pytest.raises(requests.HTTPError):
            speaker.store_instances([dataset], study_instance_uid="1.2.3")


@pytest.mark.skipif(not DICOMWEB_PLUGIN.exists(), reason="NO PEER: orthanc-dicomweb is not installed")
def test_orthanc_stores_as_dicomweb_client(server: ArchiveServer, client: httpx2.Client, tmp_path: Path) -> None:
    peer = {
        "Url": f"https://localhost:{server.https}/dicom-web/",
        "HttpHeaders": {"Authorization": f"Bearer {token(server)}"},
        "ChunkedTransfers": True,
    }
    settings: dict[str, object] = {
        "DicomWeb": {"Enable": True, "Servers": {"leadglass": peer, "whole": {**peer, "ChunkedTransfers": False}}},
        "HttpsCACertificates": str(server.ca),
    }
    with run_orthanc(tmp_path / "orthanc", dicomweb=True, settings=settings) as orthanc:
        for study, name in ((7, "leadglass"), (8, "whole")):
            images = [Image(study, number) for number in range(3)]
            for image in images:
                orthanc.upload(image.file())
            [resource] = [
                one for one in orthanc.get("/studies") if _study(orthanc, one) == images[0].study_instance_uid
            ]
            answer = orthanc.post(f"/dicom-web/servers/{name}/stow", {"Resources": [resource], "Synchronous": True})
            assert answer["InstancesCount"] == "3"
            back = fetched(client, f"{STUDIES}/{images[0].study_instance_uid}")
            assert {data_set_of(file) for file in back} == {image.data_set() for image in images}


def _study(orthanc: Orthanc, resource: str) -> str:
    return str(orthanc.get(f"/studies/{resource}")["MainDicomTags"]["StudyInstanceUID"])


def test_curl_stores(server: ArchiveServer, client: httpx2.Client, tmp_path: Path) -> None:
    image, file = Image(9, 1), tmp_path / "image.dcm"
    file.write_bytes(image.file())
    words = ("curl", "--silent", "--show-error", "--fail", "--cacert", server.ca, "--noproxy", "*")
    named = ("-H", f"Authorization: Bearer {token(server)}", "-H", "Expect: 100-continue")
    sent = ("-H", 'Content-Type: multipart/related; type="application/dicom"; boundary=X', "--data-binary", "@-")
    body = b"--X\r\nContent-Type: application/dicom\r\n\r\n" + file.read_bytes() + b"\r\n--X--"
    done = subprocess.run(
        [*map(str, (*words, *named, *sent)), f"https://localhost:{server.https}{STUDIES}"],
        input=body,
        capture_output=True,
        check=True,
    )
    assert stored(json.loads(done.stdout)) == [image.sop_instance_uid]
    [back] = fetched(client, f"{STUDIES}/{image.study_instance_uid}")
    assert data_set_of(back) == image.data_set()

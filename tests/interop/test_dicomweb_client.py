"""dicomweb-client, call by call: each public one has a case here that makes it at a running archive.

Other modules go deeper with some of them: searches in test_qido.py, every sample in test_wado.py, test_wado_metadata.py
and test_wado_pixels.py.
"""

from __future__ import annotations

import inspect
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from pydicom.encaps import generate_frames

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import ledger_rows, token
from helpers.samples import quietly_read, sample
from helpers.studies import PEOPLE, part10_of

pytestmark = [
    pytest.mark.interop,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # pydicom warns of what the samples get wrong
]

STUDY_1, STUDY_2 = PEOPLE[0].study_uid, PEOPLE[5].study_uid
SERIES_11 = PEOPLE[0].series_uid
ANY_SYNTAX = (("application/dicom", "*"),)
AS_STORED = {"accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
SAMPLES = ("/CT_small.dcm", "/SC_rgb_rle_2frame.dcm", "/693_J2KR.dcm", "/SC_rgb_jpeg_dcmtk.dcm")


@dataclass(frozen=True, slots=True)
class Desk:
    """A client that may do everything, the archive behind it, and what it holds."""

    server: ArchiveServer
    client: DICOMwebClient
    bearer: str

    def sample(self, name: str) -> pydicom.Dataset:
        """As pydicom writes it (without retired group lengths), and therefore as the client has sent it."""
        with io.BytesIO() as file:
            pydicom.dcmwrite(file, sample(f"/{name}").dataset())
            return quietly_read(file.getvalue())


Case = Callable[[Desk], None]
CASES: dict[str, Case] = {}
"""By the name of the call."""


def case(function: Case) -> Case:
    CASES[function.__name__] = function
    return function


def speaker(server: ArchiveServer, bearer: str, **options: Any) -> DICOMwebClient:
    session = requests.Session()
    session.verify, session.trust_env = str(server.ca), False  # another bundle in the environment would go before it
    session.headers["Authorization"] = f"Bearer {bearer}"
    return DICOMwebClient(f"https://localhost:{server.https}/dicom-web", session=session, **options)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with run_archive(tmp_path_factory.mktemp("dicomweb-client") / "home") as server:
        bearer = token(server)
        client = speaker(server, bearer)
        kept = [quietly_read(part10_of(one.data_set())) for one in PEOPLE] + [
            sample(name).dataset() for name in SAMPLES
        ]
        answer = client.store_instances(kept)
        assert "FailedSOPSequence" not in answer
        assert len(answer.ReferencedSOPSequence) == len(kept)
        yield Desk(server, client, bearer)


def uids_of(dataset: pydicom.Dataset) -> tuple[str, str, str]:
    return str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID), str(dataset.SOPInstanceUID)


def ids(datasets: Any) -> set[str]:
    return {str(dataset.SOPInstanceUID) for dataset in datasets}


def values(found: list[dict[str, Any]], tag: str) -> list[Any]:
    return [one[tag]["Value"][0] for one in found]


def picture(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as found:
        found.load()
        return found


# --- the cases -----------------------------------------------------------------------------------------------


@case
def store_instances(desk: Desk) -> None:
    """In one request, also to a study's own address, where another study's are refused."""
    study = pydicom.uid.generate_uid()
    made = []
    for number in (1, 2):
        dataset = desk.sample("CT_small.dcm")
        dataset.StudyInstanceUID, dataset.InstanceNumber = study, number
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
        made.append(dataset)
    answer = desk.client.store_instances(made, study_instance_uid=study)
    assert {item.ReferencedSOPInstanceUID for item in answer.ReferencedSOPSequence} == ids(made)
    assert answer.RetrieveURL == f"{desk.client.base_url}/studies/{study}"
    mixed = desk.client.store_instances([made[0], desk.sample("CT_small.dcm")], study_instance_uid=study)
    assert {item.ReferencedSOPInstanceUID for item in mixed.FailedSOPSequence} == {
        desk.sample("CT_small.dcm").SOPInstanceUID
    }
    assert ids(desk.client.retrieve_study(study)) == ids(made)


@case
def search_for_studies(desk: Desk) -> None:
    found = desk.client.search_for_studies(
        fuzzymatching=True, limit=1, offset=1, fields=["NumberOfStudyRelatedSeries"],
        search_filters={"PatientName": "ann adams", "StudyDate": "20240101-20241231"},
    )  # fmt: skip
    assert values(found, "0020000D") == [STUDY_1]
    assert values(desk.client.search_for_studies(get_remaining=True, limit=2), "0020000D") == values(
        desk.client.search_for_studies(), "0020000D"
    )
    assert values(desk.client.search_for_studies(additional_params={"PatientID": "P2"}), "00100020") == ["P2"]


@case
def search_for_series(desk: Desk) -> None:
    assert values(desk.client.search_for_series(STUDY_1, search_filters={"SeriesNumber": 2}), "0020000E") == [
        PEOPLE[3].series_uid
    ]
    assert STUDY_2 in values(desk.client.search_for_series(search_filters={"Modality": "MR"}), "0020000D")
    [one] = desk.client.search_for_series(STUDY_1, limit=1, offset=1, fields=["00100010"])
    assert one["00100010"]["Value"] == [{"Alphabetic": "Adams^Ann"}]


@case
def search_for_instances(desk: Desk) -> None:
    assert len(desk.client.search_for_instances(STUDY_1)) == 5
    assert values(desk.client.search_for_instances(STUDY_1, SERIES_11), "00080018") == [o.uid for o in PEOPLE[:3]]
    [one] = desk.client.search_for_instances(search_filters={"SOPInstanceUID": PEOPLE[7].uid}, fields=["PatientName"])
    assert one["00100010"]["Value"] == [{"Alphabetic": "ADAMS^BERT"}]


@case
def retrieve_study(desk: Desk) -> None:
    wanted = {one.uid: quietly_read(part10_of(one.data_set())) for one in PEOPLE[:5]}
    for options in ({}, {"media_types": ANY_SYNTAX}, {"additional_params": AS_STORED}):
        assert {str(one.SOPInstanceUID): one for one in desk.client.retrieve_study(STUDY_1, **options)} == wanted
    with pytest.raises(requests.HTTPError, match="404"):
        desk.client.retrieve_study("1.2.3.4")


@case
def iter_study(desk: Desk) -> None:
    found = list(desk.client.iter_study(STUDY_1, media_types=ANY_SYNTAX))
    assert ids(found) == {one.uid for one in PEOPLE[:5]}


@case
def retrieve_series(desk: Desk) -> None:
    assert ids(desk.client.retrieve_series(STUDY_1, SERIES_11)) == {one.uid for one in PEOPLE[:3]}


@case
def iter_series(desk: Desk) -> None:
    assert ids(desk.client.iter_series(STUDY_1, SERIES_11)) == {one.uid for one in PEOPLE[:3]}


@case
def retrieve_instance(desk: Desk) -> None:
    """Compressed as it is stored, which is what the client asks for, and decoded if it is told to ask for that."""
    wanted = desk.sample("693_J2KR.dcm")
    stored = desk.client.retrieve_instance(*uids_of(wanted), media_types=ANY_SYNTAX)
    assert stored == wanted
    assert stored.file_meta.TransferSyntaxUID == wanted.file_meta.TransferSyntaxUID
    assert desk.client.retrieve_instance(*uids_of(wanted)) == wanted
    native = (("application/dicom", str(pydicom.uid.ExplicitVRLittleEndian)),)
    decoded = desk.client.retrieve_instance(*uids_of(wanted), media_types=native)
    assert decoded.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert (decoded.pixel_array == wanted.pixel_array).all()


@case
def retrieve_study_metadata(desk: Desk) -> None:
    found = desk.client.retrieve_study_metadata(STUDY_1)
    assert set(values(found, "00080018")) == {one.uid for one in PEOPLE[:5]}


@case
def retrieve_series_metadata(desk: Desk) -> None:
    found = [pydicom.Dataset.from_json(one) for one in desk.client.retrieve_series_metadata(STUDY_1, SERIES_11)]
    assert {(str(one.SOPInstanceUID), int(one.InstanceNumber)) for one in found} == {
        (one.uid, one.number) for one in PEOPLE[:3]
    }


@case
def retrieve_instance_metadata(desk: Desk) -> None:
    """With the large values that it names, all that pydicom reads in the file itself but padding."""
    wanted = desk.sample("CT_small.dcm")
    described = desk.client.retrieve_instance_metadata(*uids_of(wanted))
    large = [tag for tag, said in described.items() if "BulkDataURI" in said]
    assert large == ["00431029", "7FE00010"]
    for tag in large:
        [value] = desk.client.retrieve_bulkdata(described.pop(tag)["BulkDataURI"])
        assert wanted.pop(int(tag, 16)).value == value
    wanted.pop(0xFFFCFFFC)
    assert described["00080005"]["Value"] == ["ISO_IR 192"], "JSON is UTF-8, whatever the file is"
    wanted.SpecificCharacterSet = "ISO_IR 192"
    assert pydicom.Dataset.from_json(described) == wanted


@case
def retrieve_bulkdata(desk: Desk) -> None:
    wanted = desk.sample("CT_small.dcm")
    uri = desk.client.retrieve_instance_metadata(*uids_of(wanted))["7FE00010"]["BulkDataURI"]
    assert desk.client.retrieve_bulkdata(uri) == [wanted.PixelData]
    assert desk.client.retrieve_bulkdata(uri, media_types=("application/octet-stream",)) == [wanted.PixelData]
    # The client asks for a range of an answer in several parts, and can read nothing else: it is given all of it, as
    # RFC 9110 §14.2 allows.
    assert desk.client.retrieve_bulkdata(uri, byte_range=(0, 99)) == [wanted.PixelData]


@case
def iter_bulkdata(desk: Desk) -> None:
    """Of a compressed image: frame by frame."""
    wanted = desk.sample("SC_rgb_rle_2frame.dcm")
    uri = desk.client.retrieve_instance_metadata(*uids_of(wanted))["7FE00010"]["BulkDataURI"]
    rle = (("image/dicom-rle", str(pydicom.uid.RLELossless)),)
    assert list(desk.client.iter_bulkdata(uri, media_types=rle)) == frames_in(wanted)
    decoded = [frame.tobytes() for frame in wanted.pixel_array]
    assert list(desk.client.iter_bulkdata(uri, media_types=("application/octet-stream",))) == decoded


def frames_in(dataset: pydicom.Dataset) -> list[bytes]:
    return list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames", 1))))


@case
def retrieve_instance_frames(desk: Desk) -> None:
    rle = desk.sample("SC_rgb_rle_2frame.dcm")
    assert desk.client.retrieve_instance_frames(*uids_of(rle), [2, 1]) == [
        rle.pixel_array[1].tobytes(), rle.pixel_array[0].tobytes(),
    ]  # fmt: skip
    for name, media_type in (("693_J2KR.dcm", "image/jp2"), ("SC_rgb_jpeg_dcmtk.dcm", "image/jpeg")):
        wanted = desk.sample(name)
        asked = ((media_type, str(wanted.file_meta.TransferSyntaxUID)),)
        assert desk.client.retrieve_instance_frames(*uids_of(wanted), [1], media_types=asked) == frames_in(wanted)
    with pytest.raises(requests.HTTPError, match="404"):
        desk.client.retrieve_instance_frames(*uids_of(rle), [3])


@case
def iter_instance_frames(desk: Desk) -> None:
    rle = desk.sample("SC_rgb_rle_2frame.dcm")
    asked = (("image/*", "*"),)
    assert list(desk.client.iter_instance_frames(*uids_of(rle), [1, 2], media_types=asked)) == frames_in(rle)


@case
def retrieve_instance_rendered(desk: Desk) -> None:
    uids = uids_of(desk.sample("CT_small.dcm"))
    for media_type, form in (("image/png", "PNG"), ("image/jpeg", "JPEG"), ("image/gif", "GIF")):
        drawn = picture(desk.client.retrieve_instance_rendered(*uids, media_types=(media_type,)))
        assert (drawn.format, drawn.size) == (form, (128, 128))
    asked = {"viewport": "32,32", "window": "40,400,linear", "quality": "30"}
    small = desk.client.retrieve_instance_rendered(*uids, media_types=("image/jpeg",), params=asked)
    assert picture(small).size == (32, 32)
    for media_type in ("image/jp2", "video/mp4", "application/pdf", "text/html"):
        with pytest.raises(requests.HTTPError, match="406"):
            desk.client.retrieve_instance_rendered(*uids, media_types=(media_type,))


@case
def retrieve_instance_frames_rendered(desk: Desk) -> None:
    rle = desk.sample("SC_rgb_rle_2frame.dcm")
    drawn = picture(desk.client.retrieve_instance_frames_rendered(*uids_of(rle), [2], media_types=("image/png",)))
    assert drawn.tobytes() == rle.pixel_array[1].tobytes()


@case
def retrieve_series_rendered(desk: Desk) -> None:
    """By itself: the picture that stands for the series."""
    study, series, _ = uids_of(desk.sample("CT_small.dcm"))
    drawn = picture(desk.client.retrieve_series_rendered(study, series, media_types=("image/png",)))
    assert drawn.size == (128, 128)


@case
def delete_study(desk: Desk) -> None:
    study = stored_for_a_while(desk)[0]
    desk.client.delete_study(study)
    assert desk.client.search_for_studies(search_filters={"StudyInstanceUID": study}) == []
    with pytest.raises(requests.HTTPError, match="404"):
        desk.client.delete_study(study)


@case
def delete_series(desk: Desk) -> None:
    """Studies are deleted as a whole: the answer says so, and nothing is lost."""
    uids = stored_for_a_while(desk)
    with pytest.raises(requests.HTTPError, match=str(HTTPStatus.NOT_IMPLEMENTED.value)):
        desk.client.delete_series(*uids[:2])
    assert ids(desk.client.retrieve_series(*uids[:2])) == {uids[2]}


@case
def delete_instance(desk: Desk) -> None:
    uids = stored_for_a_while(desk)
    with pytest.raises(requests.HTTPError, match=str(HTTPStatus.NOT_IMPLEMENTED.value)):
        desk.client.delete_instance(*uids)
    assert ids([desk.client.retrieve_instance(*uids)]) == {uids[2]}


def stored_for_a_while(desk: Desk) -> tuple[str, str, str]:
    dataset = desk.sample("CT_small.dcm")
    dataset.StudyInstanceUID = pydicom.uid.generate_uid()
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    desk.client.store_instances([dataset])
    return uids_of(dataset)


@case
def set_chunk_size(desk: Desk) -> None:
    """What is read in small pieces, and sent chunk by chunk, is the same."""
    client = speaker(desk.server, desk.bearer)
    client.set_chunk_size(37)
    wanted = desk.sample("693_J2KR.dcm")
    assert list(client.iter_study(wanted.StudyInstanceUID, media_types=ANY_SYNTAX)) == [wanted]
    client.set_chunk_size(5_000)
    wanted.StudyInstanceUID = pydicom.uid.generate_uid()
    wanted.SOPInstanceUID = wanted.file_meta.MediaStorageSOPInstanceUID = pydicom.uid.generate_uid()
    answer = client.store_instances([wanted])
    assert ids(client.retrieve_study(wanted.StudyInstanceUID)) == ids([wanted])
    assert "FailedSOPSequence" not in answer


@case
def set_http_retry_params(desk: Desk) -> None:
    """What it would ask for again is answered once."""
    client = speaker(desk.server, token(desk.server, "query", name="asks-once"))
    client.set_http_retry_params(
        retry=True, max_attempts=3, wait_exponential_multiplier=1, retriable_error_codes=tuple(HTTPStatus)[10:]
    )
    client.search_for_studies(search_filters={"PatientID": "P1"})
    rows = [row for row in ledger_rows(desk.server) if row["who"] == "asks-once"]
    assert [row["action"] for row in rows] == ["query"]


@case
def lookup_keyword(desk: Desk) -> None:
    """Our JSON names attributes as the client does."""
    [study] = desk.client.search_for_studies(search_filters={"AccessionNumber": "A100"})
    assert {"StudyInstanceUID", "PatientName", "ModalitiesInStudy"} <= {
        desk.client.lookup_keyword(tag) for tag in study
    }


@case
def lookup_tag(desk: Desk) -> None:
    [study] = desk.client.search_for_studies(search_filters={desk.client.lookup_tag("AccessionNumber"): "A100"})
    assert study[desk.client.lookup_tag("StudyInstanceUID")]["Value"] == [STUDY_1]


# -------------------------------------------------------------------------------------------------------------


def test_every_call_of_the_client_has_a_case() -> None:
    calls = {name for name, _ in inspect.getmembers(DICOMwebClient, callable) if not name.startswith("_")}
    assert calls == CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_call(desk: Desk, name: str) -> None:
    CASES[name](desk)


def test_the_command_line_tool(desk: Desk, tmp_path: Path) -> None:
    tool = Path(sys.executable).with_name("dicomweb_client")
    words = ["--ca", str(desk.server.ca), "--bearer-token", desk.bearer, "--url", str(desk.client.base_url)]
    names = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
    environment = {name: value for name, value in os.environ.items() if name not in names}

    def run(*said: str) -> str:
        done = subprocess.run([tool, *words, *said], capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert values(json.loads(run("search", "studies", "--filter", "PatientID=P2")), "00100020") == ["P2"]
    run("retrieve", "studies", "--study", STUDY_2, "full", "--save", "--output-dir", str(tmp_path))
    assert {path.stem for path in tmp_path.glob("*.dcm")} == {one.uid for one in PEOPLE if one.study_uid == STUDY_2}

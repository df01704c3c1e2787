"""Metadata and bulk data through the real server, for every sample file: what was rendered is what the file says."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterator
from typing import Any

import httpx2
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient

from helpers import shelf as shelf_of_samples
from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol, ledger_rows, token
from helpers.porter import Encoded
from helpers.samples import quietly_read, sample
from helpers.web_client import web
from leadglass.dicom.instance_header import InstanceHeader
from leadglass.dicom.json import BulkData, to_json
from leadglass.dicom.uids import transfer_syntax_of

pytestmark = [
    pytest.mark.interop,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # pydicom warns of what the samples get wrong
]

Json = dict[str, Any]
CT_SMALL = "1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322"


class Shelf(shelf_of_samples.Shelf):
    """With the metadata of what it holds."""

    def metadata(self, uid: str, base: str) -> Json:
        """What our own writer makes of the whole file."""
        encoded, header = self.kept[uid]
        place = f"{base}/studies/{header.study_instance_uid}/series/{header.series_instance_uid}/instances/{uid}"
        written = to_json(
            encoded.data_set, encoded.transfer_syntax, bulk_data_uri=lambda bulk: f"{place}/bulkdata/{bulk.path}"
        )
        return json.loads(written)  # type: ignore[no-any-return]

    def bulk(self, uid: str) -> list[BulkData]:
        """The values that are not in the metadata."""
        found: list[BulkData] = []
        encoded, _ = self.kept[uid]
        to_json(encoded.data_set, encoded.transfer_syntax, bulk_data_uri=lambda bulk: found.append(bulk) or "")  # type: ignore[func-returns-value]
        return found


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, shelf: Shelf) -> Any:
    with run_archive(tmp_path_factory.mktemp("metadata") / "home") as running:
        enrol(running, "WS", "store", "query", "retrieve")
        await shelf.carried_to(running.dicom, "WS")
        yield running


@pytest.fixture(scope="module")
def http(server: ArchiveServer) -> Iterator[httpx2.Client]:
    with web(server, token=token(server)) as client:
        yield client


@pytest.fixture(scope="module")
def client(server: ArchiveServer) -> Iterator[DICOMwebClient]:
    with requests.Session() as session:
        yield _client(server, session)


def _client(server: ArchiveServer, session: requests.Session) -> DICOMwebClient:
    session.headers["Authorization"] = f"Bearer {token(server)}"
    session.verify, session.trust_env = str(server.ca), False  # another bundle in the environment would go before it
    return DICOMwebClient(f"https://localhost:{server.https}/dicom-web", session=session)


def base(server: ArchiveServer) -> str:
    return f"https://localhost:{server.https}/dicom-web"


def uid_of(metadata: Json) -> str:
    return str(metadata["00080018"]["Value"][0])


def test_every_sample_is_described_as_its_file_says(
    server: ArchiveServer, shelf: Shelf, client: DICOMwebClient
) -> None:
    assert len(shelf.kept) > 140
    wrong = []
    for study, uids in shelf.studies.items():
        got = {uid_of(one): one for one in client.retrieve_study_metadata(study)}
        assert got.keys() == uids
        wrong += [uid for uid in uids if got[uid] != shelf.metadata(uid, base(server))]
    assert wrong == []


def test_every_large_value_leads_to_its_bytes(server: ArchiveServer, shelf: Shelf, http: httpx2.Client) -> None:
    wrong, looked_at = [], 0
    for uid, (encoded, header) in shelf.kept.items():
        for bulk in shelf.bulk(uid):
            if bulk.is_encapsulated:
                continue  # frame by frame
            answer = http.get(path_of(header, f"bulkdata/{bulk.path}"), headers={"Accept": "application/octet-stream"})
            looked_at += 1
            if (answer.status_code, answer.content) != (200, value_of(encoded, bulk)):
                wrong.append((uid, bulk.path, answer.status_code))
    assert wrong == []
    assert looked_at > 70


def path_of(header: InstanceHeader, rest: str) -> str:
    instance = f"series/{header.series_instance_uid}/instances/{header.sop_instance_uid}"
    return f"/dicom-web/studies/{header.study_instance_uid}/{instance}/{rest}"


def value_of(encoded: Encoded, bulk: BulkData) -> bytes:
    """The bytes of a value, in little endian."""
    facts = transfer_syntax_of(encoded.transfer_syntax)
    data_set = zlib.decompressobj(-15).decompress(encoded.data_set) if facts.is_deflated else encoded.data_set
    value = data_set[bulk.offset : bulk.offset + bulk.length]
    word = {"OW": "H", "OF": "I", "OL": "I", "OD": "Q", "OV": "Q"}.get(bulk.vr)
    if facts.is_little_endian or word is None:
        return value
    words = array(word, value)
    words.byteswap()
    return words.tobytes()


def test_compressed_pixels_come_frame_by_frame(shelf: Shelf, http: httpx2.Client) -> None:
    wrong, looked_at = [], 0
    for uid, (encoded, header) in shelf.kept.items():
        for bulk in shelf.bulk(uid):
            if not bulk.is_encapsulated or bulk.path != "7FE00010":
                continue
            anything = {"Accept": 'multipart/related; type="image/*"; transfer-syntax=*'}
            answer = http.get(path_of(header, "bulkdata/7FE00010"), headers=anything)
            if answer.status_code == 406:  # frames that do not lie as the standard says, or a video
                continue
            looked_at += 1
            parts = parts_of(answer)
            fragments = encoded.data_set[bulk.offset : bulk.offset + bulk.length]
            if answer.status_code != 200 or not all(part[:4096] in fragments for part in parts):
                wrong.append(uid)
    assert wrong == []
    assert looked_at > 30


def parts_of(answer: httpx2.Response) -> list[bytes]:
    boundary = answer.headers["content-type"].partition("boundary=")[2].strip('"').encode()
    first, *parts = (b"\r\n" + answer.content).split(b"\r\n--" + boundary)
    assert (first, parts.pop()) == (b"", b"--\r\n")
    return [part.partition(b"\r\n\r\n")[2] for part in parts]


@pytest.fixture(scope="module")
def ct(shelf: Shelf) -> InstanceHeader:
    """A CT with native pixels."""
    return next(header for _, header in shelf.kept.values() if header.sop_instance_uid == CT_SMALL)


def test_dicomweb_client_gets_all_levels_and_what_their_uris_lead_to(
    client: DICOMwebClient, shelf: Shelf, ct: InstanceHeader
) -> None:
    study, series, uid = ct.study_instance_uid, ct.series_instance_uid, ct.sop_instance_uid
    [one] = [one for one in client.retrieve_study_metadata(study) if uid_of(one) == uid]
    assert one in client.retrieve_series_metadata(study, series)
    assert client.retrieve_instance_metadata(study, series, uid) == one
    assert pydicom.Dataset.from_json(one).PatientName == "CompressedSamples^CT1"
    [pixels] = client.retrieve_bulkdata(one["7FE00010"]["BulkDataURI"])
    assert pixels == quietly_read(sample("pydicom/data/test_files/CT_small.dcm").data()).PixelData
    assert list(client.iter_bulkdata(one["7FE00010"]["BulkDataURI"])) == [pixels]


def test_what_is_unchanged_is_not_sent_again_but_written_down(
    server: ArchiveServer, http: httpx2.Client, ct: InstanceHeader
) -> None:
    for rest in ("metadata", "bulkdata/7FE00010"):
        first = http.get(path_of(ct, rest))
        again = http.get(path_of(ct, rest), headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
        assert http.get(path_of(ct, rest), headers={"If-None-Match": '"other"'}).content == first.content
    stranger = token(server, "view", studies="study:1.2.3")
    with web(server, token=stranger) as other:
        answer = other.get(path_of(ct, "metadata"), headers={"If-None-Match": first.headers["etag"]})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("bytes=0-9", (0, 10)),
        ("bytes=100-", (100, 32768)),
        ("bytes=-5", (32763, 32768)),
        ("bytes=32760-99999", (32760, 32768)),
        ("bytes=32768-", None),
        ("bytes=1-2,5-6", (0, 32768)),
        ("bytes=nonsense", (0, 32768)),
    ],
)
def test_ranges_of_a_value(
    http: httpx2.Client, ct: InstanceHeader, said: str, expected: tuple[int, int] | None
) -> None:
    whole = http.get(path_of(ct, "bulkdata/7FE00010")).content
    answer = http.get(path_of(ct, "bulkdata/7FE00010"), headers={"Range": said})
    if expected is None:
        assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */32768")
        return
    start, end = expected
    assert answer.content == whole[start:end]
    if (start, end) == (0, len(whole)):
        assert answer.status_code == 200
    else:
        assert (answer.status_code, answer.headers["content-range"]) == (206, f"bytes {start}-{end - 1}/32768")


def test_what_cannot_be_had(http: httpx2.Client, ct: InstanceHeader) -> None:
    for rest, accept in (("metadata", "application/dicom+xml"), ("bulkdata/7FE00010", "image/jpeg")):
        assert http.get(path_of(ct, rest), headers={"Accept": accept}).status_code == 406
    assert http.get(path_of(ct, "metadata?accept=application/json")).headers["content-type"] == "application/json"
    for rest in ("00100010", "7FE0", "7fe00010", "7FE00010/0/7FE00010", "%2e%2e%2fmetadata", "00081140/0/7FE00010"):
        assert http.get(path_of(ct, f"bulkdata/{rest}")).status_code == 404


def test_hidden_and_absent_look_the_same(server: ArchiveServer, ct: InstanceHeader) -> None:
    with web(server, token=token(server, "view", studies="study:1.2.3")) as other:
        answers = set()
        for study in (ct.study_instance_uid, "1.2.3.4"):
            for rest in (
                "metadata",
                f"series/{ct.series_instance_uid}/metadata",
                f"series/{ct.series_instance_uid}/instances/{ct.sop_instance_uid}/metadata",
                f"series/{ct.series_instance_uid}/instances/{ct.sop_instance_uid}/bulkdata/7FE00010",
            ):
                answer = other.get(f"/dicom-web/studies/{study}/{rest}")
                told = {name: text for name, text in answer.headers.items() if name != "date"}
                answers.add((answer.status_code, answer.content, json.dumps(sorted(told.items()))))
        assert [status for status, _, _ in answers] == [404]


def test_looking_at_metadata_is_in_the_ledger(server: ArchiveServer, shelf: Shelf, ct: InstanceHeader) -> None:
    with web(server, token=token(server, "view", name="looker")) as looker:
        looker.get(f"/dicom-web/studies/{ct.study_instance_uid}/metadata")
    [opened] = [row for row in ledger_rows(server, last=50) if "looker" in row["who"]]
    assert (opened["study"], opened["action"]) == (ct.study_instance_uid, "view")


def test_head_tells_of_the_answer_without_it(http: httpx2.Client, ct: InstanceHeader) -> None:
    for rest in ("metadata", "bulkdata/7FE00010"):
        plain = {"Accept-Encoding": "identity"}
        whole, head = (ask(path_of(ct, rest), headers=plain) for ask in (http.get, http.head))
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", whole.headers["etag"])
        assert head.headers["content-length"] == str(len(whole.content))

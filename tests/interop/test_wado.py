"""WADO-RS studies, series and instances, and DELETE, through the real server: every sample comes back byte for byte."""

from __future__ import annotations

import contextlib
import email
import email.policy
import io
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient

from helpers import shelf as shelf_of_samples
from helpers.archive_server import ArchiveServer, run_archive
from helpers.archive_world import CT, EXPLICIT, data_set
from helpers.clinic import enrol, ledger_rows, token
from helpers.porter import Encoded, carry
from helpers.samples import quietly_read, sample
from helpers.slow_readers import peak_rss, read_slowly, rss
from helpers.studies import instances_of_people
from helpers.web_client import web
from leadglass.dicom.part10 import file_meta, split
from leadglass.dicom.transcodable import can_turn
from leadglass.dicom.uids import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)

pytestmark = [
    pytest.mark.interop,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # pydicom warns of what the samples get wrong
]

PARTS = 'multipart/related; type="application/dicom"'
AS_STORED = f"{PARTS}; transfer-syntax=*"
SINGLE = "application/dicom; transfer-syntax=*"


class Shelf(shelf_of_samples.Shelf):
    """With the addresses of what it holds."""

    def path(self, uid: str) -> str:
        _, header = self.kept[uid]
        study, series = header.study_instance_uid, header.series_instance_uid
        return f"/dicom-web/studies/{study}/series/{series}/instances/{uid}"

    def of(self, name: str) -> str:
        """The SOP Instance UID of a sample."""
        return str(sample(name).dataset(stop_before_pixels=True).SOPInstanceUID)

    def image(self, transfer_syntax: str) -> tuple[str, Any]:
        """The first image stored in `transfer_syntax` that pydicom can decode, and its pixels."""
        for uid, (encoded, _) in self.kept.items():
            if encoded.transfer_syntax == transfer_syntax and len(encoded.data_set) < 300_000:
                with contextlib.suppress(Exception):  # whatever pydicom raises: then it is not this one
                    return uid, quietly_read(file_of(encoded)).pixel_array
        raise AssertionError(f"no sample image in {transfer_syntax}")

    def check(self, file: bytes) -> str:
        """The SOP Instance UID of a file, which must hold the very data set that was stored."""
        meta, offset = split(file)
        encoded, _ = self.kept[meta.media_storage_sop_instance_uid]
        assert meta.transfer_syntax_uid == encoded.transfer_syntax
        assert meta.media_storage_sop_class_uid == encoded.sop_class_uid
        assert file[offset:] == encoded.data_set
        return meta.media_storage_sop_instance_uid


def files_in(answer: httpx2.Response) -> list[tuple[str, bytes]]:
    """The parts of an answer, by the standard library's own reader: transfer syntax and content."""
    assert answer.status_code == 200, answer.text
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = email.message_from_bytes(head + answer.content, policy=email.policy.HTTP)
    parts = []
    boundary = b"--" + str(message.get_boundary()).encode()
    for raw in answer.content.split(boundary)[1:-1]:
        before, content = raw.removeprefix(b"\r\n").split(b"\r\n\r\n", 1)
        fields = email.message_from_bytes(before)
        assert fields.get_content_type() == "application/dicom"
        length = int(fields["Content-Length"])
        assert len(content) == length + 2
        parts.append((str(fields.get_param("transfer-syntax")), content[:length]))
    return parts


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, shelf: Shelf) -> Any:
    with run_archive(tmp_path_factory.mktemp("wado") / "home") as running:
        enrol(running, "WS", "store", "query", "retrieve")
        await shelf.carried_to(running.dicom, "WS")
        yield running


@pytest.fixture(scope="module")
def http(server: ArchiveServer) -> Iterator[httpx2.Client]:
    with web(server, token=token(server)) as client:
        yield client


def test_every_sample_comes_back_byte_for_byte_by_study(http: httpx2.Client, shelf: Shelf) -> None:
    for study, uids in shelf.studies.items():
        answer = http.get(f"/dicom-web/studies/{study}", headers={"Accept": AS_STORED})
        assert int(answer.headers["content-length"]) == len(answer.content)
        assert sorted(shelf.check(file) for _, file in files_in(answer)) == sorted(uids)


def test_every_sample_comes_back_byte_for_byte_by_itself(http: httpx2.Client, shelf: Shelf) -> None:
    for uid, (encoded, _) in shelf.kept.items():
        answer = http.get(shelf.path(uid), headers={"Accept": SINGLE})
        assert answer.headers["content-type"] == f"application/dicom; transfer-syntax={encoded.transfer_syntax}"
        assert shelf.check(answer.content) == uid


def test_dicomweb_client_gets_studies_series_and_instances(server: ArchiveServer, shelf: Shelf) -> None:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(server.ca)
    session.headers["Authorization"] = f"Bearer {token(server)}"
    client = DICOMwebClient(f"https://localhost:{server.https}/dicom-web", session=session)
    uid = shelf.of("CT_small.dcm")
    encoded, header = shelf.kept[uid]
    study, series = header.study_instance_uid, header.series_instance_uid
    wanted = quietly_read(file_of(encoded))
    any_syntax = (("application/dicom", "*"),)
    assert client.retrieve_instance(study, series, uid, media_types=any_syntax) == wanted
    assert client.retrieve_instance(study, series, uid) == wanted
    assert wanted in client.retrieve_series(study, series, media_types=any_syntax)
    assert wanted in client.retrieve_study(study, media_types=any_syntax)
    assert wanted in list(client.iter_series(study, series))
    assert wanted in list(client.iter_study(study))


def file_of(encoded: Encoded) -> bytes:
    """A file with the data set of `encoded`."""
    return file_meta(encoded.sop_class_uid, encoded.sop_instance_uid, encoded.transfer_syntax) + encoded.data_set


STORED_IN = (
    EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    "1.2.840.10008.1.2.4.50",  # JPEG
    "1.2.840.10008.1.2.4.70",  # JPEG lossless
    "1.2.840.10008.1.2.4.90",  # JPEG 2000 lossless
    "1.2.840.10008.1.2.4.91",
)


@pytest.mark.parametrize("stored", STORED_IN)
@pytest.mark.parametrize("asked", ["", EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN])
def test_another_transfer_syntax_shows_the_same_pixels(
    http: httpx2.Client, shelf: Shelf, stored: str, asked: str
) -> None:
    """PS3.18 §8.7.3: without a transfer syntax, Explicit VR Little Endian is meant."""
    uid, pixels = shelf.image(stored)
    target = asked or EXPLICIT_VR_LITTLE_ENDIAN
    accept = "application/dicom" + (f"; transfer-syntax={asked}" if asked else "")
    single = http.get(shelf.path(uid), headers={"Accept": accept})
    [(syntax, part)] = files_in(
        http.get(shelf.path(uid), headers={"Accept": PARTS + (f"; transfer-syntax={asked}" if asked else "")})
    )
    assert single.headers["content-type"].endswith(f"transfer-syntax={target}")
    assert syntax == target
    for file in (single.content, part):
        given = pydicom.dcmread(io.BytesIO(file))
        assert given.file_meta.TransferSyntaxUID == target
        assert np.array_equal(given.pixel_array, pixels)


def test_of_several_acceptable_syntaxes_the_stored_one_is_given(http: httpx2.Client, shelf: Shelf) -> None:
    uid = shelf.of("693_J2KR.dcm")
    stored = shelf.kept[uid][0].transfer_syntax
    answer = http.get(
        shelf.path(uid),
        headers={"Accept": f"{PARTS}; transfer-syntax={EXPLICIT_VR_LITTLE_ENDIAN}, {PARTS}; transfer-syntax={stored}"},
    )
    assert [syntax for syntax, _ in files_in(answer)] == [stored]
    preferred = f"{PARTS}; transfer-syntax={stored}; q=0.5, {PARTS}; transfer-syntax={EXPLICIT_VR_LITTLE_ENDIAN}"
    answer = http.get(shelf.path(uid), headers={"Accept": preferred})
    assert [syntax for syntax, _ in files_in(answer)] == [EXPLICIT_VR_LITTLE_ENDIAN]


def test_what_cannot_be_turned_leaves_as_stored_unless_a_syntax_is_named(http: httpx2.Client, shelf: Shelf) -> None:
    stubborn = [
        uid
        for uid, (encoded, _) in shelf.kept.items()
        if encoded.transfer_syntax != EXPLICIT_VR_LITTLE_ENDIAN
        and not can_turn(encoded.transfer_syntax, EXPLICIT_VR_LITTLE_ENDIAN)
    ]
    for uid in stubborn[:3]:
        [(_, file)] = files_in(http.get(shelf.path(uid), headers={"Accept": PARTS}))
        assert shelf.check(file) == uid
        named = {"Accept": f"{PARTS}; transfer-syntax={EXPLICIT_VR_LITTLE_ENDIAN}"}
        assert http.get(shelf.path(uid), headers=named).status_code == 406
    jpeg_ls = {"Accept": f"{PARTS}; transfer-syntax=1.2.840.10008.1.2.4.80"}
    assert http.get(shelf.path(shelf.of("CT_small.dcm")), headers=jpeg_ls).status_code == 406


def test_pixels_that_cannot_be_decoded_leave_as_stored_unless_a_syntax_is_named(
    http: httpx2.Client, shelf: Shelf
) -> None:
    """One damaged image does not make its study irretrievable for those who did not ask for a syntax."""
    uid = shelf.of("JPEG2000.dcm")
    for accept in (PARTS, "*/*"):
        [(_, file)] = files_in(http.get(shelf.path(uid), headers={"Accept": accept}))
        assert shelf.check(file) == uid
    assert shelf.check(http.get(shelf.path(uid), headers={"Accept": "application/dicom"}).content) == uid
    for form in (PARTS, "application/dicom"):
        named = {"Accept": f"{form}; transfer-syntax={EXPLICIT_VR_LITTLE_ENDIAN}"}
        assert http.get(shelf.path(uid), headers=named).status_code == 406


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("image/gif", 406),
        ('multipart/related; type="application/dicom+xml"', 406),
        ("*/*;q=0", 406),
        ("nonsense", 400),
        ('a/b; c="' + "x" * 5000, 400),
        (",".join(["a/b"] * 500), 400),
        ("*/*" + ";" * 9000, 400),
    ],
)
def test_hostile_accept_headers_get_a_problem(http: httpx2.Client, shelf: Shelf, accept: str, status: int) -> None:
    path = shelf.path(shelf.of("CT_small.dcm"))
    answer = http.get(path, headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert http.get(path, params={"accept": accept}, headers={"Accept": "image/gif"}).status_code == status


def test_the_accept_query_parameter_goes_before_the_header(http: httpx2.Client, shelf: Shelf) -> None:
    uid = shelf.of("CT_small.dcm")
    answer = http.get(shelf.path(uid), params={"accept": SINGLE}, headers={"Accept": AS_STORED})
    assert shelf.check(answer.content) == uid


# --- ranges and conditions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=-10", -10, None),
        ("bytes=1000-", 1000, None),
        ("bytes=5-99999999999", 5, None),
    ],
)
def test_one_range_is_given(http: httpx2.Client, shelf: Shelf, said: str, begin: int, end: int | None) -> None:
    path = shelf.path(shelf.of("CT_small.dcm"))
    whole = http.get(path, headers={"Accept": SINGLE}).content
    answer = http.get(path, headers={"Accept": SINGLE, "Range": said})
    assert answer.status_code == 206
    assert answer.content == whole[begin:end]
    first = begin % len(whole)
    assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(whole)}"


@pytest.mark.parametrize(
    "said",
    [
        "bytes=0-0,5-6",
        "bytes=" + ",".join(f"{n}-{n}" for n in range(4000)),
        "bytes=9-5",
        "bytes=--5",
        "bytes=-",
        "bytes=0x1-0x2",
        "bytes=99999999999999999999999999-",
        "lines=0-5",
        "bytes=-1-5",
    ],
)
def test_ranges_that_are_nonsense_or_many_are_ignored(http: httpx2.Client, shelf: Shelf, said: str) -> None:
    uid = shelf.of("CT_small.dcm")
    answer = http.get(shelf.path(uid), headers={"Accept": SINGLE, "Range": said})
    assert answer.status_code == 200
    assert shelf.check(answer.content) == uid


def test_a_range_behind_the_end_is_refused(http: httpx2.Client, shelf: Shelf) -> None:
    path = shelf.path(shelf.of("CT_small.dcm"))
    for said in ("bytes=9999999-", "bytes=9999999-99999999", "bytes=-0"):
        answer = http.get(path, headers={"Accept": SINGLE, "Range": said})
        assert answer.status_code == 416
        assert answer.headers["content-range"].startswith("bytes */")


def test_a_range_of_a_multipart_answer_is_the_whole(http: httpx2.Client, shelf: Shelf) -> None:
    uid = shelf.of("CT_small.dcm")
    answer = http.get(shelf.path(uid), headers={"Accept": AS_STORED, "Range": "bytes=0-5"})
    assert [shelf.check(file) for _, file in files_in(answer)] == [uid]


def test_a_caller_that_has_it_is_told_so(http: httpx2.Client, shelf: Shelf) -> None:
    path = shelf.path(shelf.of("CT_small.dcm"))
    for accept in (SINGLE, AS_STORED):
        etag = http.get(path, headers={"Accept": accept}).headers["etag"]
        again = http.get(path, headers={"Accept": accept, "If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
        assert http.get(path, headers={"Accept": accept, "If-None-Match": '"other"'}).status_code == 200


def test_a_head_says_how_long_it_is_and_gives_nothing(http: httpx2.Client, shelf: Shelf) -> None:
    path = shelf.path(shelf.of("CT_small.dcm"))
    for accept in (SINGLE, AS_STORED):
        head, whole = http.head(path, headers={"Accept": accept}), http.get(path, headers={"Accept": accept})
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-length"] == str(len(whole.content))


def test_a_study_that_may_not_be_seen_is_one_that_does_not_exist(server: ArchiveServer, shelf: Shelf) -> None:
    """Whatever the request says: a condition or a range must not tell more than the study itself would."""
    uid = shelf.of("CT_small.dcm")
    path = shelf.path(uid)
    _, header = shelf.kept[uid]
    study = f"/dicom-web/studies/{header.study_instance_uid}"
    with web(server, token=token(server)) as all_seeing:
        etag = all_seeing.get(path, headers={"Accept": SINGLE}).headers["etag"]
    with web(server, token=token(server, studies="study:1.2.3.4")) as client:
        for real, absent in ((path, path.replace(header.study_instance_uid, "1.2.3.4.5")), (study, f"{study}.9")):
            for said in ({"If-None-Match": "*"}, {"If-None-Match": etag}, {"Range": "bytes=0-1"}, {}):
                for method in ("GET", "HEAD", "DELETE"):
                    accept = {} if real == study else {"Accept": SINGLE}
                    seen = client.request(method, real, headers={**said, **accept})
                    other = client.request(method, absent, headers={**said, **accept})
                    assert seen.status_code == other.status_code
                    assert seen.content == other.content
                    assert without_date(seen) == without_date(other)
                    assert seen.status_code == (501 if method == "DELETE" and real == path else 404)


def without_date(answer: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


def test_who_took_what_is_in_the_ledger(server: ArchiveServer, shelf: Shelf) -> None:
    name = "reader-of-ct"
    _, header = shelf.kept[shelf.of("CT_small.dcm")]
    with web(server, token=token(server, "view", name=name)) as client:
        client.get(f"/dicom-web/studies/{header.study_instance_uid}", headers={"Accept": AS_STORED})
    rows = [row for row in ledger_rows(server, study=header.study_instance_uid) if name in str(row)]
    assert rows


# --- deleting ------------------------------------------------------------------------------------------------


async def test_deleting_a_study(server: ArchiveServer) -> None:
    by_study: dict[str, list[bytes]] = defaultdict(list)
    for file in instances_of_people().values():
        by_study[str(quietly_read(file).StudyInstanceUID)].append(file)
    study = min(by_study)
    carried = []
    for file in by_study[study]:
        meta, offset = split(file)
        carried.append(
            Encoded(
                meta.media_storage_sop_class_uid,
                meta.media_storage_sop_instance_uid,
                meta.transfer_syntax_uid,
                file[offset:],
            )
        )
    assert {answer.status for answer in await carry(server.dicom, "WS", carried)} == {0}
    path = f"/dicom-web/studies/{study}"
    with web(server, token=token(server, "query", "view", "delete", studies="study:1.2.3.4")) as client:
        assert client.delete(path).status_code == 404
    looker = token(server, "query", "view")
    with web(server, token=looker) as client:
        assert client.delete(path).status_code == 403
        assert client.get(path, headers={"Accept": AS_STORED}).status_code == 200
    with web(server, token=token(server, "view", "delete")) as client:
        assert client.delete(f"{path}/series/1.2.3").status_code == 501
        assert client.delete(path).status_code == 204
        gone = client.delete(path)
        assert gone.status_code == 404
        assert client.get(path).status_code == 404


# --- memory --------------------------------------------------------------------------------------------------


async def test_slow_readers_hold_little(server: ArchiveServer) -> None:
    """Sixty readers of forty megabytes, who together could hold two gigabytes, and do not finish."""
    pixels = bytes(range(256)) * 4096
    large = [
        Encoded(CT, f"1.2.9.{n}", EXPLICIT, data_set("1.2.9", f"1.2.9.{n}", pixels, SeriesInstanceUID="1.2.9.0"))
        for n in range(1, 41)
    ]
    assert {answer.status for answer in await carry(server.dicom, "WS", large)} == {0}
    before = rss(server.process.pid)
    said = token(server)
    readers = await read_slowly(server.https, said, "/dicom-web/studies/1.2.9", clients=60, rate=50_000, seconds=4)
    assert all(one.status == 200 and not one.was_cut and one.taken > 50_000 for one in readers)
    held = max(peak_rss(server.process.pid) - before, rss(server.process.pid) - before)
    assert held < 150 << 20, f"{held >> 20} MiB"
    with web(server, token=said) as client:
        answer = client.get("/dicom-web/studies/1.2.9", headers={"Accept": AS_STORED})
        assert len(files_in(answer)) == 40


# --- damage --------------------------------------------------------------------------------------------------


async def test_a_study_with_a_damaged_object_is_never_taken_for_whole(tmp_path: Path) -> None:
    """Cut in the middle; by itself the damaged object is a plain answer, and so are the others."""
    pixels = bytes(range(256)) * 400
    encoded = [
        Encoded(CT, f"1.2.8.1.{n}", EXPLICIT, data_set("1.2.8", f"1.2.8.1.{n}", pixels, InstanceNumber=str(n)))
        for n in range(1, 4)
    ]
    with run_archive(tmp_path / "home") as archive:
        enrol(archive, "WS", "store", "query", "retrieve")
        assert {answer.status for answer in await carry(archive.dicom, "WS", encoded)} == {0}
        damage_the_last_object(archive.home)
        with web(archive, token=token(archive), headers={"Accept": AS_STORED}) as client:
            with pytest.raises(httpx2.RemoteProtocolError):
                client.get("/dicom-web/studies/1.2.8")
            path = "/dicom-web/studies/1.2.8/series/1.2.8.1/instances/1.2.8.1."
            assert client.get(f"{path}3").status_code == 500
            assert client.get(f"{path}3", headers={"Accept": SINGLE}).json()["status"] == 500
            [(_, file)] = files_in(client.get(f"{path}1"))
            assert file[split(file).dataset_offset :] == encoded[0].data_set


def damage_the_last_object(home: Path) -> None:
    """Turns one bit within the record that was written last."""
    volume = max(path for path in home.rglob("*.vol*") if path.is_file())
    with volume.open("r+b") as file:
        place = len(file.read().rstrip(b"\0")) - 20_000
        file.seek(place)
        [octet] = file.read(1)
        file.seek(place)
        file.write(bytes([octet ^ 1]))

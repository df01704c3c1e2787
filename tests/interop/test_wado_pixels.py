"""Frames, pictures and WADO-URI through the real server, for every sample file: what pydicom reads is what is given."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from pydicom.encaps import generate_frames
from pydicom.pixels.utils import get_expected_length

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import enrol, ledger_rows, token
from helpers.porter import Encoded, carry
from helpers.samples import part10, quietly_read
from helpers.shelf import storable
from helpers.web_client import web
from leadglass.dicom.frames import can_be_found
from leadglass.dicom.instance_header import InstanceHeader
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.web.dicomweb.frame_media import media_type_of

pytestmark = [
    pytest.mark.interop,
    pytest.mark.filterwarnings("ignore::UserWarning"),  # pydicom warns of what the samples get wrong
]
ROOT = "/dicom-web"
ANY = 'multipart/related; type="*/*"; transfer-syntax=*'


@dataclass(frozen=True)
class Kept:
    """One sample as the archive has it."""

    name: str
    syntax: str
    header: InstanceHeader
    data_set: bytes

    @property
    def path(self) -> str:
        header = self.header
        series = f"{ROOT}/studies/{header.study_instance_uid}/series/{header.series_instance_uid}"
        return f"{series}/instances/{header.sop_instance_uid}"

    @property
    def uids(self) -> tuple[str, str, str]:
        return self.header.study_instance_uid, self.header.series_instance_uid, self.header.sop_instance_uid

    def read(self) -> pydicom.Dataset:
        return quietly_read(part10(self.data_set, self.syntax))


def _kept() -> Iterator[Kept]:
    seen: set[str] = set()
    for one in storable():
        syntax, data_set, header = one.encoded.transfer_syntax, one.encoded.data_set, one.header
        uid = header.sop_instance_uid
        if uid in seen:  # the same image in another encoding: it gets a UID of its own, of the same length
            named = f"{uid[:-5]}9{len(seen):04d}"
            data_set = data_set.replace(uid.encode(), named.encode(), 1)
            header = replace(header, sop_instance_uid=named)
            if named.encode() not in data_set:
                continue  # all of it is deflated
        seen.add(header.sop_instance_uid)
        yield Kept(one.name, syntax, header, data_set)


@pytest.fixture(scope="module")
def kept() -> Sequence[Kept]:
    return tuple(_kept())


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory, kept: Sequence[Kept]) -> Any:
    with run_archive(tmp_path_factory.mktemp("pixels") / "home") as running:
        enrol(running, "WS", "store")
        sent = [Encoded(o.header.sop_class_uid, o.header.sop_instance_uid, o.syntax, o.data_set) for o in kept]
        assert {answer.status for answer in await carry(running.dicom, "WS", sent)} == {0}
        yield running


@pytest.fixture(scope="module")
def http(server: ArchiveServer) -> Iterator[httpx2.Client]:
    with web(server, token=token(server, "view", name="viewer")) as client:
        yield client


@pytest.fixture(scope="module")
def client(server: ArchiveServer) -> DICOMwebClient:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token(server)}"
    session.verify, session.trust_env = str(server.ca), False  # another bundle in the environment would go before it
    return DICOMwebClient(f"https://localhost:{server.https}{ROOT}", session=session)


def of(kept: Sequence[Kept], ending: str) -> Kept:
    (found,) = (one for one in kept if one.name.endswith(ending))
    return found


def parts_of(response: httpx2.Response) -> list[tuple[str, bytes]]:
    """The content type and the bytes of each part."""
    assert response.status_code == 200, response.text
    boundary = response.headers["content-type"].rpartition("boundary=")[2].strip('"').encode()
    found = []
    for part in response.content.split(b"--" + boundary)[1:-1]:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        names = dict(line.split(b": ", 1) for line in head.split(b"\r\n"))
        found.append((names[b"Content-Type"].decode(), body.removesuffix(b"\r\n")))
    return found


def stored_frames(one: Kept) -> list[bytes] | None:
    """The frames as pydicom finds them in the file; None if it finds none."""
    data_set = one.read()
    keyword = next((k for k in ("PixelData", "FloatPixelData", "DoubleFloatPixelData") if k in data_set), None)
    if keyword is None:
        return None
    number = int(data_set.get("NumberOfFrames") or 1)
    value = data_set[keyword].value
    if data_set.file_meta.TransferSyntaxUID.is_encapsulated:
        tables = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")
        extended = tuple(data_set[table].value for table in tables) if tables[0] in data_set else None
        return list(generate_frames(value, number_of_frames=number, extended_offsets=extended))
    if keyword != "PixelData":
        return [value]
    length = get_expected_length(data_set) // number
    return [value[position * length : (position + 1) * length] for position in range(number)]


# --- frames ----------------------------------------------------------------------------------------------------


def test_every_frame_of_every_sample_is_given_as_it_is_stored(http: httpx2.Client, kept: Sequence[Kept]) -> None:
    wrong, given = [], 0
    for one in kept:
        try:
            expected = stored_frames(one) if can_be_found(one.syntax) else None
        except Exception:  # whatever pydicom says: it finds no frames either
            expected = None
        if not expected or any(not frame for frame in expected):
            continue
        numbers = ",".join(str(number) for number in range(1, len(expected) + 1))
        response = http.get(f"{one.path}/frames/{numbers}", headers={"Accept": ANY})
        if response.status_code == 404 and one.name.endswith("truncated.dcm"):
            continue
        parts = parts_of(response)
        given += len(parts)
        if [body for _, body in parts] != expected:
            wrong.append(one.name)
        syntaxes = {content_type for content_type, _ in parts}
        is_compressed = media_type_of(one.syntax) != "application/octet-stream"
        syntax = one.syntax if is_compressed else EXPLICIT_VR_LITTLE_ENDIAN
        assert syntaxes == {f"{media_type_of(one.syntax)}; transfer-syntax={syntax}"}
    assert wrong == []
    assert given > 200


def test_compressed_frames_are_decoded_unless_something_else_is_asked_for(
    http: httpx2.Client, kept: Sequence[Kept]
) -> None:
    wrong, given = [], 0
    for one in kept:
        data_set = one.read()
        if "PixelData" not in data_set or not data_set.file_meta.TransferSyntaxUID.is_compressed:
            continue
        response = http.get(f"{one.path}/frames/1", headers={"Accept": "application/octet-stream"})
        try:
            data_set.decompress()
            length = get_expected_length(data_set) // int(data_set.get("NumberOfFrames") or 1)
            expected = data_set.PixelData[:length]
        except Exception:
            assert response.status_code in (404, 406), one.name
            continue
        if response.status_code != 200 or response.content != expected:
            wrong.append((one.name, response.status_code))
        given += 1
    assert wrong == []
    assert given > 40


def test_dicomweb_client_gets_frames(client: DICOMwebClient, kept: Sequence[Kept]) -> None:
    one = of(kept, "pydicom/data/test_files/SC_rgb_rle_2frame.dcm")
    decoded = client.retrieve_instance_frames(*one.uids, [2, 1])
    pixels = one.read().pixel_array
    assert decoded == [pixels[1].tobytes(), pixels[0].tobytes()]
    as_stored = client.retrieve_instance_frames(*one.uids, [1], media_types=(("image/dicom-rle", one.syntax),))
    assert as_stored == stored_frames(one)[:1]  # type: ignore[index]
    ct = of(kept, "pydicom/data/test_files/CT_small.dcm")
    assert client.retrieve_instance_frames(*ct.uids, [1]) == [ct.read().PixelData]


@pytest.mark.parametrize(
    ("frames", "status"),
    [("0", 400), ("1,", 400), ("x", 400), ("-1", 400), ("2", 404), ("1,2", 404), ("1," * 1_000 + "2", 404)],
)
def test_frames_that_are_not_there(http: httpx2.Client, kept: Sequence[Kept], frames: str, status: int) -> None:
    path = of(kept, "pydicom/data/test_files/CT_small.dcm").path
    assert http.get(f"{path}/frames/{frames}").status_code == status


@pytest.mark.parametrize(
    ("accept", "status", "content_type"),
    [
        (None, 200, 'multipart/related; type="application/octet-stream"'),
        ("application/octet-stream", 200, "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"),
        ("image/jls", 406, "application/problem+json"),
        ("application/dicom", 406, "application/problem+json"),
        ("application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.50", 406, "application/problem+json"),
    ],
)
def test_what_a_native_frame_is_given_as(
    http: httpx2.Client, kept: Sequence[Kept], accept: str | None, status: int, content_type: str
) -> None:
    one = of(kept, "pydicom/data/test_files/CT_small.dcm")
    answer = http.get(f"{one.path}/frames/1", headers={"Accept": accept} if accept else {"Accept": "*/*"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith(content_type)


def test_a_frame_by_itself_knows_ranges_and_conditions(http: httpx2.Client, kept: Sequence[Kept]) -> None:
    one = of(kept, "pydicom/data/test_files/CT_small.dcm")
    accept = {"Accept": "application/octet-stream"}
    whole = http.get(f"{one.path}/frames/1", headers=accept)
    part = http.get(f"{one.path}/frames/1", headers=accept | {"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, whole.content[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    beyond = http.get(f"{one.path}/frames/1", headers=accept | {"Range": "bytes=9999999-"})
    assert beyond.status_code == 416
    same = http.get(f"{one.path}/frames/1", headers=accept | {"If-None-Match": whole.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")


# --- pictures --------------------------------------------------------------------------------------------------


def test_pictures_at_every_level(http: httpx2.Client, kept: Sequence[Kept]) -> None:
    one = of(kept, "pydicom/data/test_files/SC_rgb_rle_2frame.dcm")
    data_set = one.read()
    study, series = one.path.partition("/series")[0], one.path.partition("/instances")[0]
    size = (int(data_set.Columns), int(data_set.Rows))
    for path in (one.path, f"{one.path}/frames/2"):
        answer = http.get(f"{path}/rendered", headers={"Accept": "image/png"})
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert (answer.headers["content-type"], picture.format, picture.size) == ("image/png", "PNG", size)
    pixels = one.read().pixel_array
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.tobytes() == pixels[1].tobytes()
    for path in (study, series, one.path):
        accept = 'multipart/related; type="image/jpeg"'
        parts = parts_of(http.get(f"{path}/rendered", headers={"Accept": accept}, params={"viewport": "20,20"}))
        assert len(parts) >= 2
        assert {content_type for content_type, _ in parts} == {"image/jpeg"}
        with Image.open(io.BytesIO(parts[0][1])) as picture:
            assert max(picture.size) == 20
    for path in (study, series, one.path, f"{one.path}/frames/1"):
        answer = http.get(f"{path}/thumbnail", headers={"Accept": "image/*"})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert max(picture.size) == 128


def test_dicomweb_client_gets_pictures(client: DICOMwebClient, kept: Sequence[Kept]) -> None:
    one = of(kept, "pydicom/data/test_files/CT_small.dcm")
    for content in (
        client.retrieve_instance_rendered(*one.uids, media_types=("image/png",)),
        client.retrieve_instance_rendered(*one.uids, media_types=("image/jpeg",), params={"quality": 50}),
        client.retrieve_instance_frames_rendered(*one.uids, [1], media_types=("image/png",)),
        client.retrieve_series_rendered(*one.uids[:2], media_types=("image/png",)),
    ):
        with Image.open(io.BytesIO(content)) as picture:
            assert picture.size == (128, 128)


def test_what_holds_no_image_is_refused_in_words(http: httpx2.Client, kept: Sequence[Kept]) -> None:
    report = of(kept, "pydicom/data/test_files/reportsi.dcm")
    for path in ("rendered", "thumbnail", "frames/1", "frames/1/rendered"):
        answer = http.get(f"{report.path}/{path}")
        assert (answer.status_code, answer.json()["detail"]) == (406, "an object of this kind holds no image")


@pytest.mark.parametrize(
    "query",
    ["window=1", "window=a,b", "window=1,0", "window=1,2,cubic", "viewport=0,1", "viewport=1", "viewport=1e3,2",
     "viewport=99999,1", "quality=0", "quality=101", "quality=x", "window=nan,1"],
)  # fmt: skip
def test_a_picture_nobody_can_draw_is_a_bad_request(http: httpx2.Client, kept: Sequence[Kept], query: str) -> None:
    one = of(kept, "pydicom/data/test_files/CT_small.dcm")
    assert http.get(f"{one.path}/rendered?{query}").status_code == 400


# --- WADO-URI --------------------------------------------------------------------------------------------------


def uri(one: Kept, **more: str) -> dict[str, str]:
    study, series, instance = one.uids
    return {"requestType": "WADO", "studyUID": study, "seriesUID": series, "objectUID": instance, **more}


def test_wado_uri_gives_pictures_and_objects(http: httpx2.Client, kept: Sequence[Kept]) -> None:
    one = of(kept, "pydicom/data/test_files/SC_rgb_rle_2frame.dcm")
    default = http.get(f"{ROOT}/wado", params=uri(one))
    assert (default.status_code, default.headers["content-type"]) == (200, "image/jpeg")
    small = http.get(f"{ROOT}/wado", params=uri(one, contentType="image/png", rows="10", frameNumber="2"))
    with Image.open(io.BytesIO(small.content)) as picture:
        assert picture.height == 10
    given = http.get(f"{ROOT}/wado", params=uri(one, contentType="application/dicom"))
    assert given.headers["content-type"] == f"application/dicom; transfer-syntax={EXPLICIT_VR_LITTLE_ENDIAN}"
    read = pydicom.dcmread(io.BytesIO(given.content))
    assert read.file_meta.TransferSyntaxUID == EXPLICIT_VR_LITTLE_ENDIAN
    assert (read.pixel_array == one.read().pixel_array).all()
    stored = http.get(f"{ROOT}/wado", params=uri(one, contentType="application/dicom", transferSyntax=one.syntax))
    assert stored.content.endswith(one.data_set)
    windowed = http.get(f"{ROOT}/wado", params=uri(of(kept, "CT_small.dcm"), windowCenter="40", windowWidth="400"))
    assert windowed.status_code == 200


def test_wado_uri_refuses_what_it_does_not_do(http: httpx2.Client, kept: Sequence[Kept]) -> None:
    one = of(kept, "pydicom/data/test_files/CT_small.dcm")
    for status, changed in [
        (400, {"requestType": "WADI"}),
        (400, {"studyUID": "../etc"}),
        (400, {"windowCenter": "1"}),
        (400, {"rows": "0"}),
        (400, {"region": "0,0,1,1"}),
        (404, {"objectUID": "1.2.3.4.5"}),
        (404, {"frameNumber": "2"}),
        (406, {"anonymize": "yes"}),
        (406, {"contentType": "text/html"}),
        (406, {"contentType": "application/dicom", "transferSyntax": "1.2.840.10008.1.2.4.50"}),
    ]:
        answer = http.get(f"{ROOT}/wado", params=uri(one) | changed)
        assert (answer.status_code, changed) == (status, changed)


# --- who may ---------------------------------------------------------------------------------------------------


def test_what_may_not_be_seen_looks_like_what_does_not_exist(server: ArchiveServer, kept: Sequence[Kept]) -> None:
    one = of(kept, "pydicom/data/test_files/CT_small.dcm")
    other = one.path.replace(one.uids[0], "1.2.3.4.5")
    with web(server, token=token(server, "view", studies="study:1.2.3.4")) as stranger:
        for tail in ("frames/1", "rendered", "thumbnail", "frames/1/rendered", "frames/1/thumbnail"):
            hidden, missing = stranger.get(f"{one.path}/{tail}"), stranger.get(f"{other}/{tail}")
            assert hidden.status_code == missing.status_code == 404
            assert hidden.content == missing.content
        assert stranger.get(f"{ROOT}/wado", params=uri(one)).content == hidden.content
    with web(server) as nobody:
        assert nobody.get(f"{one.path}/frames/1").status_code == 401
        assert nobody.get(f"{ROOT}/wado", params=uri(one)).status_code == 401


def test_looking_is_in_the_ledger(server: ArchiveServer, http: httpx2.Client, kept: Sequence[Kept]) -> None:
    one = of(kept, "pydicom/data/test_files/MR_small.dcm")
    assert http.get(f"{one.path}/frames/1").status_code == 200
    assert any("viewer" in str(row) for row in ledger_rows(server, study=one.uids[0]))

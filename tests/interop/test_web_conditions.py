"""Conditional requests and ranges (RFC 9110 §13, §14): each answer that can be kept, each kind of caller."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import httpx2
import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import token
from helpers.images import Image
from helpers.samples import sample
from helpers.stow import STOW, form
from helpers.web_client import web

pytestmark = pytest.mark.interop

PARTS = "multipart/related; type="
CT = sample("/CT_small.dcm").dataset()
RLE = sample("/SC_rgb_rle_2frame.dcm").dataset()
CT_STUDY = f"/dicom-web/studies/{CT.StudyInstanceUID}"
RLE_STUDY = f"/dicom-web/studies/{RLE.StudyInstanceUID}"
CT_PATH = f"{CT_STUDY}/series/{CT.SeriesInstanceUID}/instances/{CT.SOPInstanceUID}"
RLE_PATH = f"{RLE_STUDY}/series/{RLE.SeriesInstanceUID}/instances/{RLE.SOPInstanceUID}"
URI = (
    f"/dicom-web/wado?requestType=WADO&studyUID={CT.StudyInstanceUID}"
    f"&seriesUID={CT.SeriesInstanceUID}&objectUID={CT.SOPInstanceUID}"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that may be kept: what is asked for, as what, and whether by ranges."""

    path: str
    accept: str
    ranges: bool = False
    coding: str = "identity"

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": self.accept, "Accept-Encoding": self.coding}


ANSWERS = {
    "instance": Kept(CT_PATH, "application/dicom; transfer-syntax=*", ranges=True),
    "instance turned": Kept(RLE_PATH, "application/dicom; transfer-syntax=1.2.840.10008.1.2.1"),
    "instance compressed": Kept(RLE_PATH, "application/dicom; transfer-syntax=*", ranges=True),
    "instance in parts": Kept(CT_PATH, f'{PARTS}"application/dicom"; transfer-syntax=*'),
    "series": Kept(CT_PATH.partition("/instances")[0], f'{PARTS}"application/dicom"; transfer-syntax=*'),
    "study": Kept(CT_STUDY, f'{PARTS}"application/dicom"; transfer-syntax=*'),
    "bulk data": Kept(f"{CT_PATH}/bulkdata/7FE00010", "application/octet-stream", ranges=True),
    "bulk data in parts": Kept(f"{CT_PATH}/bulkdata/7FE00010", f'{PARTS}"application/octet-stream"'),
    "frame": Kept(f"{CT_PATH}/frames/1", "application/octet-stream", ranges=True),
    "frame decoded": Kept(f"{RLE_PATH}/frames/2", "application/octet-stream", ranges=True),
    "frame compressed": Kept(f"{RLE_PATH}/frames/2", "image/dicom-rle", ranges=True),
    "frame in parts": Kept(f"{RLE_PATH}/frames/2", f'{PARTS}"application/octet-stream"'),
    "frames": Kept(f"{RLE_PATH}/frames/1,2", f'{PARTS}"application/octet-stream"'),
    "rendered": Kept(f"{CT_PATH}/rendered", "image/jpeg"),
    "rendered as PNG": Kept(f"{CT_PATH}/rendered", "image/png"),
    "rendered otherwise": Kept(f"{CT_PATH}/rendered?window=40,400,linear", "image/jpeg"),
    "rendered frame": Kept(f"{RLE_PATH}/frames/2/rendered", "image/jpeg"),
    "WADO-URI file": Kept(
        f"{URI}&contentType=application/dicom&transferSyntax=1.2.840.10008.1.2.1", "*/*", ranges=True
    ),
    "metadata": Kept(f"{CT_PATH}/metadata", "application/dicom+json"),
    "metadata of the study": Kept(f"{CT_STUDY}/metadata", "application/dicom+json"),
    "metadata packed": Kept(f"{CT_STUDY}/metadata", "application/dicom+json", coding="gzip"),
}


@dataclass(frozen=True, slots=True)
class Callers:
    server: ArchiveServer
    seeing: httpx2.Client
    other: httpx2.Client
    """May look at another study only."""
    stranger: httpx2.Client


@pytest.fixture(scope="module")
def callers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callers]:
    with run_archive(tmp_path_factory.mktemp("conditions") / "home") as server:
        seeing = web(server, token=token(server))
        other = web(server, token=token(server, "view", studies="study:1.2.3.4"))
        with seeing, other, web(server) as stranger:
            files = [sample(name).data() for name in ("/CT_small.dcm", "/SC_rgb_rle_2frame.dcm")]
            assert seeing.post("/dicom-web/studies", content=form(files), headers=STOW).status_code == 200
            yield Callers(server, seeing, other, stranger)


@pytest.fixture(params=ANSWERS)
def kept(request: pytest.FixtureRequest) -> Kept:
    return ANSWERS[request.param]


def test_what_did_not_change_keeps_its_tag(callers: Callers, kept: Kept) -> None:
    first, second = (callers.seeing.get(kept.path, headers=kept.headers) for _ in range(2))
    head = callers.seeing.head(kept.path, headers=kept.headers)
    with web(callers.server, token=token(callers.server, "view")) as somebody_else:
        third = somebody_else.get(kept.path, headers=kept.headers)
    assert {answer.status_code for answer in (first, second, third, head)} == {200}
    [etag] = {answer.headers["etag"] for answer in (first, second, third, head)}
    assert etag.startswith("W/") == ("multipart" in kept.accept), "bytes that differ each time have a weak tag"
    assert (first.content == second.content) == (not etag.startswith("W/"))
    assert first.headers["cache-control"] == "private, no-cache"
    assert {"Accept", "Authorization"} <= set(first.headers["vary"].split(", "))


def test_each_form_of_each_thing_has_a_tag_of_its_own(callers: Callers) -> None:
    """But for what is the same: a study of one instance is that instance, and WADO-URI gives the same file."""
    named: dict[str, set[str]] = defaultdict(set)
    for name, one in ANSWERS.items():
        named[callers.seeing.head(one.path, headers=one.headers).headers["etag"].removeprefix("W/")].add(name)
    same = [names for names in named.values() if len(names) > 1]
    assert same == [{"instance", "WADO-URI file"}, {"instance in parts", "series", "study"}]


def test_who_has_it_is_told_so_and_given_nothing(callers: Callers, kept: Kept) -> None:
    etag = callers.seeing.head(kept.path, headers=kept.headers).headers["etag"]
    strong = etag.removeprefix("W/")
    for said in (etag, strong, f"W/{strong}", f'"other", {etag}', "*"):
        for method in ("GET", "HEAD"):
            again = callers.seeing.request(method, kept.path, headers=kept.headers | {"If-None-Match": said})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
            assert again.headers["cache-control"] == "private, no-cache"
            assert "vary" in again.headers
    both = kept.headers | {"If-None-Match": etag, "Range": "bytes=0-1"}
    assert callers.seeing.get(kept.path, headers=both).status_code == 304, "RFC 9110 §13.2.2: the condition goes first"
    changed = callers.seeing.get(kept.path, headers=kept.headers | {"If-None-Match": '"other"'})
    assert changed.status_code == 200


CONDITIONS: tuple[dict[str, str], ...] = (
    {"If-None-Match": "*"},
    {"Range": "bytes=0-1"},
    {"Range": "bytes=99999999-"},
    {},
)


def test_only_who_may_see_it_learns_from_a_condition(callers: Callers, kept: Kept) -> None:
    """A hidden study and one that does not exist answer the same; without a name it is 401, whatever is said."""
    tag = {"If-None-Match": callers.seeing.head(kept.path, headers=kept.headers).headers["etag"]}
    absent = kept.path.replace(CT.StudyInstanceUID, "1.2.3.4.5").replace(RLE.StudyInstanceUID, "1.2.3.4.5")
    for said in (tag, *CONDITIONS):
        for method in ("GET", "HEAD"):
            hidden = callers.other.request(method, kept.path, headers=kept.headers | said)
            missing = callers.other.request(method, absent, headers=kept.headers | said)
            assert hidden.status_code == missing.status_code == 404
            assert hidden.content == missing.content
            assert without_date(hidden) == without_date(missing)
            assert callers.stranger.request(method, kept.path, headers=kept.headers | said).status_code == 401


def without_date(answer: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}


def test_ranges(callers: Callers, kept: Kept) -> None:
    whole = callers.seeing.get(kept.path, headers=kept.headers)
    size, etag = len(whole.content), whole.headers["etag"]

    def asked(method: str = "GET", **said: str) -> httpx2.Response:
        more = {name.replace("_", "-"): value for name, value in said.items()}
        return callers.seeing.request(method, kept.path, headers=kept.headers | more)

    if not kept.ranges:
        assert "accept-ranges" not in whole.headers
        answer = asked(Range="bytes=0-1")
        assert (answer.status_code, "content-range" in answer.headers) == (200, False)
        return
    assert whole.headers["accept-ranges"] == "bytes"
    for said, start, end in (("0-0", 0, 1), ("7-", 7, size), ("-5", size - 5, size), (f"3-{size * 2}", 3, size)):
        for condition in ({}, {"If_Range": etag}):
            part = asked(Range=f"bytes={said}", **condition)
            assert (part.status_code, part.content) == (206, whole.content[start:end])
            assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
            assert (part.headers["content-length"], part.headers["etag"]) == (str(end - start), etag)
            assert part.headers["content-type"] == whole.headers["content-type"]
    beyond = asked(Range=f"bytes={size}-")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    for other in ('"other"', f"W/{etag}", "Wed, 01 Jan 2025 00:00:00 GMT"):
        assert asked(Range="bytes=0-1", If_Range=other).content == whole.content, "RFC 9110 §13.1.5: all of the new one"
    head = asked("HEAD", Range="bytes=0-1")
    assert (head.status_code, head.headers["content-length"]) == (200, str(size)), "§14.2: only GET knows ranges"


UNTAGGED = {
    "search": Kept("/dicom-web/studies", "application/dicom+json"),
    "thumbnail": Kept(f"{CT_STUDY}/thumbnail", "image/jpeg"),
    "pictures": Kept(f"{RLE_STUDY}/rendered", f'{PARTS}"image/jpeg"'),
    "WADO-URI picture": Kept(f"{URI}&contentType=image/png&rows=64", "*/*"),
}


@pytest.mark.parametrize("name", UNTAGGED)
def test_what_has_no_tag_is_given_whole_each_time(callers: Callers, name: str) -> None:
    kept = UNTAGGED[name]
    for said in (
        {},
        {"Range": "bytes=0-1"},
        {"Range": "bytes=99999999-"},
        {"If-None-Match": '"a"'},
        {"If-Range": '"a"'},
    ):
        answer = callers.seeing.get(kept.path, headers=kept.headers | said)
        assert answer.status_code == 200
        assert len(answer.content) > 100
        assert not {"etag", "accept-ranges", "content-range"} & answer.headers.keys()
        assert answer.headers["cache-control"] in ("private, no-cache", "no-store")


def test_a_study_that_grows_and_goes_changes(callers: Callers) -> None:
    images = [Image(50, number) for number in (1, 2)]
    study = f"/dicom-web/studies/{images[0].study_instance_uid}"
    asking = [
        (study, {"Accept": f'{PARTS}"application/dicom"'}),
        (f"{study}/metadata", {"Accept": "application/dicom+json"}),
    ]
    tags = []
    for image in images:
        callers.seeing.post("/dicom-web/studies", content=form([image.file()]), headers=STOW)
        tags.append([callers.seeing.head(path, headers=headers).headers["etag"] for path, headers in asking])
    assert not set(tags[0]) & set(tags[1])
    for (path, headers), tag in zip(asking, tags[0], strict=True):
        assert callers.seeing.get(path, headers=headers | {"If-None-Match": tag}).status_code == 200
    assert callers.seeing.delete(study).status_code == 204
    for (path, headers), tag in zip(asking, tags[1], strict=True):
        for said in (tag, "*"):
            assert callers.seeing.get(path, headers=headers | {"If-None-Match": said}).status_code == 404

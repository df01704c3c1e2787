"""curl as people use it: downloads that go on where they broke off, copies kept by their ETag, uploads of files.

What `leadglass run` prints for curl is tried in test_run_curl.py.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from helpers.archive_server import ArchiveServer, DeviceFiles, run_archive
from helpers.clinic import enrol_tls, ledger_rows, token
from helpers.images import LARGE, Image
from helpers.peers import peer
from helpers.stow import STOW, form, stored
from leadglass.dicom.part10 import split

pytestmark = pytest.mark.interop

LARGE_IMAGE = Image(60, 1, LARGE)
SMALL_IMAGES = tuple(Image(61, number) for number in range(1, 31))
AS_STORED = "Accept: application/dicom; transfer-syntax=*"
MULTIPART = 'Content-Type: multipart/related; type="application/dicom"; boundary=abc'


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder to work in, with the header that carries the token in a file."""

    server: ArchiveServer
    folder: Path
    device: DeviceFiles

    @property
    def root(self) -> str:
        return f"https://localhost:{self.server.https}/dicom-web"

    def instance(self, image: Image) -> str:
        study = image.study_instance_uid
        return f"{self.root}/studies/{study}/series/{study}.1/instances/{image.sop_instance_uid}"

    def run(self, *words: object) -> subprocess.CompletedProcess[bytes]:
        """curl, as nobody in particular; 22 is its exit code for an answer of 400 and more."""
        command = [peer("curl", "curl"), "-sS", "--fail", "--noproxy", "*", "--cacert", self.server.ca, *words]
        return subprocess.run([str(word) for word in command], cwd=self.folder, capture_output=True, check=False)

    def curl(self, *words: object) -> bytes:
        """What curl fetches with the token."""
        done = self.run("-H", "@authorization", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def status(self, *words: object) -> int:
        return int(self.curl("--no-fail", "-o", "/dev/null", "-w", "%{http_code}", *words))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("curl")
    with run_archive(folder / "home") as server:
        (folder / "authorization").write_text(f"Authorization: Bearer {token(server)}\n")
        (folder / "body").write_bytes(form(image.file() for image in (LARGE_IMAGE, *SMALL_IMAGES)))
        desk = Desk(server, folder, enrol_tls(server, "CURL", "store", "query", "retrieve"))
        answer = desk.curl(
            "-H", f"Content-Type: {STOW['content-type']}", "--data-binary", "@body", f"{desk.root}/studies"
        )
        assert len(stored(json.loads(answer))) == 1 + len(SMALL_IMAGES)
        yield desk


def data_set_of(file: Path) -> bytes:
    content = file.read_bytes()
    return content[split(content).dataset_offset :]


# --- downloads -----------------------------------------------------------------------------------------------


def test_a_download_that_broke_off_goes_on(desk: Desk) -> None:
    """`curl -C -` asks for what is missing only."""
    url, file = desk.instance(LARGE_IMAGE), desk.folder / "broken-off.dcm"
    desk.curl("-H", AS_STORED, "-o", file, url)
    whole = file.read_bytes()
    file.write_bytes(whole[:1_000_003])
    said = desk.curl("-H", AS_STORED, "-C", "-", "-o", file, "-w", "%{http_code} %{size_download}", url)
    assert said.split() == [b"206", str(len(whole) - 1_000_003).encode()]
    assert file.read_bytes() == whole
    assert data_set_of(file) == LARGE_IMAGE.data_set()


def test_a_download_that_did_not_break_off_is_left_alone(desk: Desk) -> None:
    """curl is told 416: there is nothing behind the end of the file that it has."""
    url, file = desk.instance(SMALL_IMAGES[0]), desk.folder / "complete.dcm"
    desk.curl("-H", AS_STORED, "-o", file, url)
    whole = file.read_bytes()
    said = desk.curl("--no-fail", "-H", AS_STORED, "-C", "-", "-o", file, "-w", "%{http_code}", url)
    assert said == b"416"
    assert file.read_bytes() == whole


def test_pieces_fetched_by_range_make_the_whole(desk: Desk) -> None:
    url = desk.instance(LARGE_IMAGE)
    pieces = [desk.curl("-H", AS_STORED, "-r", said, url) for said in ("0-999999", "1000000-3999999", "4000000-")]
    whole = b"".join(pieces)
    assert whole[split(whole).dataset_offset :] == LARGE_IMAGE.data_set()
    assert desk.curl("-H", AS_STORED, "-r", "-8", url) == whole[-8:]


def test_a_copy_that_is_fresh_is_not_fetched_again(desk: Desk) -> None:
    """`--etag-save` and `--etag-compare` for instances, pictures and metadata."""
    url = desk.instance(SMALL_IMAGES[1])
    for number, (path, accept) in enumerate(
        (
            (url, AS_STORED),
            (f"{url}/metadata", "Accept: application/dicom+json"),
            (f"{url}/bulkdata/7FE00010", "Accept: */*"),
        )
    ):
        file, tag = desk.folder / f"copy-{number}", desk.folder / f"tag-{number}"
        desk.curl("-H", accept, "--etag-save", tag, "-o", file, path)
        first = file.read_bytes()
        asked = ("-H", accept, "--etag-compare", tag, "-o", file, "-w", "%{http_code} %{size_download}")
        assert desk.curl(*asked, path) == b"304 0"
        assert file.read_bytes() == first
        tag.write_text('"another"')
        assert desk.curl(*asked, path).startswith(b"200 ")


def test_metadata_and_searches_are_packed_for_those_who_can_unpack(desk: Desk) -> None:
    study = f"{desk.root}/studies/{SMALL_IMAGES[0].study_instance_uid}"
    plain = desk.curl(f"{study}/metadata")
    measured = ("-o", desk.folder / "packed.json", "-w", "%{size_download}")
    size = int(desk.curl("--compressed", *measured, f"{study}/metadata"))
    assert json.loads((desk.folder / "packed.json").read_bytes()) == json.loads(plain)
    assert len(json.loads(plain)) == len(SMALL_IMAGES)
    assert size < len(plain) / 5
    for path, headers in ((f"{desk.root}/studies", ()), (desk.instance(LARGE_IMAGE), ("-H", AS_STORED))):
        assert desk.curl("--compressed", *headers, path) == desk.curl(*headers, path)


def test_the_head_alone(desk: Desk) -> None:
    url = desk.instance(LARGE_IMAGE)
    head = desk.curl("-I", "-H", AS_STORED, url).decode().lower()
    assert head.startswith("http/1.1 200")
    length = len(desk.curl("-H", AS_STORED, url))
    for line in (f"content-length: {length}", "accept-ranges: bytes", "cache-control: private, no-cache"):
        assert f"\r\n{line}\r\n" in head
    assert head.endswith("\r\n\r\n")


def test_several_requests_share_a_connection(desk: Desk) -> None:
    urls = [desk.instance(image) for image in SMALL_IMAGES[:10]]
    words = [word for url in urls for word in ("-o", "/dev/null", url)]
    assert desk.curl("-H", AS_STORED, "-w", "%{num_connects} %{http_code}\n", *words).split(b"\n")[:-1] == [
        b"1 200",
        *[b"0 200"] * 9,
    ]


# --- who calls -----------------------------------------------------------------------------------------------


def test_a_certificate_instead_of_a_token(desk: Desk) -> None:
    shown = ("--cert", desk.device.folder / "cert.pem", "--key", desk.device.folder / "key.pem")
    file = desk.folder / "by-certificate.dcm"
    done = desk.run(*shown, "-H", AS_STORED, "-o", file, desk.instance(SMALL_IMAGES[2]))
    assert done.returncode == 0, done.stderr
    assert data_set_of(file) == SMALL_IMAGES[2].data_set()
    rows = ledger_rows(desk.server, study=SMALL_IMAGES[2].study_instance_uid)
    assert ("curl", "view", "https") in {(row["who"], row["action"], row["door"]) for row in rows}


def test_nobody_gets_anything(desk: Desk) -> None:
    for words in ((), ("-u", "admin:admin"), ("-H", "Authorization: Bearer lgt_x"), ("-b", "__Host-leadglass=x")):
        done = desk.run("-H", AS_STORED, *words, desk.instance(SMALL_IMAGES[0]))
        assert (done.returncode, done.stdout) == (22, b"")
        assert b"401" in done.stderr


def test_plain_http_is_told_where_to_go(desk: Desk) -> None:
    done = desk.run("--no-fail", "-i", f"http://localhost:{desk.server.https}/dicom-web/studies")
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 308 ")
    assert f"\r\nLocation: https://localhost:{desk.server.https}/".encode() in head
    assert body == b""


@pytest.mark.parametrize("words", [("--tlsv1.2", "--tls-max", "1.2"), ("--tlsv1.3",)])
def test_the_tls_versions(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.status(*words, f"{desk.root}/studies") == 200


def test_old_tls_is_not_spoken(desk: Desk) -> None:
    done = desk.run(
        "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0", "-H", "@authorization", f"{desk.root}/studies"
    )
    assert (done.returncode, done.stdout) == (35, b"")  # CURLE_SSL_CONNECT_ERROR


# --- uploads -------------------------------------------------------------------------------------------------


def written(folder: Path, *images: Image) -> Path:
    """A request body as one makes it by hand: printf and cat."""
    body = folder / f"body-{images[0].study}"
    part = b"--abc\r\nContent-Type: application/dicom\r\n\r\n"
    body.write_bytes(b"".join(part + image.file() + b"\r\n" for image in images) + b"--abc--\r\n")
    return body


def test_files_are_stored_in_every_way_that_curl_sends(desk: Desk) -> None:
    """As data, as an upload, in chunks, and after it was told that the body may come."""
    ways: list[tuple[object, ...]] = [
        ("--data-binary", "@{}"),
        ("-X", "POST", "-T", "{}"),
        ("-X", "POST", "-T", "{}", "-H", "Transfer-Encoding: chunked"),
        ("--data-binary", "@{}", "-H", "Expect: 100-continue"),
        ("-X", "POST", "-T", "{}", "--limit-rate", "4M"),
    ]
    for number, way in enumerate(ways):
        images = [Image(70 + number, 1), Image(70 + number, 2, LARGE)]
        body = written(desk.folder, *images)
        words = [str(word).replace("{}", str(body)) for word in way]
        answer = json.loads(desk.curl("-H", MULTIPART, *words, f"{desk.root}/studies"))
        assert sorted(stored(answer)) == [image.sop_instance_uid for image in images]
        for image in images:
            file = desk.folder / "back.dcm"
            desk.curl("-H", AS_STORED, "-o", file, desk.instance(image))
            assert data_set_of(file) == image.data_set()


def test_what_curl_sends_by_mistake_is_refused_in_words(desk: Desk) -> None:
    """A form, a bare file, a body that ends too early, another method: nothing is stored, and the answer says why."""
    image = Image(80, 1)
    file = desk.folder / "image.dcm"
    file.write_bytes(image.file())
    cut = desk.folder / "cut"
    cut.write_bytes(written(desk.folder, image).read_bytes()[:-2000])
    url = f"{desk.root}/studies"
    for words, status in (
        (("-F", f"file=@{file}"), 415),
        (("--data-binary", f"@{file}"), 415),
        (("-H", 'Content-Type: multipart/related; type="application/dicom"', "--data-binary", f"@{file}"), 400),
        (("-H", MULTIPART, "--data-binary", f"@{cut}"), 400),
        (("-T", file), 405),
    ):
        answer, code = desk.curl("--no-fail", "-w", "\n%{http_code}", *words, url).rsplit(b"\n", 1)
        assert int(code) == status, (words, answer)
        assert json.loads(answer)["title"]
    assert desk.status("-H", AS_STORED, desk.instance(image)) == 404

"""Hostile store requests against the running server: refused in words, bounded in memory, and nothing by half."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import httpx2
import pytest

from helpers.archive_server import ArchiveServer, run_archive
from helpers.clinic import order, token
from helpers.images import LARGE, Image
from helpers.raw_http import head, opened, read_all, statuses
from helpers.samples import deflate_bomb, identifying, nested, part10
from helpers.stow import BOUNDARY, STOW, failed, form, other_failures, stored
from helpers.web_client import web
from leadglass.dicom.uids import DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.terms.ceilings import MAX_BOUNDARY, MAX_MULTIPART_PARTS, MIB

pytestmark = pytest.mark.interop

STUDIES = "/dicom-web/studies"
CONFIGURATION = """
[limits]
request-seconds = 5
idle-seconds = 4
connections-per-address = 64
"""
TYPE = f"Content-Type: {STOW['content-type']}"
OPENING = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
CLOSING = f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArchiveServer]:
    with run_archive(tmp_path_factory.mktemp("hostile") / "home", configuration=CONFIGURATION) as running:
        yield running


@pytest.fixture(scope="module")
def bearer(server: ArchiveServer) -> str:
    return token(server)


@pytest.fixture(scope="module")
def client(server: ArchiveServer, bearer: str) -> Iterator[httpx2.Client]:
    with web(server, token=bearer) as client:
        yield client


@pytest.fixture(autouse=True)
def _still_stores(server: ArchiveServer, client: httpx2.Client) -> Iterator[None]:
    """Afterwards the next sender is served, nothing is there by half, and no spool is left."""
    yield
    image = Image(99, time.monotonic_ns() % 10**9)
    response = client.post(STUDIES, content=form([image.file()]), headers=STOW)
    assert (response.status_code, stored(response.json())) == (200, [image.sop_instance_uid])
    assert server.process.poll() is None
    checked = order(server, "store check")
    assert checked["problems"] == []
    assert not list(Path(server.home).rglob("*.spool*"))


def request(bearer: str, *headers: str, study: str = "") -> bytes:
    """The head of a store request."""
    return head("POST", STUDIES + study, f"Authorization: Bearer {bearer}", TYPE, *headers)


def in_study(server: ArchiveServer, image: Image) -> int:
    """How many instances of the image's study are stored."""
    rows = order(server, "studies")["studies"]
    return sum(row["instances"] for row in rows if row["study_instance_uid"] == image.study_instance_uid)


def shout(line: ssl.SSLSocket, pieces: Iterable[bytes], most: int) -> int:
    """Sends pieces until the server hangs up or so many bytes are sent; how many."""
    sent = 0
    with suppress(OSError):
        for piece in pieces:
            line.sendall(piece)
            sent += len(piece)
            if sent >= most:
                break
    return sent


def forever(piece: bytes) -> Iterator[bytes]:
    while True:
        yield piece


# --- bombs ---------------------------------------------------------------------------------------------------


def test_a_hundred_thousand_tiny_parts(server: ArchiveServer, client: httpx2.Client) -> None:
    before = server.peak_rss()
    response = client.post(STUDIES, content=form([b"x"] * 100_000), headers=STOW)
    assert response.status_code == 413
    assert "MAX_MULTIPART_PARTS" in response.json()["detail"]
    assert server.peak_rss() - before < 64 * MIB


def test_as_many_parts_as_are_taken(client: httpx2.Client) -> None:
    response = client.post(STUDIES, content=form([b"x"] * MAX_MULTIPART_PARTS), headers=STOW)
    assert response.status_code == 409
    assert len(other_failures(response.json())) == MAX_MULTIPART_PARTS


@pytest.mark.parametrize(
    ("start", "endless"),
    [
        (f"--{BOUNDARY}\r\n".encode(), b"X-Endless: a\r\n"),
        (f"--{BOUNDARY}\r\nX: ".encode(), b"a" * 1024),
        (f"--{BOUNDARY}".encode(), b" " * 1024),
        (b"", b"preamble\r\n"),
        (f"--{BOUNDARY}--\r\n".encode(), b"epilogue\r\n"),
    ],
    ids=["headers", "header", "padding", "preamble", "epilogue"],
)
def test_endless_framing_is_cut_off(server: ArchiveServer, bearer: str, start: bytes, endless: bytes) -> None:
    before = server.peak_rss()
    with opened(server) as line:
        line.sendall(request(bearer, "Content-Length: 17179869184") + start)
        sent = shout(line, forever(endless * (1 + 60_000 // len(endless))), 128 * MIB)
        assert statuses(read_all(line)) in ([413], [])  # a sender that never stops may miss its answer
    assert sent < 128 * MIB
    assert server.peak_rss() - before < 32 * MIB


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_a_compressed_body_is_not_opened(server: ArchiveServer, client: httpx2.Client, coding: str) -> None:
    before = server.peak_rss()
    bomb = gzip.compress(bytes(64 * MIB)) if coding == "gzip" else zlib.compress(form([Image(1, 1).file()]))
    response = client.post(STUDIES, content=bomb, headers={**STOW, "content-encoding": coding})
    assert response.status_code == 415
    assert "Content-Encoding" in response.json()["detail"]
    assert server.peak_rss() - before < 16 * MIB


def test_bombs_within_data_sets_fail_alone(server: ArchiveServer, client: httpx2.Client) -> None:
    before, good = server.peak_rss(), Image(10, 1)
    parts = [
        part10(deflate_bomb(256 << 20), DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN),
        part10(b"".join(identifying()[:2]) + nested(5000, is_delimited=True)),
        part10(b"".join(identifying()[:2]) + nested(5000, is_delimited=False)),
        good.file(),
    ]
    response = client.post(STUDIES, content=form(parts), headers=STOW)
    assert response.status_code == 202
    assert stored(response.json()) == [good.sop_instance_uid]
    assert server.peak_rss() - before < 256 * MIB


# --- lengths that lie ------------------------------------------------------------------------------------------


def test_more_body_than_was_announced(server: ArchiveServer, bearer: str) -> None:
    """The announced part lacks the closing delimiter, and what is beyond it is no request."""
    image, beyond = Image(20, 1), Image(20, 2)
    body = form([image.file()])
    smuggled = request(bearer) + form([beyond.file()])
    with opened(server) as line:
        line.sendall(request(bearer, f"Content-Length: {len(body) - 4}") + body + smuggled)
        assert all(status >= 400 for status in statuses(read_all(line)))
    assert in_study(server, image) == 0


@pytest.mark.parametrize("cut", [1, 20, 5000])
def test_less_body_than_was_announced(server: ArchiveServer, bearer: str, cut: int) -> None:
    """The peer hangs up: what was whole stays stored, what was not leaves nothing, and nothing is acknowledged."""
    study = 1000 + cut
    first, second = Image(study, 1), Image(study, 2)
    body = form([first.file(), second.file()])
    with opened(server) as line:
        line.sendall(request(bearer, f"Content-Length: {len(body)}") + body[: len(body) - cut - 4])
        gives_up_at = time.monotonic() + 60
        while in_study(server, first) != 1 and time.monotonic() < gives_up_at:
            time.sleep(0.05)
        line.shutdown(socket.SHUT_RDWR)
    assert in_study(server, first) == 1


def test_a_length_that_ends_within_the_body(server: ArchiveServer, bearer: str) -> None:
    image = Image(21, 1)
    body = form([image.file()])
    with opened(server) as line:
        line.sendall(request(bearer, f"Content-Length: {len(body) - 200}", "Connection: close") + body[:-200])
        heard = read_all(line)
    assert statuses(heard) == [400]
    assert b"closing delimiter" in heard
    assert in_study(server, image) == 0


def test_sixteen_gibibytes_announced_and_hung_up(server: ArchiveServer, bearer: str) -> None:
    before, image = server.peak_rss(), Image(22, 1)
    with opened(server) as line:
        line.sendall(request(bearer, "Content-Length: 17179869184") + OPENING + image.file())
        sent = shout(line, forever(bytes(64 * 1024)), 48 * MIB)
    assert sent >= 48 * MIB
    assert server.peak_rss() - before < 64 * MIB
    assert in_study(server, image) == 0


# --- chunks ----------------------------------------------------------------------------------------------------


def test_chunks_of_one_byte(server: ArchiveServer, bearer: str) -> None:
    image = Image(30, 1, 600)
    body = form([image.file()])
    chunks = b"".join(b"1\r\n" + body[at : at + 1] + b"\r\n" for at in range(len(body))) + b"0\r\n\r\n"
    with opened(server) as line:
        line.sendall(request(bearer, "Transfer-Encoding: chunked", "Connection: close") + chunks)
        assert statuses(read_all(line)) == [200]
    assert in_study(server, image) == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Transfer-Encoding: chunked", "Content-Length: 5"), b"0\r\n\r\n"),
        (("Transfer-Encoding: chunked, chunked",), b"0\r\n\r\n"),
        (("Transfer-Encoding: identity", "Content-Length: 5"), b"hello"),
        (("Transfer-Encoding: gzip, chunked",), b"0\r\n\r\n"),
        (("Transfer-Encoding: chunked",), b"fffffffffffffffff\r\n"),
        (("Transfer-Encoding: chunked",), b"-1\r\nx\r\n0\r\n\r\n"),
        (("Transfer-Encoding: chunked",), b"5\nhello\n0\n\n"),
        (("Content-Length: 5", "Content-Length: 6"), b"hello!"),
        (("Content-Length: -1",), b"hello"),
        (("Content-Length: 0x10",), b"hello"),
    ],
)
def test_framing_that_two_readers_would_read_differently(
    server: ArchiveServer, bearer: str, headers: tuple[str, ...], body: bytes
) -> None:
    with opened(server) as line:
        line.sendall(request(bearer, *headers, "Connection: close") + body)
        answers = statuses(read_all(line))
    assert all(400 <= status < 500 for status in answers)


# --- contents ----------------------------------------------------------------------------------------------------


def test_uids_are_no_paths(server: ArchiveServer, client: httpx2.Client) -> None:
    tricks = [
        "../../etc/passwd",
        "/etc/passwd",
        "1.2/../3",
        "..",
        "1.2\0.3",
        "1.2;rm",
        "1.2\r\nX: y",
        "<script>",
        "1" * 65,
    ]
    parts = []
    for text in tricks:
        for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
            value = text + " " * (len(text) % 2)
            elements = identifying(**{keyword: "9.9"})
            parts.append(part10(b"".join(elements).replace(b"\x04\x009.9\0", _ui(value))))
    before = {path for path in Path(server.home).rglob("*") if path.is_file()}
    response = client.post(STUDIES, content=form(parts), headers=STOW)
    assert response.status_code == 409
    answer = response.json()
    reasons = {reason for reason, _ in [*failed(answer).values(), *other_failures(answer)]}
    assert reasons == {0xA900}
    assert not any(text in response.text for text in ("passwd", "script", "rm"))
    names = {path.name for path in Path(server.home).rglob("*") if path.is_file() and path not in before}
    assert not any("passwd" in name for name in names)


def _ui(value: str) -> bytes:
    return len(value).to_bytes(2, "little") + value.encode()


@pytest.mark.parametrize("study", ["/..%2f..%2fetc", "/1.2%00", "/1.2%0d%0aX:%20y", "/" + "1" * 65, "/a"])
def test_a_study_in_the_address_is_a_uid(server: ArchiveServer, bearer: str, study: str) -> None:
    with opened(server) as line:
        line.sendall(request(bearer, "Content-Length: 5", "Connection: close", study=study) + b"hello")
        assert statuses(read_all(line)) in ([400], [404])


def test_boundaries_of_all_kinds(client: httpx2.Client) -> None:
    image = Image(40, 1)
    for boundary, status in (
        ("x" * MAX_BOUNDARY, 200),
        ("x" * (MAX_BOUNDARY + 1), 413),
        ("a b", 200),
        ("'()+_,-./:=?", 200),
        ("", 400),
        ("ä", 400),
    ):
        body = form([image.file()]).replace(BOUNDARY.encode(), boundary.encode())
        named = {b"content-type": f'multipart/related; type="application/dicom"; boundary="{boundary}"'.encode()}
        assert client.post(STUDIES, content=body, headers=named).status_code == status, boundary


# --- the slow ------------------------------------------------------------------------------------------------------


def test_slow_writers_cost_a_connection_each_and_no_more(
    server: ArchiveServer, bearer: str, client: httpx2.Client
) -> None:
    """Forty stand still in the middle of an instance; others are served meanwhile; then the forty are cut off."""
    before, image = server.peak_rss(), Image(50, 1, LARGE)
    beginning = request(bearer, "Content-Length: 17179869184") + OPENING + image.file()[: 1 * MIB]
    with ExitStack() as stack:
        lines = [stack.enter_context(opened(server)) for _ in range(40)]
        for line in lines:
            line.sendall(beginning)
        other = Image(51, 1, LARGE)
        response = client.post(STUDIES, content=form([other.file()]), headers=STOW)
        assert stored(response.json()) == [other.sop_instance_uid]
        assert server.peak_rss() - before < 160 * MIB
        for line in lines:
            assert read_all(line) == b""
    assert in_study(server, image) == 0


def test_who_may_not_store_is_told_before_the_body_comes(server: ArchiveServer) -> None:
    reader = token(server, "query", "view")
    with opened(server) as line:
        line.sendall(request(reader, "Content-Length: 17179869184", "Expect: 100-continue"))
        heard = line.recv(65536)
    assert statuses(heard) == [403]

"""A multipart body gives the same parts however it arrives, and whatever is none is refused in words."""

from __future__ import annotations

import email
import email.message
import email.policy
import random
from collections.abc import Iterable

import pytest

from leadglass.terms.ceilings import (
    MAX_MULTIPART_PARTS,
    MAX_MULTIPART_PREAMBLE,
    MAX_PART_HEADERS,
    MAX_TRANSPORT_PADDING,
)
from leadglass.terms.errors import CeilingReached, PeerViolation
from leadglass.web.dicomweb.splitter import Finished, MultipartSplitter, PartBegan, PartData, PartEnded

Part = tuple[dict[str, str], bytes, bool]  # headers, data, whether it is whole
DICOM = b"Content-Type: application/dicom\r\n\r\n"


def split(portions: Iterable[bytes], boundary: bytes = b"b") -> tuple[list[Part], bool, str]:
    """The parts, whether the body was finished, and what was wrong with it."""
    splitter = MultipartSplitter(boundary)
    parts: list[Part] = []
    finished = False

    def heard(events: Iterable[object]) -> None:
        nonlocal finished
        for event in events:
            assert not finished
            match event:
                case PartBegan(headers):
                    parts.append((dict(headers), b"", False))
                case PartData(data):
                    assert len(data)
                    parts[-1] = (parts[-1][0], parts[-1][1] + data, False)
                case PartEnded():
                    parts[-1] = (*parts[-1][:2], True)
                case Finished():
                    finished = True

    try:
        for portion in portions:
            heard(splitter.receive_data(portion))
        heard(splitter.receive_eof())
    except PeerViolation as violation:
        return parts, finished, str(violation)
    return parts, finished, ""


def in_portions(body: bytes, size: int) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


def body_of(*parts: bytes, boundary: bytes = b"b") -> bytes:
    """Each part with its header block."""
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


BODIES = {
    "two parts": body_of(DICOM + b"first", DICOM + b"second"),
    "no part": b"--b--",
    "empty data": body_of(DICOM, DICOM),
    "no data at all": b"--b\r\nA: b\r\n\r\n--b\r\nC: d\r\n\r\n--b--",
    "no headers": body_of(b"\r\ndata", b"\r\n"),
    "no line end behind the last": body_of(DICOM + b"data")[:-2],
    "blanks behind the last": b"--b\r\n\r\nx\r\n--b--  \t",
    "padding": b"--b \t \r\n\r\nx\r\n--b\t\r\n\r\ny\r\n--b-- \r\n",
    "preamble and epilogue": b"This is MIME.\r\n\r\n--b\r\n\r\nx\r\n--b--\r\nbye\r\n--b\r\n\r\nno part",
    "preamble of line ends": b"\r\n\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n",
    "boundary inside data": body_of(DICOM + b"--b\r\n--bb\r\n--b-\r\n\n--b\r\n\r--b\r\n--b--x\r\n--b x"),
    "data that ends like a delimiter begins": body_of(
        DICOM + b"\r\n", DICOM + b"\r\n-", DICOM + b"\r", DICOM + b"\r\n--"
    ),
    "delimiter upon delimiter": body_of(DICOM + b"\r\n\r\n\r\r\n\n\r\n"),
    "nested": body_of(b"Content-Type: multipart/mixed; boundary=bc\r\n\r\n--bc\r\n\r\nx\r\n--bc--\r\n"),
    "folded header": body_of(b"Content-Type: application/dicom;\r\n  transfer-syntax=1.2\r\nX-A:\r\n\r\nx"),
    "8-bit header": body_of(b"X-Name: \xe4\xf6\r\n\r\nx"),
    "cut in data": b"--b\r\n\r\nfirst\r\n--b\r\n\r\nsec",
    "cut in the delimiter": b"--b\r\n\r\nfirst\r\n--b\r\n\r\nsecond\r\n--b",
    "cut in the closing delimiter": b"--b\r\n\r\nfirst\r\n--b-",
    "cut in its line end": b"--b\r\n\r\nfirst\r\n--b--\r",
    "cut in headers": b"--b\r\nContent-Type: application/dicom\r\n",
    "line feeds only": b"--b\n\nfirst\n--b--\n",
    "line feeds behind": b"--b\r\n\r\nx\n--b--\n",
    "header without a colon": b"--b\r\nnonsense\r\n\r\nx\r\n--b--",
    "header with a blank name": b"--b\r\n : x\r\n\r\nx\r\n--b--",
    "header twice": b"--b\r\nA: 1\r\na: 2\r\n\r\nx\r\n--b--",
    "header with NUL": b"--b\r\nA: \0\r\n\r\nx\r\n--b--",
    "header with a bare line feed": b"--b\r\nA: 1\nB: 2\r\n\r\nx\r\n--b--",
    "nothing": b"",
    "another boundary": b"--c\r\n\r\nx\r\n--c--\r\n",
}
PART_ENDS = {"two parts": [b"first", b"second"], "no headers": [b"data", b""], "no part": [], "empty data": [b"", b""]}


@pytest.mark.parametrize("name", BODIES)
def test_portions_make_no_difference(name: str) -> None:
    body, chance = BODIES[name], random.Random(name)
    whole = split([body])
    for size in (1, 2, 3, 5, 7):
        assert split(in_portions(body, size)) == whole
    for at in range(len(body)):
        assert split([body[:at], body[at:]]) == whole
    for _ in range(30):
        cuts = sorted(chance.randrange(len(body) + 1) for _ in range(4))
        assert split([body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]) == whole


def test_what_comes_out() -> None:
    whole = {"content-type": "application/dicom"}
    assert split([BODIES["two parts"]]) == ([(whole, b"first", True), (whole, b"second", True)], True, "")
    assert split([BODIES["no part"]]) == ([], True, "")
    assert split([BODIES["no data at all"]]) == ([({"a": "b"}, b"", True), ({"c": "d"}, b"", True)], True, "")
    [(headers, data, _)], _, _ = split([BODIES["folded header"]])
    assert headers == {"content-type": "application/dicom; transfer-syntax=1.2", "x-a": ""}
    assert data == b"x"
    [(headers, _, _)], _, _ = split([BODIES["8-bit header"]])
    assert headers == {"x-name": "\xe4\xf6"}


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("cut in data", [b"first", b"sec"], "without its closing delimiter"),
        ("cut in the delimiter", [b"first", b"second"], "without its closing delimiter"),
        ("cut in the closing delimiter", [b"first"], "without its closing delimiter"),
        ("cut in its line end", [b"first"], "without its closing delimiter"),
        ("cut in headers", [], "without its closing delimiter"),
        ("line feeds only", [], "no line that is the boundary"),
        ("line feeds behind", [b"x\n--b--\n"], "without its closing delimiter"),
        ("header without a colon", [], "not a field"),
        ("header with a blank name", [], "not a field"),
        ("header twice", [], "stands twice"),
        ("header with NUL", [], "control character"),
        ("header with a bare line feed", [], "line end that is not CR LF"),
        ("nothing", [], "no line that is the boundary"),
        ("another boundary", [], "no line that is the boundary"),
    ],
)
def test_a_broken_body_is_told_and_its_last_part_is_not_whole(name: str, data: list[bytes], words: str) -> None:
    parts, finished, wrong = split([BODIES[name]])
    assert [part[1] for part in parts] == data
    assert all(is_whole for *_, is_whole in parts[:-1])
    assert not parts or not parts[-1][2]
    assert not finished
    assert words in wrong


@pytest.mark.parametrize("boundary", [b"b", b"x" * 70, b"'()+_,-./:=?", b"a b", b"--", b"b--", b"----=_Part_0_11.22"])
def test_any_boundary(boundary: bytes) -> None:
    data = [b"\r\n--" + boundary[:-1], boundary, b" --" + boundary, b"\r\n--" + boundary + b"z", b"\r\n-" * 30]
    body = body_of(*(DICOM + each for each in data), boundary=boundary)
    for size in (1, 3, len(body)):
        parts, finished, wrong = split(in_portions(body, size), boundary)
        assert ([part[1] for part in parts], finished, wrong) == (data, True, "")


def test_as_the_email_package_reads_it() -> None:
    chance = random.Random(20461)
    pieces = [b"\r\n", b"--b", b"--", b"-", b"b", b" ", b"\t", b"x" * 9, b"\r\n--b", b"\r\n--b\r\n\r\n", b"\r\n--bz"]
    checked = 0
    for _ in range(1000):
        datas = [b"".join(chance.choices(pieces, k=chance.randrange(9))) for _ in range(chance.randrange(1, 4))]
        body = body_of(*(DICOM + data for data in datas))
        parts, finished, wrong = split([body])
        read = email.message_from_bytes(
            b'Content-Type: multipart/related; boundary="b"\r\n\r\n' + body, policy=email.policy.HTTP
        )
        payloads = read.get_payload()
        if wrong or read.defects or not isinstance(payloads, list):
            continue  # made a header block of its own that nobody can read
        checked += 1
        assert finished
        theirs = [each.get_payload(decode=True) for each in payloads if isinstance(each, email.message.Message)]
        assert [part[1] for part in parts] == theirs
    assert checked > 500


def test_data_is_handed_on_without_a_copy() -> None:
    body = body_of(DICOM + bytes(100_000), DICOM + b"\r\n--" * 1000)
    splitter = MultipartSplitter(b"b")
    first, rest = body[:1000], body[1000:]
    list(splitter.receive_data(first))
    views = [event.data for event in splitter.receive_data(rest) if isinstance(event, PartData)]
    assert all(view.obj is rest for view in views)
    assert len(views) == 2


def _one_part(before: bytes, behind: bytes) -> bytes:
    return before + b"--b" + behind + b"\r\n\r\nx\r\n--b--\r\n"


def _up_to(ceiling: str, more: int) -> bytes:
    """A body that goes up to a ceiling, and so many bytes or parts over it."""
    return {
        "MAX_MULTIPART_PREAMBLE": lambda: _one_part(b"x" * (MAX_MULTIPART_PREAMBLE + more) + b"\r\n", b"\r\n"),
        "MAX_PART_HEADERS": lambda: _one_part(b"", b"\r\nA:" + b"x" * (MAX_PART_HEADERS - 2 + more)),
        "MAX_TRANSPORT_PADDING": lambda: _one_part(b"", b" " * (MAX_TRANSPORT_PADDING + more) + b"\r\n"),
        "MAX_MULTIPART_PARTS": lambda: b"--b\r\n\r\nx\r\n" * (MAX_MULTIPART_PARTS + more) + b"--b--\r\n",
    }[ceiling]()


@pytest.mark.parametrize(
    "name", ["MAX_MULTIPART_PREAMBLE", "MAX_PART_HEADERS", "MAX_TRANSPORT_PADDING", "MAX_MULTIPART_PARTS"]
)
def test_a_ceiling(name: str) -> None:
    for size in (100_000, 997):
        assert split(in_portions(_up_to(name, 0), size))[2] == ""
        _, finished, wrong = split(in_portions(_up_to(name, 1), size))
        assert not finished
        assert wrong.startswith(name)


def test_the_ceiling_of_the_epilogue() -> None:
    epilogue = b"--b\r\n\r\nx\r\n--b--\r\n"
    assert split([epilogue + b"x" * MAX_MULTIPART_PREAMBLE])[2] == ""
    assert split([epilogue, b"x" * MAX_MULTIPART_PREAMBLE, b"x"])[2].startswith("MAX_MULTIPART_PREAMBLE")


@pytest.mark.parametrize("endless", [b"A: b\r\n", b"x", b" ", b" \r\n"])
@pytest.mark.parametrize("start", [b"", b"--b", b"--b\r\n", b"--b\r\nA: b\r\n", b"--b--\r\n"])
def test_nothing_endless_is_kept(start: bytes, endless: bytes) -> None:
    splitter = MultipartSplitter(b"b")
    list(splitter.receive_data(start))
    with pytest.raises(CeilingReached):  # noqa: PT012 - it may come with any of them
        for _ in range(100):
            list(splitter.receive_data(endless * (1024 // len(endless))))

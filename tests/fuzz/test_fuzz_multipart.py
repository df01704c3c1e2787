"""Invariant: whatever body comes, in whatever portions, splitting ends in parts or in PeerViolation, and keeps little.

What a sender meant comes out as it was meant. LEADGLASS_FUZZ_SECONDS=60 digs for a minute.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from helpers.fuzzing import fuzz_for
from leadglass.terms.ceilings import MAX_BOUNDARY, MAX_PART_HEADERS, MAX_TRANSPORT_PADDING
from leadglass.terms.errors import PeerViolation
from leadglass.web.dicomweb.media_type import boundary_of, parse_media_type
from leadglass.web.dicomweb.splitter import Finished, MultipartSplitter, PartBegan, PartData, PartEnded

_BOUNDARIES = st.sampled_from((b"b", b"--", b"b--", b"bb", b"x" * 70))
_PIECES = st.one_of(
    st.sampled_from(
        (b"\r\n", b"\r", b"\n", b"--", b"-", b" ", b"\t", b":", b"A: b", b"\r\n\r\n", b"--b", b"\r\n--b", b"\r\n--b--")
    ),
    st.sampled_from(
        (b"--b\r\nContent-Type: application/dicom\r\n\r\n", b"\r\n--b\r\n\r\n", b"\r\n--b--\r\n", b"\0" * 999)
    ),
    st.sampled_from((b" " * (MAX_TRANSPORT_PADDING + 1), b"x" * (MAX_PART_HEADERS + 1))),
    st.binary(max_size=20),
)
_BODIES = st.lists(_PIECES, max_size=25).map(b"".join)
_DATA = st.lists(st.sampled_from((b"\r\n", b"\r", b"--", b"-", b"b", b"x", b"\r\n--", b"\0\xff")), max_size=12).map(
    b"".join
)


def heard(body: bytes, boundary: bytes, sizes: list[int]) -> tuple[list[tuple[dict[str, str], bytes, bool]], bool, str]:
    """Headers, data and wholeness of each part; whether the end came; what was wrong."""
    splitter, position, turn = MultipartSplitter(boundary), 0, 0
    parts: list[tuple[dict[str, str], bytes, bool]] = []
    finished = False
    try:
        while position <= len(body):
            if position == len(body):
                events = splitter.receive_eof()
                position += 1
            else:
                size = sizes[turn % len(sizes)]
                events = splitter.receive_data(body[position : position + size])
                position = min(position + size, len(body))
                turn += 1
            for event in events:
                assert not finished
                match event:
                    case PartBegan(headers):
                        parts.append((dict(headers), b"", False))
                    case PartData(data):
                        parts[-1] = (parts[-1][0], parts[-1][1] + data, False)
                    case PartEnded():
                        parts[-1] = (*parts[-1][:2], True)
                    case Finished():
                        finished = True
            assert len(splitter._kept) <= MAX_PART_HEADERS + len(boundary) + MAX_TRANSPORT_PADDING + 8
    except PeerViolation as violation:
        return parts, finished, str(violation)
    assert finished
    return parts, finished, ""


@fuzz_for(share=0.5)
@given(_BODIES, _BOUNDARIES, st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_portions_make_no_difference(body: bytes, boundary: bytes, sizes: list[int]) -> None:
    whole = heard(body, boundary, [len(body) + 1])
    assert heard(body, boundary, sizes) == whole
    assert heard(body, boundary, [1]) == whole


@fuzz_for(share=0.3)
@given(
    st.lists(_DATA, max_size=4), _BOUNDARIES, st.lists(st.integers(1, 40), min_size=1, max_size=5), st.integers(0, 99)
)
def test_what_was_sent_comes_out(datas: list[bytes], boundary: bytes, sizes: list[int], missing: int) -> None:
    whole = [data for data in datas if b"\r\n--" + boundary not in b"\r\n" + data]
    body = (
        b"".join(b"--" + boundary + b"\r\nX: y\r\n\r\n" + data + b"\r\n" for data in whole) + b"--" + boundary + b"--"
    )
    parts, finished, wrong = heard(body, boundary, sizes)
    assert [part[1] for part in parts] == whole
    assert (finished, wrong) == (True, "")
    cut = body[: max(0, len(body) - 1 - missing)]
    parts, finished, wrong = heard(cut, boundary, sizes)
    assert wrong
    assert not finished
    assert [part[1] for part in parts if part[2]] == whole[: sum(part[2] for part in parts)]


@fuzz_for(share=0.2)
@given(
    st.one_of(
        st.text(max_size=90),
        st.lists(
            st.sampled_from(
                ("multipart/related", ";", "boundary", "type", "=", '"', "\\", "b", " ", "\t", "/", "x" * 129)
            )
        ).map("".join),
    )
)
def test_a_content_type_is_read_or_refused(text: str) -> None:
    try:
        boundary = boundary_of(parse_media_type(text))
    except PeerViolation:
        return
    assert 1 <= len(boundary) <= MAX_BOUNDARY
    assert boundary.isascii()

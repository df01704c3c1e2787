"""A Content-Type is read as senders write it, and nonsense is refused."""

from __future__ import annotations

import pytest

from leadglass.terms.ceilings import MAX_BOUNDARY, MAX_MEDIA_TYPE
from leadglass.terms.errors import CeilingReached, PeerViolation
from leadglass.web.dicomweb.media_type import MediaType, boundary_of, parse_media_type


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("Multipart/Related", {}),
        (
            'multipart/related; type="application/dicom"; boundary="a b"',
            {"type": "application/dicom", "boundary": "a b"},
        ),
        ("multipart/related;type=application/dicom;boundary=a=b", {"type": "application/dicom", "boundary": "a=b"}),
        ('multipart/related ; BOUNDARY="a\\"b\\\\" ;; start="<1@x>";', {"boundary": 'a"b\\', "start": "<1@x>"}),
        ("multipart/related; boundary=----WebKit", {"boundary": "----WebKit"}),
    ],
)
def test_as_it_is_written(text: str, parameters: dict[str, str]) -> None:
    assert parse_media_type(text) == MediaType("multipart/related", parameters)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "dicom",
        "a/b/c",
        "a/b; c",
        "a/b; c=",
        'a/b; c="d',
        "a/b; c=d; C=e",
        "a/b c",
        'a/b; c="\r\n"',
        "a/b; c=d e",
        "ä/b",
    ],
)
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(PeerViolation):
        parse_media_type(text)


def test_its_length_has_a_ceiling() -> None:
    longest = "a/b; c=".ljust(MAX_MEDIA_TYPE, "x")
    assert parse_media_type(longest).type == "a/b"
    with pytest.raises(CeilingReached):
        parse_media_type(longest + "x")


@pytest.mark.parametrize("boundary", ["b", "x" * 70, "x" * MAX_BOUNDARY, "'()+_,-./:=?", "a b"])
def test_a_boundary_may_be(boundary: str) -> None:
    assert boundary_of(MediaType("multipart/related", {"boundary": boundary})) == boundary.encode()


@pytest.mark.parametrize("boundary", ["", "x" * (MAX_BOUNDARY + 1), "a ", "a\tb", "ä", "a;b", "a\0b", 'a"b', None])
def test_a_boundary_may_not_be(boundary: str | None) -> None:
    parameters = {} if boundary is None else {"boundary": boundary}
    with pytest.raises(PeerViolation):
        boundary_of(MediaType("multipart/related", parameters))

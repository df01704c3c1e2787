"""Multipart answers, written; read back by the standard library's own reader."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import HTTP

import pytest

from leadglass.web.dicomweb.multipart import Boundary


def test_parts_are_read_back_whatever_bytes_they_hold() -> None:
    boundary = Boundary()
    parts = [b"\r\n--\r\n", b"", b"--leadglass-\r\n", bytes(range(256))]
    body = b"".join(
        boundary.part_head("application/dicom; transfer-syntax=1.2", length=len(part), is_first=number == 0) + part
        for number, part in enumerate(parts)
    )
    head = f"Content-Type: {boundary.content_type('application/dicom')}\r\n\r\n".encode()
    message = message_from_bytes(head + body + boundary.closing, policy=HTTP)
    read = [part for part in message.walk() if not part.is_multipart()]
    assert message.get_content_type() == "multipart/related"
    assert message.get_param("type") == "application/dicom"
    assert [part["Content-Length"] for part in read] == [str(len(part)) for part in parts]
    assert all(part.get_param("transfer-syntax") == "1.2" for part in read)
    assert body.split(b"--" + boundary.text.encode())[0] == b""
    for number, part in enumerate(parts):
        assert (
            body.split(b"--" + boundary.text.encode() + b"\r\n")[number + 1].split(b"\r\n\r\n", 1)[1].startswith(part)
        )


def test_no_two_boundaries_are_alike() -> None:
    assert len({Boundary().text for _ in range(100)}) == 100
    assert len(Boundary().text) <= 70  # RFC 2046 §5.1.1


def test_a_part_may_say_where_it_is_from_and_need_not_say_how_long_it_is() -> None:
    head = Boundary("b").part_head("image/png", location="https://localhost/dicom-web/studies/1.2")
    assert (
        head
        == b"\r\n--b\r\nContent-Type: image/png\r\nContent-Location: https://localhost/dicom-web/studies/1.2\r\n\r\n"
    )


@pytest.mark.parametrize("bad", ["a\r\nb", "a\nb", "a\0b", "a\x85b", "a\u2028b"])
def test_no_value_can_begin_a_header_of_its_own(bad: str) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Boundary().part_head(bad)
    with pytest.raises(ValueError, match="does not fit"):
        Boundary().part_head("image/png", location=bad)

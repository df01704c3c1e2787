"""What a caller gets frames as: uncompressed by default, as they are stored for whoever takes that."""

from __future__ import annotations

import pytest

from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.terms.errors import CeilingReached, PeerViolation
from leadglass.web.dicomweb.frame_media import OCTETS, FrameForm, media_type_of, negotiate
from leadglass.web.dicomweb.frames import frame_numbers
from leadglass.web.problems import NotAcceptable

JPEG, JLS, RLE, MPEG = (f"1.2.840.10008.1.2.{tail}" for tail in ("4.70", "4.80", "5", "4.100"))
RAW = EXPLICIT_VR_LITTLE_ENDIAN


def form(accept: str | None, stored: str, *, is_one: bool = True) -> FrameForm:
    return negotiate(accept, (), stored, is_compressed=stored != RAW, is_one=is_one)


@pytest.mark.parametrize(
    ("accept", "stored", "media_type", "syntax", "is_multipart"),
    [
        (None, RAW, OCTETS, RAW, True),
        (None, JLS, OCTETS, RAW, True),
        ("*/*", JLS, OCTETS, RAW, True),
        (None, MPEG, "video/mpeg", MPEG, True),
        ("application/octet-stream", RAW, OCTETS, RAW, False),
        ("application/octet-stream", JLS, OCTETS, RAW, False),
        ("application/octet-stream; transfer-syntax=*", RAW, OCTETS, RAW, False),
        ("application/octet-stream; transfer-syntax=*", JLS, "image/jls", JLS, False),
        (f"application/octet-stream; transfer-syntax={RAW}", JLS, OCTETS, RAW, False),
        ('multipart/related; type="application/octet-stream"; transfer-syntax=*', JPEG, "image/jpeg", JPEG, True),
        ('multipart/related; type="image/jls"', JLS, "image/jls", JLS, True),
        ('multipart/related; type="image/*"', RLE, "image/dicom-rle", RLE, True),
        (f"image/jls; transfer-syntax={JLS}", JLS, "image/jls", JLS, False),
        ("image/jpeg, application/octet-stream;q=0.5", JLS, OCTETS, RAW, False),
        ("image/jls;q=0.4, application/octet-stream;q=0.5", JLS, OCTETS, RAW, False),
    ],
)
def test_the_form_a_caller_likes_best(
    accept: str | None, stored: str, media_type: str, syntax: str, is_multipart: bool
) -> None:
    assert form(accept, stored) == FrameForm(media_type, syntax, is_multipart, is_decoded=syntax == RAW)


@pytest.mark.parametrize(
    ("accept", "stored"),
    [
        ("image/jpeg", RAW),
        ("image/jpeg", JLS),
        (f"image/jls; transfer-syntax={JPEG}", JLS),
        (f"application/octet-stream; transfer-syntax={JPEG}", JLS),
        ("application/octet-stream", MPEG),
        ("application/dicom+json", RAW),
    ],
)
def test_what_cannot_be_given(accept: str, stored: str) -> None:
    with pytest.raises(NotAcceptable):
        form(accept, stored)


def test_several_frames_come_in_several_parts_only() -> None:
    with pytest.raises(NotAcceptable, match="several parts"):
        form("application/octet-stream", RAW, is_one=False)
    assert form("*/*", RAW, is_one=False).is_multipart


def test_unknown_compression_is_octets_of_that_transfer_syntax() -> None:
    unknown = "1.2.3.4"
    assert media_type_of(unknown) == OCTETS
    assert form(None, unknown) == FrameForm(OCTETS, unknown, is_multipart=True, is_decoded=False)


def test_numbers_of_frames() -> None:
    assert frame_numbers("3,1,3") == (3, 1, 3)
    for nonsense in ("", "0", "1,", ",1", "1.5", "-1", "+1", "1 ", "²", "9" * 11):
        with pytest.raises(PeerViolation):
            frame_numbers(nonsense)
    with pytest.raises(CeilingReached):
        frame_numbers(",".join(["1"] * 10_001))

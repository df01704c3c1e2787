"""Turning data sets: equal to what pydicom reads from the original, byte by byte where bytes need not change."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement

from helpers.samples import Sample, all_samples, explicit, identifying, item, part10, quietly_read, sample
from leadglass.dicom.transcodable import TARGETS, can_turn
from leadglass.dicom.transcoding import transcode_file
from leadglass.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)

RLE_LOSSLESS = "1.2.840.10008.1.2.5"
TEXT = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"})
NATIVE = {
    IMPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
}
# What pydicom's codecs of this environment cannot decode either.
UNDECODABLE = {
    "J2K_pixelrep_mismatch.dcm",
    "JPEG-lossy.dcm",
    "JPGExtended.dcm",
    "JPEG2000-embedded-sequence-delimiter.dcm",
}
# pydicom takes OW of 32 bits in big endian for words of 32 bits; PS3.5 and DCMTK know words of 16 only.
OTHER_WORDS = {"rtdose_expb.dcm", "rtdose_expb_1frame.dcm"}


def samples(*, native: bool) -> Iterator[Sample]:
    for one in all_samples():
        if one.path.stat().st_size > 3_000_000:
            continue  # a minute of ultrasound says no more than its first frames
        syntax = one.transfer_syntax()
        file_name = one.path.name
        is_image = "SOPClassUID" in one.dataset(stop_before_pixels=True)
        if is_image and (syntax in NATIVE) is native and file_name not in UNDECODABLE and "DICOMDIR" not in file_name:
            yield one


def turned(one: Sample, target: str) -> pydicom.Dataset:
    return quietly_read(part10(transcode_file(one.data(), target), target))


def raw_text(data_set: pydicom.Dataset) -> dict[str, bytes]:
    """The very bytes of the public text attributes at top level."""
    texts = {}
    for tag in data_set.keys():  # noqa: SIM118 - iterating reads the values
        element = data_set.get_item(tag)
        has_bytes = isinstance(element, RawDataElement) or not element.value  # pydicom reads what is empty at once
        known = has_bytes and not tag.is_private and tag.element != 0
        if known and pydicom.datadict.dictionary_has_tag(tag) and pydicom.datadict.dictionary_VR(tag) in TEXT:
            texts[str(tag)] = element.value or b""
    return texts


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize("native", [True, False])
def test_public_text_keeps_its_very_bytes(target: str, native: bool) -> None:
    changed = []
    for one in samples(native=native):
        before, after = raw_text(one.dataset()), raw_text(turned(one, target))
        changed += [
            (one.name, tag, value, after.get(tag))
            for tag, value in before.items()
            if after.get(tag) != value and not tag.startswith("(0028")
        ]
    assert changed == []


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize("native", [True, False])
def test_pixels_are_those_pydicom_reads_from_the_original(target: str, native: bool) -> None:
    compared, different = 0, []
    for one in samples(native=native):
        original = one.dataset()
        if one.path.name in OTHER_WORDS or "PixelData" not in original:
            continue
        try:
            expected = original.pixel_array
        except (ValueError, AttributeError):
            continue  # truncated or contradicting itself: nobody can say what its pixels are
        after = turned(one, target)
        compared += 1
        if not np.array_equal(after.pixel_array, expected):
            different.append(one.name)
    assert different == []
    assert compared > (100 if native else 30)


@pytest.mark.parametrize("name", ["SC_rgb_jpeg_dcmtk.dcm", "examples_jpeg2k.dcm", "MR_small_RLE.dcm"])
def test_what_describes_the_pixels_is_what_pydicom_says_of_them_decompressed(name: str) -> None:
    expected = sample(name).dataset()
    expected.decompress(generate_instance_uid=False)
    after = turned(sample(name), EXPLICIT_VR_LITTLE_ENDIAN)
    for element in expected.group_dataset(0x0028):
        assert after[element.tag].value == element.value
    assert after.SOPInstanceUID == expected.SOPInstanceUID
    assert after.PixelData == expected.PixelData


@pytest.mark.parametrize("name", sorted(UNDECODABLE))
def test_what_cannot_be_decoded_raises(name: str) -> None:
    with pytest.raises((RuntimeError, ValueError)):
        transcode_file(sample(name).data(), EXPLICIT_VR_LITTLE_ENDIAN)


def test_fewer_frames_than_said_is_an_error_and_no_image() -> None:
    data_set = sample("MR_small_RLE.dcm").dataset()
    data_set.NumberOfFrames = 7
    buffer = pydicom.filebase.DicomBytesIO()
    data_set.save_as(buffer)
    with pytest.raises(ValueError, match="not the pixels"):
        transcode_file(buffer.getvalue(), EXPLICIT_VR_LITTLE_ENDIAN)


# --- from big endian -----------------------------------------------------------------------------------------

WORDS = {
    "OW": (0x00282000, b"\x01\x02\x03\x04", b"\x02\x01\x04\x03"),
    "OL": (0x00660040, b"\x01\x02\x03\x04", b"\x04\x03\x02\x01"),
    "OF": (0x00660016, b"\x01\x02\x03\x04", b"\x04\x03\x02\x01"),
    "OD": (0x00701A04, b"\x01\x02\x03\x04\x05\x06\x07\x08", b"\x08\x07\x06\x05\x04\x03\x02\x01"),
    "OB": (0x00420011, b"\x01\x02\x03\x04", b"\x01\x02\x03\x04"),
    "AT": (0x00280009, b"\x00\x18\x10\x63", b"\x18\x00\x63\x10"),
    "US": (0x00280010, b"\x01\x02", b"\x02\x01"),
    "FD": (0x00189073, struct.pack(">d", 1.5), struct.pack("<d", 1.5)),
    "UN": (0x00091001, b"\x01\x02\x03\x04", b"\x01\x02\x03\x04"),
    "LO": (0x00080070, b"ab", b"ab"),
}


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize("vr", WORDS)
@pytest.mark.parametrize("is_nested", [False, True])
def test_words_are_turned_round_and_bytes_are_not(vr: str, is_nested: bool, target: str) -> None:
    tag, big, little = WORDS[vr]
    element = explicit(tag, vr, big, order=">")
    if is_nested:
        element = explicit(0x00081140, "SQ", item(element, order=">"), order=">")
    before = identifying_in_big_endian()
    content = part10(b"".join(sorted([*before, element], key=lambda one: one[:4])), EXPLICIT_VR_BIG_ENDIAN)
    assert little in transcode_file(content, target)
    if big != little:
        assert big not in transcode_file(content, target)


def identifying_in_big_endian() -> list[bytes]:
    """The four UIDs every instance has."""
    found = []
    for element in identifying():
        group, number, vr, length = struct.unpack("<HH2sH", element[:8])
        found.append(explicit(group << 16 | number, vr.decode(), element[8 : 8 + length], order=">"))
    return found


# --- values nobody can read ----------------------------------------------------------------------------------


@pytest.mark.parametrize("target", sorted(TARGETS))
@pytest.mark.parametrize("name", [b"M\xfcller^J\xf6rg ", b"\xff\xfe\x00\x1b$B^", b"\x1b$)C\xb1\xe8\xc8\xf1"])
def test_a_name_in_no_known_character_set_stays_what_it_is(name: bytes, target: str) -> None:
    charset = explicit(0x00080005, "CS", b"ISO_IR 192")
    elements = sorted([*identifying(), charset, explicit(0x00100010, "PN", name)], key=_place)
    assert name in transcode_file(part10(b"".join(elements)), target)


@pytest.mark.parametrize("value", [b"1A", b"1.2.3.4.5.6.7.8.9.10", b"0123456789012345678901234567890"])
def test_a_number_that_is_none_stays_what_it_is(value: bytes) -> None:
    number = explicit(0x00201041, "DS", value + b" " * (len(value) % 2))
    elements = sorted([*identifying(), number], key=_place)
    assert value in transcode_file(part10(b"".join(elements)), IMPLICIT_VR_LITTLE_ENDIAN)


def _place(element: bytes) -> tuple[int, int]:
    group, number = struct.unpack("<HH", element[:4])
    return group, number


def test_the_table() -> None:
    assert can_turn(RLE_LOSSLESS, EXPLICIT_VR_LITTLE_ENDIAN)
    assert can_turn(EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
    assert not can_turn(EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN)
    assert not can_turn("1.2.840.10008.1.2.4.100", EXPLICIT_VR_LITTLE_ENDIAN)  # MPEG2
    assert not can_turn("1.2.3.4", EXPLICIT_VR_LITTLE_ENDIAN)

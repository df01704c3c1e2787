"""Where frames lie: pydicom finds the same ones in every sample; odd layouts, lying lengths and tables."""

from __future__ import annotations

import struct

import pydicom
import pytest
from pydicom.encaps import generate_frames

from helpers.samples import Sample, all_samples, explicit, implicit, item, quietly_read, sequence
from leadglass.dicom import fragments
from leadglass.dicom.frames import Layout, can_be_found, find_frames
from leadglass.dicom.part10 import file_meta
from leadglass.dicom.ranges import Range, Walking, walk_bytes
from leadglass.dicom.uids import (
    CT_IMAGE_STORAGE,
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from leadglass.terms.errors import CeilingReached, PeerViolation

RLE = "1.2.840.10008.1.2.5"
JPEG = "1.2.840.10008.1.2.4.50"
PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def us(tag: int, value: int) -> bytes:
    return explicit(tag, "US", struct.pack("<H", value))


def header(
    frames: str = "",
    rows: int = 2,
    columns: int = 2,
    bits: int = 8,
    samples: int = 1,
    photometric: str = "RGB ",
) -> bytes:
    """What describes the pixels."""
    return b"".join(
        (
            us(0x00280002, samples),
            explicit(0x00280004, "CS", photometric.encode()),
            explicit(0x00280008, "IS", frames.encode() + b" " * (len(frames) % 2)) if frames else b"",
            us(0x00280010, rows),
            us(0x00280011, columns),
            us(0x00280100, bits),
        )
    )


def encapsulated(*pieces: bytes, table: bytes = b"", is_ended: bool = True) -> bytes:
    """Pixel data of these fragments."""
    body = b"".join(implicit(0xFFFEE000, piece) for piece in (table, *pieces))
    return explicit(0x7FE00010, "OB", body, length=0xFFFFFFFF) + (implicit(0xFFFEE0DD) if is_ended else b"")


def found(data: bytes, syntax: str = EXPLICIT_VR_LITTLE_ENDIAN) -> Layout:
    layout = walk_bytes(find_frames(syntax, len(data)), data)
    assert layout is not None
    return layout


def frames_of(layout: Layout, data: bytes) -> list[bytes]:
    frames = []
    for number in range(layout.frames.number):
        pieces = walk_bytes(layout.frames.pieces(number), data)
        frames.append(layout.cut(number, b"".join(data[start : start + length] for start, length in pieces)))
    return frames


def read(data: bytes, syntax: str = EXPLICIT_VR_LITTLE_ENDIAN) -> list[bytes]:
    return frames_of(found(data, syntax), data)


# --- the samples -----------------------------------------------------------------------------------------------


def theirs(data_set: pydicom.Dataset, layout: Layout) -> list[bytes]:
    value = next(data_set[keyword].value for keyword in PIXELS if keyword in data_set)
    number = layout.description.number_of_frames
    if layout.is_encapsulated:
        tables = ("ExtendedOffsetTable", "ExtendedOffsetTableLengths")
        extended = tuple(data_set[table].value for table in tables) if tables[0] in data_set else None
        return list(generate_frames(value, number_of_frames=number, extended_offsets=extended))
    length, rest = divmod(layout.description.frame_bits, 8)
    assert rest == 0 or number == 1
    length += bool(rest)
    return [value[position * length : (position + 1) * length] for position in range(number)]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("one", [s for s in all_samples() if can_be_found(s.transfer_syntax())], ids=lambda s: s.name)
def test_every_sample_has_the_frames_pydicom_finds(one: Sample) -> None:
    data = one.data_set_bytes()
    data_set = one.dataset()
    try:
        layout = walk_bytes(find_frames(one.transfer_syntax(), len(data)), data)
    except PeerViolation:
        assert "Rows" not in data_set or "too_short" in one.name
        return
    if layout is None:
        assert not any(keyword in data_set for keyword in PIXELS)
        return
    frames = frames_of(layout, data)
    if "truncated" in one.name:
        assert frames == []
        return
    assert frames == theirs(data_set, layout)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("one", [s for s in all_samples() if s.name.endswith(
    ("test_files/SC_rgb_rle_2frame.dcm", "SC_rgb_jpeg.dcm", "test_files/MR_small.dcm", "MR_small_implicit.dcm")
)], ids=lambda s: s.name)  # fmt: skip
def test_a_file_of_one_frame_reads_like_the_whole(one: Sample) -> None:
    data, syntax = one.data_set_bytes(), one.transfer_syntax()
    layout = found(data, syntax)
    for number, frame in enumerate(frames_of(layout, data)):
        single = data[: layout.header_length] + layout.pixel_data(frame)
        read_again = quietly_read(file_meta(CT_IMAGE_STORAGE, "1.2.3", syntax) + single)
        if "NumberOfFrames" in read_again:
            read_again.NumberOfFrames = 1
        pixels = one.dataset().pixel_array
        expected = pixels[number] if layout.frames.number > 1 else pixels
        assert (read_again.pixel_array == expected).all()


# --- native ----------------------------------------------------------------------------------------------------


def test_single_bits_do_not_begin_with_a_byte() -> None:
    """Three frames of 3 x 3 bits: 111111111 000000000 101010101, the first pixel in the lowest bit."""
    bits = 0b101010101_000000000_111111111
    data = header("3", rows=3, columns=3, bits=1) + explicit(0x7FE00010, "OB", bits.to_bytes(4, "little"))
    assert read(data) == [b"\xff\x01", b"\x00\x00", b"\x55\x01"]


def test_neighbours_share_their_colour() -> None:
    data = header("2", samples=3, photometric="YBR_FULL_422") + explicit(0x7FE00010, "OB", b"abcdefghijklmnop")
    assert read(data) == [b"abcdefgh", b"ijklmnop"]


def test_floats_are_pixels_too() -> None:
    data = header(bits=32) + explicit(0x7FE00008, "OF", bytes(16))
    layout = found(data)
    assert (layout.description.bits_allocated, read(data)) == (32, [bytes(16)])
    assert read(header() + explicit(0x7FE00009, "OD", bytes(32))) == [bytes(32)]


def test_implicit_vr_and_what_stands_behind_the_pixels() -> None:
    short = struct.Struct("<H").pack
    data = b"".join(
        implicit(tag, value)
        for tag, value in (
            (0x00280002, short(1)),
            (0x00280010, short(1)),
            (0x00280011, short(2)),
            (0x00280100, short(16)),
            (0x7FE00010, b"abcd"),
            (0xFFFCFFFC, bytes(8)),
        )
    )
    assert read(data, IMPLICIT_VR_LITTLE_ENDIAN) == [b"abcd"]


@pytest.mark.parametrize(("said", "number"), [("3", 2), ("2", 2), ("1", 1), ("0", 1), ("", 1), ("x", 1), ("9999", 2)])
def test_there_are_no_more_frames_than_bytes(said: str, number: int) -> None:
    data = header(said) + explicit(0x7FE00010, "OB", b"aaaabbbb??")
    assert read(data) == [b"aaaa", b"bbbb"][:number]


def test_a_length_that_lies_does_not_reach_beyond_the_data_set() -> None:
    data = header("9") + explicit(0x7FE00010, "OW", b"aaaabbbb", length=0xFFFFFFFE)
    assert read(data) == [b"aaaa", b"bbbb"]


def test_a_frame_that_is_not_there() -> None:
    native = found(header("2") + explicit(0x7FE00010, "OB", bytes(8)))
    for number in (-1, 2):
        with pytest.raises(IndexError):
            walk_bytes(native.frames.pieces(number), b"")


def test_no_pixels_are_no_frames() -> None:
    for data in (b"", header(), header() + explicit(0xFFFCFFFC, "OB", b"ab")):
        assert walk_bytes(find_frames(EXPLICIT_VR_LITTLE_ENDIAN, len(data)), data) is None


@pytest.mark.parametrize("data", [
    explicit(0x7FE00010, "OB", b"abcd"),
    header(rows=0) + explicit(0x7FE00010, "OB", b"abcd"),
    header() + explicit(0x7FE00010, "??", b"abcd"),
    header() + explicit(0x7FE00001, "OV", b"", length=99) + explicit(0x7FE00010, "OB", b"abcd"),
], ids=["not described", "empty", "no vr", "open table"])  # fmt: skip
def test_pixels_that_nobody_can_read_are_refused(data: bytes) -> None:
    with pytest.raises(PeerViolation):
        found(data)


def test_frames_of_odd_encodings_are_not_found_where_they_lie() -> None:
    assert not can_be_found(EXPLICIT_VR_BIG_ENDIAN)
    assert not can_be_found(DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN)


# --- only what is needed is asked for ---------------------------------------------------------------------------


def asked_for(walking: Walking[object], data: bytes) -> list[Range]:
    ranges = []
    try:
        wanted = next(walking)
        while True:
            ranges.append(wanted)
            wanted = walking.send(data[wanted.start : wanted.start + wanted.length])
    except StopIteration:
        return ranges


def test_a_header_is_read_to_its_end_however_long_it_is() -> None:
    long = sequence(
        0x00081140, *(item(explicit(0x00100010, "PN", b"A" * 60_000)) for _ in range(30)), is_delimited=True
    )
    data = long + header("2") + explicit(0x7FE00010, "OB", bytes(1 << 22))
    ranges = asked_for(find_frames(EXPLICIT_VR_LITTLE_ENDIAN, len(data)), data)
    assert found(data).frames.number == 2
    assert max(one.start + one.length for one in ranges) < len(data)


def test_one_frame_of_many_is_found_by_its_table_alone() -> None:
    pieces = [b"\xff\xd8\xff" + bytes(5000 + number) for number in range(0, 2000, 2)]
    pieces = [piece + b"\0" * (len(piece) % 2) for piece in pieces]
    offsets = [sum(8 + len(piece) for piece in pieces[:number]) for number in range(len(pieces))]
    data = header("1000") + encapsulated(*pieces, table=struct.pack("<1000I", *offsets))
    layout = found(data, JPEG)
    ranges = asked_for(layout.frames.pieces(500), data)
    assert ranges == [(ranges[0].start, 8)]
    assert walk_bytes(layout.frames.pieces(500), data) == (Range(ranges[0].start + 8, len(pieces[500])),)


# --- compressed ------------------------------------------------------------------------------------------------

BEGIN = b"\xff\xd8\xff"


@pytest.mark.parametrize(
    ("number", "pieces", "table", "frames"),
    [
        ("1", [b"ab", b"cd"], [], [b"abcd"]),
        ("1", [b"ab", b"cd"], [0], [b"abcd"]),
        ("2", [b"ab", b"cd"], [], [b"ab", b"cd"]),
        ("2", [b"ab", b"cd", b"ef"], [0, 20], [b"abcd", b"ef"]),
        ("2", [b"ab", b"cd", b"ef"], [0, 10], [b"ab", b"cdef"]),
        ("2", [BEGIN + b"a", b"bc", BEGIN + b"d", b"ef"], [], [BEGIN + b"abc", BEGIN + b"def"]),
        ("2", [b"ab", b"cd"], [0, 10, 20], [b"ab", b"cd"]),  # a table that cannot be true
        ("2", [b"ab", b"cd"], [10, 0], [b"ab", b"cd"]),
        ("2", [b"ab", b"cd"], [0, 4000], [b"ab", b"cd"]),
        ("2", [b"ab", b"cd"], [0, 3], [b"ab", b"cd"]),
        ("1", [], [], [b""]),
    ],
)
def test_which_fragments_make_which_frame(
    number: str, pieces: list[bytes], table: list[int], frames: list[bytes]
) -> None:
    data = header(number) + encapsulated(*pieces, table=struct.pack(f"<{len(table)}I", *table))
    assert read(data, JPEG) == (frames if pieces else [])


@pytest.mark.parametrize(
    "data",
    [
        header("3") + encapsulated(b"ab", b"cd"),
        header("2") + encapsulated(b"ab", b"cd", b"ef"),
        header("2") + encapsulated(b"ab", BEGIN + b"d", BEGIN + b"f"),
        header() + encapsulated(b"ab", is_ended=False),
        header() + explicit(0x7FE00010, "OB", b"\xfe\xff\x00\xe0\xff\xff\xff\xff", length=0xFFFFFFFF),
        header()
        + explicit(
            0x7FE00010, "OB", implicit(0xFFFEE000) + implicit(0xFFFEE000, b"ab", length=4000), length=0xFFFFFFFF
        ),
        header() + explicit(0x7FE00010, "OB", implicit(0xFFFEE000, b"abc"), length=0xFFFFFFFF),
        header() + explicit(0x7FE00010, "OB", b"abcdefgh", length=0xFFFFFFFF),
        header() + explicit(0x7FE00010, "OB", b"abcd"),
    ],
    ids=["too few", "too many", "late begin", "no end", "endless", "beyond", "odd table", "no items", "native"],
)
def test_fragments_that_make_no_frames_are_refused(data: bytes) -> None:
    with pytest.raises(PeerViolation):
        read(data, JPEG)


def test_a_table_that_points_beside_the_fragments_costs_that_frame_only() -> None:
    data = header("3") + encapsulated(b"ab", b"cd", b"ef", table=struct.pack("<3I", 0, 12, 20))
    layout = found(data, JPEG)
    assert walk_bytes(layout.frames.pieces(2), data)
    for number in (0, 1):
        with pytest.raises(PeerViolation):
            walk_bytes(layout.frames.pieces(number), data)


def with_extended_table(offsets: list[int], lengths: list[int], *pieces: bytes) -> bytes:
    return b"".join(
        (
            header(str(len(pieces))),
            explicit(0x7FE00001, "OV", struct.pack(f"<{len(offsets)}Q", *offsets)),
            explicit(0x7FE00002, "OV", struct.pack(f"<{len(lengths)}Q", *lengths)),
            encapsulated(*pieces),
        )
    )


def test_an_extended_table_tells_lengths_without_padding() -> None:
    data = with_extended_table([0, 12], [3, 2], b"abc\0", b"de")
    assert read(data, JPEG) == [b"abc", b"de"]
    assert data[: found(data, JPEG).header_length] == header("2")


def test_an_extended_table_that_cannot_be_true_is_left_aside() -> None:
    assert read(with_extended_table([0, 999], [3, 2], b"abc\0", b"de"), JPEG) == [b"abc\0", b"de"]
    assert read(with_extended_table([0, 12], [3, 9999], b"abc\0", b"de"), JPEG) == [b"abc\0", b"de"]
    assert read(with_extended_table([0, 12], [3], b"abc\0", b"de"), JPEG) == [b"abc\0", b"de"]
    beside = with_extended_table([0, 10], [3, 2], b"abc\0", b"de")
    with pytest.raises(PeerViolation):
        read(beside, JPEG)


def test_ceilings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fragments, "MAX_FRAGMENTS", 3)
    assert len(read(header("3") + encapsulated(b"ab", b"cd", b"ef"), JPEG)) == 3
    with pytest.raises(CeilingReached):
        read(header("4") + encapsulated(b"ab", b"cd", b"ef", b"gh"), JPEG)
    of_table = header("2") + encapsulated(*[b"ab"] * 5, table=struct.pack("<2I", 0, 40))
    with pytest.raises(CeilingReached):
        read(of_table, JPEG)
    monkeypatch.setattr(fragments, "MAX_OFFSET_TABLE", 4)
    with pytest.raises(CeilingReached):
        read(header("2") + encapsulated(b"ab", b"cd", table=bytes(8)), JPEG)
    huge = header("2") + explicit(0x7FE00001, "OV", b"", length=0x10000000)
    with pytest.raises(PeerViolation):
        walk_bytes(find_frames(JPEG, 1 << 40), huge)

"""The header walker against pydicom on every real file, and against bytes no real file has."""

from __future__ import annotations

import struct

import pydicom
import pytest

from helpers.samples import (
    UNDEFINED,
    Sample,
    all_samples,
    deflate_bomb,
    deflated,
    explicit,
    identifying,
    implicit,
    instance,
    item,
    nested,
    part10,
    quietly_read,
    sample,
    sequence,
    uid,
)
from leadglass.dicom.elements.index_tags import IDENTIFYING, INDEX_TAGS
from leadglass.dicom.header import Header, NeedMore, read_header
from leadglass.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)
from leadglass.terms.ceilings import MAX_HEADER_BYTES, MAX_HEADER_ELEMENTS, MAX_VALUE_INDEXED
from leadglass.terms.errors import CeilingReached, PeerViolation

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom warns of what the samples get wrong

ALL_TAGS = {**INDEX_TAGS, **IDENTIFYING}
STUDY = 0x0020000D
REQUESTS = 0x00400275


def read(data: bytes | memoryview, transfer_syntax: str = EXPLICIT_VR_LITTLE_ENDIAN) -> Header:
    header = read_header(data, transfer_syntax, complete=True)
    assert isinstance(header, Header)
    return header


def pydicom_text(dataset: pydicom.Dataset, tag: int) -> str:
    """A value of pydicom as we write it: original strings of numbers, no padding, joined by backslash."""
    element = dataset.get(tag)
    if element is None or element.value is None:
        return ""
    values = element.value if element.VM > 1 else [element.value]
    texts = []
    for value in values:
        is_number = isinstance(value, pydicom.valuerep.IS | pydicom.valuerep.DSfloat)
        texts.append(str(value.original_string if is_number and hasattr(value, "original_string") else value))
    return "\\".join(text.strip(" \0") for text in texts)


# --- every real file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("found", all_samples(), ids=lambda s: s.name)
def test_index_attributes_equal_pydicom_on_every_sample(found: Sample) -> None:
    theirs = found.dataset(stop_before_pixels=True)
    ours = read(memoryview(found.data_set_bytes()), found.transfer_syntax())
    assert {name: ours.text(tag) for name, tag in ALL_TAGS.items()} == {
        name: pydicom_text(theirs, tag) for name, tag in ALL_TAGS.items()
    }
    assert [item.text(0x00401001) for item in ours.items(REQUESTS)] == [
        pydicom_text(item, 0x00401001) for item in theirs.get("RequestAttributesSequence", [])
    ]


def test_there_are_enough_samples_of_every_encoding() -> None:
    kinds = [s.transfer_syntax() for s in all_samples()]
    assert len(kinds) >= 250
    for uid_ in (IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN):
        assert kinds.count(uid_) >= 2


@pytest.mark.parametrize(
    ("name", "transfer_syntax"),
    [
        ("rtstruct.dcm", IMPLICIT_VR_LITTLE_ENDIAN),
        ("ExplVR_LitEndNoMeta.dcm", EXPLICIT_VR_LITTLE_ENDIAN),
        ("ExplVR_BigEndNoMeta.dcm", EXPLICIT_VR_BIG_ENDIAN),
    ],
)
def test_files_without_meta_information_are_walked_too(name: str, transfer_syntax: str) -> None:
    path = sample("test_files/CT_small.dcm").path.with_name(name)
    data = path.read_bytes()
    theirs = pydicom.dcmread(path, force=True, stop_before_pixels=True)
    ours = read(data, transfer_syntax)
    assert {n: ours.text(t) for n, t in ALL_TAGS.items()} == {n: pydicom_text(theirs, t) for n, t in ALL_TAGS.items()}


DRIBBLED = [
    "CT_small.dcm",
    "test_files/rtplan.dcm",
    "image_dfl.dcm",
    "MR_small_bigendian.dcm",
    "test-SR.dcm",
    "liver.dcm",
]


@pytest.mark.parametrize("name", DRIBBLED)
def test_an_object_still_arriving_needs_more_until_it_does_not(name: str) -> None:
    found = sample(name)
    data, transfer_syntax = found.data_set_bytes(), found.transfer_syntax()
    whole = read(data, transfer_syntax)
    size, asked = 0, 0
    while isinstance(answer := read_header(data[:size], transfer_syntax, complete=False), NeedMore):
        assert answer.at_least > size, "NeedMore must ask for more than there is"
        size = min(answer.at_least, len(data))
        asked += 1
        if size == len(data):
            answer = read_header(data, transfer_syntax, complete=True)
            break
    assert isinstance(answer, Header)
    assert answer.values == whole.values
    assert asked < 2000


@pytest.mark.parametrize("size", [0, 1, 7, 8, 11, 12, 13, 100, 300])
def test_any_cut_of_an_arriving_object_is_need_more(size: int) -> None:
    data = sample("test_files/CT_small.dcm").data_set_bytes()
    answer = read_header(data[:size], EXPLICIT_VR_LITTLE_ENDIAN, complete=False)
    assert isinstance(answer, NeedMore)
    assert answer.at_least > size


def test_pixel_data_need_not_have_arrived() -> None:
    data = sample("test_files/CT_small.dcm").data_set_bytes()
    pixels = data.index(b"\xe0\x7f\x10\x00OW")
    answer = read_header(data[: pixels + 12], EXPLICIT_VR_LITTLE_ENDIAN, complete=False)
    assert isinstance(answer, Header)


# --- what the walk stops at ----------------------------------------------------------------------------------


def test_the_walk_ends_before_a_huge_functional_groups_sequence() -> None:
    frames = b"".join([item(explicit(0x00181063, "DS", b"1.0 "))] * 50)
    data = instance(after=explicit(0x52009230, "SQ", frames, length=UNDEFINED))
    assert isinstance(read_header(data, EXPLICIT_VR_LITTLE_ENDIAN, complete=False), Header)


def test_a_writer_that_does_not_sort_is_read_up_to_pixel_data() -> None:
    sop_class, sop_instance, study, series = identifying()
    extra = explicit(0x00540081, "OB", b"xx")
    data = sop_class + extra + sop_instance + study + series + explicit(0x7FE00010, "OW", b"\0\0")
    assert read(data).text(STUDY) == "2.25.2"


def test_nothing_is_read_after_pixel_data() -> None:
    sop_class, sop_instance, study, series = identifying()
    data = sop_class + sop_instance + series + explicit(0x7FE00010, "OW", b"\0\0") + study
    assert STUDY not in read(data)


def test_the_last_of_two_equal_tags_counts_as_for_pydicom() -> None:
    data = instance(explicit(0x00100020, "LO", b"first "), explicit(0x00100020, "LO", b"second"))
    assert read(data).text(0x00100020) == "second"
    assert quietly_read(part10(data)).PatientID == "second"


# --- sequences -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_delimited", [True, False])
@pytest.mark.parametrize("vr", ["SQ", "UN"])
def test_request_attributes_are_read_in_every_form(is_delimited: bool, vr: str) -> None:
    inner = implicit if vr == "UN" else lambda tag, value: explicit(tag, "SH", value)
    one = item(inner(0x00400009, b"S1") + inner(0x00401001, b"P1"), is_delimited=is_delimited)
    two = item(inner(0x00401001, b"P2"), is_delimited=is_delimited)
    data = instance(after=sequence(REQUESTS, one, two, is_delimited=is_delimited, vr=vr) + explicit(0x7FE00010, "OW"))
    items = read(data).items(REQUESTS)
    assert [(i.text(0x00401001), i.text(0x00400009)) for i in items] == [("P1", "S1"), ("P2", "")]


def test_an_item_may_have_its_own_character_set() -> None:
    inner = explicit(0x00080005, "CS", b"ISO_IR 192") + explicit(0x00401001, "SH", "é".encode())
    data = explicit(0x00080005, "CS", b"ISO_IR 100") + instance(after=sequence(REQUESTS, item(inner)))
    assert read(data).items(REQUESTS)[0].text(0x00401001) == "é"


def test_an_item_inherits_the_character_set() -> None:
    data = explicit(0x00080005, "CS", b"ISO_IR 192") + instance(
        after=sequence(REQUESTS, item(explicit(0x00401001, "SH", "é".encode())))
    )
    assert read(data).items(REQUESTS)[0].text(0x00401001) == "é"


def test_undefined_lengths_before_the_study_are_skipped_exactly() -> None:
    deep = nested(20, is_delimited=True)
    icon = explicit(0x00091001, "OB", implicit(0xFFFEE000, b"\1\2") + implicit(0xFFFEE0DD), length=UNDEFINED)
    un = sequence(0x00091010, item(implicit(0x00100010, b"A^B "), is_delimited=True), is_delimited=True, vr="UN")
    assert read(instance(deep, icon, un)).text(STUDY) == "2.25.2"


# --- tolerance -----------------------------------------------------------------------------------------------


def test_a_broken_promise_of_the_transfer_syntax_is_seen_through() -> None:
    as_implicit = b"".join(implicit(tag, uid("1.2.3")) for tag in sorted(IDENTIFYING.values()))
    assert read(as_implicit, EXPLICIT_VR_LITTLE_ENDIAN).text(STUDY) == "1.2.3"
    assert read(instance(), IMPLICIT_VR_LITTLE_ENDIAN).text(STUDY) == "2.25.2"


def test_wrong_vrs_on_the_wire_are_tolerated() -> None:
    data = instance(explicit(0x00100010, "UN", b"A^B "), explicit(0x00100020, "LT", b"42"), implicit(0x00100040, b"M "))
    header = read(data)
    assert [header.text(tag) for tag in (0x00100010, 0x00100020, 0x00100040)] == ["A^B", "42", "M"]


@pytest.mark.parametrize("garbage", [b"\0", b"\xff" * 7, b"\0" * 8, b"\xfe\xff\xdd\xe0" + bytes(4)])
def test_trailing_garbage_is_tolerated(garbage: bytes) -> None:
    assert read(instance(after=garbage)).text(STUDY) == "2.25.2"


def test_group_two_in_a_data_set_is_passed_over() -> None:
    data = explicit(0x00020010, "UI", b"1.2.840.10008.1.2\0") + instance()
    assert read(data).text(STUDY) == "2.25.2"


def test_an_empty_data_set_has_nothing() -> None:
    assert dict(read(b"").values) == {}
    assert read(b"").get(STUDY) == b""


def test_values_keep_their_padding_and_survive_their_buffer() -> None:
    buffer = bytearray(instance(explicit(0x00100010, "PN", b"A^B ")))
    header = read(memoryview(buffer))
    buffer[:] = bytes(len(buffer))
    assert header.get(0x00100010) == b"A^B "


def test_names_pass_as_data() -> None:
    name = b"<img src=x onerror=alert(1)>^\x07\x1b[31m "
    assert read(instance(explicit(0x00100010, "PN", name))).text(0x00100010) == name.decode().strip()


# --- hostile -------------------------------------------------------------------------------------------------


def test_nesting_ten_thousand_deep_reaches_the_ceiling() -> None:
    with pytest.raises(CeilingReached, match="MAX_NESTING_DEPTH"):
        read(instance(nested(10_000, is_delimited=True)))


def test_nesting_of_defined_length_is_passed_in_one_step() -> None:
    assert read(instance(nested(10_000, is_delimited=False))).text(STUDY) == "2.25.2"


def test_nesting_in_wanted_sequences_reaches_the_ceiling() -> None:
    deep = explicit(REQUESTS, "SQ", item(nested(10_000, is_delimited=False)))
    with pytest.raises(CeilingReached, match="MAX_NESTING_DEPTH"):
        read(instance(after=deep))


def test_deflate_bombs_reach_the_ceiling() -> None:
    bomb = deflate_bomb(300 << 20)
    assert len(bomb) < 1 << 20
    with pytest.raises(CeilingReached, match="MAX_DEFLATED_HEADER"):
        read(bomb, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN)


def test_a_deflated_object_is_opened_no_further_than_its_header() -> None:
    packed = deflated(instance(after=explicit(0x7FE00010, "OW", bytes(200 << 20))))
    assert read(packed, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN).text(STUDY) == "2.25.2"


def test_a_deflate_stream_that_is_none_is_named() -> None:
    with pytest.raises(PeerViolation, match="not a deflate stream"):
        read(b"\xff" * 100, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.mark.parametrize("complete", [True, False])
def test_a_header_of_lying_length_reaches_the_ceiling(complete: bool) -> None:
    data = instance(explicit(0x00091001, "OB", b"", length=0xFFFFFFF0))
    with pytest.raises(PeerViolation) as caught:
        read_header(data, EXPLICIT_VR_LITTLE_ENDIAN, complete=complete)
    if not complete:
        assert isinstance(caught.value, CeilingReached)
        assert caught.value.ceiling == "MAX_HEADER_BYTES"


def test_a_header_longer_than_its_ceiling_is_refused_even_if_all_is_there() -> None:
    sop_class, sop_instance, study, series = identifying()
    filler = explicit(0x00091001, "OB", bytes(MAX_HEADER_BYTES))
    with pytest.raises(CeilingReached, match="MAX_HEADER_BYTES"):
        read(sop_class + sop_instance + filler + study + series)


@pytest.mark.parametrize(
    ("element", "transfer_syntax"),
    [
        (explicit(0x00091001, "LO"), EXPLICIT_VR_LITTLE_ENDIAN),
        (implicit(0x00091001), IMPLICIT_VR_LITTLE_ENDIAN),
        (explicit(0x00091001, "LO", order=">"), EXPLICIT_VR_BIG_ENDIAN),
    ],
)
def test_too_many_elements_reach_the_ceiling(element: bytes, transfer_syntax: str) -> None:
    with pytest.raises(CeilingReached, match="MAX_HEADER_ELEMENTS"):
        read(element * (MAX_HEADER_ELEMENTS + 1), transfer_syntax)


def test_a_value_too_long_for_the_index_is_named_but_not_shown() -> None:
    data = instance(explicit(0x00100010, "UT", b"S" * (MAX_VALUE_INDEXED + 2)))
    with pytest.raises(CeilingReached, match=r"MAX_VALUE_INDEXED of \(0010,0010\)") as caught:
        read(data)
    assert "SSS" not in str(caught.value)


def test_a_header_that_ends_within_an_element_is_refused() -> None:
    data = instance()
    with pytest.raises(PeerViolation, match="ends within an element") as caught:
        read(data[:-3])
    assert caught.value.answer.status == 0xC000


def test_every_cut_of_a_header_is_read_or_refused() -> None:
    data = instance(sequence(0x00081140, item(explicit(0x00081155, "UI", b"1.2\0")), is_delimited=True))
    statuses = set()
    for transfer_syntax in (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN):
        for size in range(len(data)):
            try:
                read_header(data[:size], transfer_syntax, complete=True)
            except PeerViolation as refusal:
                statuses.add(refusal.answer.status)
    assert statuses == {0xC000}


def test_rows_are_numbers_in_either_byte_order() -> None:
    rows = struct.pack("<H", 512)
    assert read(instance(after=explicit(0x00280010, "US", rows))).text(0x00280010) == "512"
    big = explicit(0x00280010, "US", struct.pack(">H", 512), order=">")
    assert read(big, EXPLICIT_VR_BIG_ENDIAN).text(0x00280010) == "512"

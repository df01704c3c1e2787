"""The DICOM JSON writer against pydicom's on every real file. Differences are listed, and only those are allowed."""

from __future__ import annotations

import base64
import json
from array import array
from typing import Any

import pydicom
import pytest

from helpers.samples import (
    Sample,
    all_samples,
    deflate_bomb,
    deflated,
    explicit,
    implicit,
    instance,
    item,
    nested,
    part10,
    quietly_read,
    sample,
    sequence,
)
from leadglass.dicom.json import BulkData, Reach, reach_of, to_json
from leadglass.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    transfer_syntax_of,
)
from leadglass.terms.ceilings import MAX_NESTING_DEPTH
from leadglass.terms.errors import CeilingReached, PeerViolation

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom warns of what the samples get wrong

Json = dict[str, Any]

PYDICOM_CANNOT = {
    # (file: why pydicom gives nothing to compare with)
    "pydicom/data/test_files/badVR.dcm": "an integer string that is no integer makes pydicom fail the whole object",
    "data_store/data/emri_small_jpeg_2k_lossless_too_short.dcm": "fragments cut short make pydicom drop the data set",
}


def uri_of(bulk: BulkData) -> str:
    return f"bulk/{bulk.path}"


def written(data: bytes, transfer_syntax: str = EXPLICIT_VR_LITTLE_ENDIAN, **options: Any) -> Json:
    return json.loads(to_json(data, transfer_syntax, **options))


def _swapped(inline: str, vr: str) -> str:
    word = {"OW": "H", "OF": "I", "OL": "I", "OD": "Q", "OV": "Q"}.get(vr)
    if word is None:
        return inline
    words = array(word, base64.b64decode(inline))
    words.byteswap()
    return base64.b64encode(words.tobytes()).decode()


def as_the_standard_says(theirs: Json, is_little_endian: bool) -> Json:
    """pydicom's model with the differences that the docstring of `leadglass.dicom.json` justifies."""
    changed: Json = {}
    for key, attribute in theirs.items():
        if key.endswith("0000") or key == "FFFCFFFC":  # group lengths, trailing padding
            continue
        attribute = dict(attribute, vr=str(attribute["vr"]))
        values = attribute.get("Value")
        if values == []:
            del attribute["Value"]
        elif attribute["vr"] == "SQ":
            attribute["Value"] = [as_the_standard_says(value, is_little_endian) for value in values]
        elif values is not None:
            attribute["Value"] = [None if value == "" else value for value in values]
        if key == "00080005" and "Value" in attribute:
            attribute["Value"] = ["ISO_IR 192"]
        if "InlineBinary" in attribute and not is_little_endian:
            attribute["InlineBinary"] = _swapped(attribute["InlineBinary"], attribute["vr"])
        changed[key] = attribute
    return changed


@pytest.mark.parametrize("found", all_samples(), ids=lambda s: s.name)
def test_equals_pydicom_on_every_sample(found: Sample) -> None:
    transfer_syntax = found.transfer_syntax()
    ours = written(memoryview(found.data_set_bytes()), transfer_syntax, bulk_data_uri=lambda _: "uri")
    dataset = found.dataset()
    if found.name in PYDICOM_CANNOT:
        assert len(ours) > 20, PYDICOM_CANNOT[found.name]
        return
    theirs = dataset.to_json_dict(bulk_data_element_handler=lambda _: "uri")
    for key in ("7FE00008", "7FE00009", "7FE00010"):  # pixel data of any size is bulk data
        if "InlineBinary" in theirs.get(key, {}):
            theirs[key] = {"vr": theirs[key]["vr"], "BulkDataURI": "uri"}
    assert ours == as_the_standard_says(theirs, transfer_syntax_of(transfer_syntax).is_little_endian)


@pytest.mark.parametrize("name", ["CT_small.dcm", "test-SR.dcm", "test_files/rtplan.dcm", "image_dfl.dcm"])
def test_without_a_callback_everything_is_inline_as_in_pydicom(name: str) -> None:
    found = sample(name)
    ours = written(found.data_set_bytes(), found.transfer_syntax())
    assert ours == as_the_standard_says(found.dataset().to_json_dict(), True)


@pytest.mark.parametrize("name", ["CT_small.dcm", "test-SR.dcm", "test_files/rtplan.dcm", "MR_small_RLE.dcm"])
def test_pydicom_reads_back_what_we_write(name: str) -> None:
    found = sample(name)
    raw = to_json(found.data_set_bytes(), found.transfer_syntax()).decode()
    back = pydicom.Dataset.from_json(raw)
    assert back.SOPInstanceUID == found.dataset().SOPInstanceUID
    assert back.get("PatientName") == found.dataset().get("PatientName")


def test_the_head_of_an_object_is_enough() -> None:
    found = sample("MR2_UNCR.dcm")
    data = found.data_set_bytes()
    assert len(data) > 1 << 20
    assert written(data[: 1 << 16], found.transfer_syntax(), bulk_data_uri=uri_of) == written(
        data, found.transfer_syntax(), bulk_data_uri=uri_of
    )


def test_group_lengths_and_trailing_padding_are_left_out() -> None:
    data = (
        explicit(0x00080000, "UL", bytes(4)) + explicit(0x00080060, "CS", b"CT") + explicit(0xFFFCFFFC, "OB", b"\0\0")
    )
    assert list(written(data)) == ["00080060"]


def test_attributes_come_in_ascending_order() -> None:
    data = explicit(0x00100020, "LO", b"42") + explicit(0x00080060, "CS", b"CT")
    assert list(written(data)) == ["00080060", "00100020"]


def test_bulk_data_is_located() -> None:
    seen: list[BulkData] = []

    def remember(bulk: BulkData) -> str:
        seen.append(bulk)
        return "uri"

    fragments = implicit(0xFFFEE000) + implicit(0xFFFEE000, b"\1\2\3\4") + implicit(0xFFFEE0DD)
    icon = explicit(0x7FE00010, "OW", b"\5\6")
    data = (
        sequence(0x00880200, item(explicit(0x00280010, "US", b"\1\0")), item(icon))
        + explicit(0x00291010, "OB", bytes(1000))
        + explicit(0x7FE00010, "OB", fragments, length=0xFFFFFFFF)
    )
    written(data, bulk_data_uri=remember)
    assert [(b.path, b.vr, b.length, b.is_encapsulated) for b in seen] == [
        ("00291010", "OB", 1000, False),
        ("00880200/1/7FE00010", "OW", 2, False),
        ("7FE00010", "OB", 20, True),
    ]
    assert data[seen[1].offset : seen[1].offset + 2] == b"\5\6"
    assert data[seen[2].offset :].startswith(implicit(0xFFFEE000))


def test_the_inline_limit_is_exact() -> None:
    data = explicit(0x00291010, "OB", bytes(10))
    assert "InlineBinary" in written(data, bulk_data_uri=uri_of, inline_limit=10)["00291010"]
    assert written(data, bulk_data_uri=uri_of, inline_limit=9)["00291010"] == {
        "vr": "OB",
        "BulkDataURI": "bulk/00291010",
    }


def test_the_character_set_becomes_utf_8_in_every_item() -> None:
    inner = explicit(0x00080005, "CS", b"ISO_IR 126") + explicit(0x00100010, "PN", b"\xc4\xe9")
    data = (
        explicit(0x00080005, "CS", b"ISO_IR 100")
        + sequence(0x00081140, item(inner))
        + explicit(0x00100010, "PN", b"\xe9")
    )
    ours = written(data)
    assert ours["00080005"]["Value"] == ["ISO_IR 192"]
    assert ours["00100010"]["Value"] == [{"Alphabetic": "é"}]
    assert ours["00081140"]["Value"][0]["00100010"]["Value"] == [{"Alphabetic": "Δι"}]


def test_markup_and_control_characters_stay_data() -> None:
    name = '</script><script>"\\x'
    data = explicit(0x00104000, "LT", name.encode() + b"\x00\x01\x1f!")
    raw = to_json(data, EXPLICIT_VR_LITTLE_ENDIAN)
    assert json.loads(raw)["00104000"]["Value"] == [name + "\x00\x01\x1f!"]
    assert b"\x01" not in raw


@pytest.mark.parametrize("is_signed", [0, 1])
def test_us_or_ss_follows_pixel_representation_of_the_nearest_data_set(is_signed: int) -> None:
    inner = implicit(0x00280106, b"\xff\xff")
    outer = implicit(0x00280103, bytes([is_signed, 0])) + implicit(0x00280106, b"\xff\xff")
    data = implicit(0x00081140, implicit(0xFFFEE000, inner)) + outer
    ours = written(data, IMPLICIT_VR_LITTLE_ENDIAN)
    expected = {"vr": "SS", "Value": [-1]} if is_signed else {"vr": "US", "Value": [65535]}
    assert ours["00280106"] == expected
    assert ours["00081140"]["Value"][0]["00280106"] == expected


def test_lut_data_is_us_only_for_one_entry() -> None:
    for entries, vr in ((1, "US"), (256, "OW")):
        data = implicit(0x00283002, entries.to_bytes(2, "little") + b"\0\0\x10\0") + implicit(0x00283006, b"\1\0")
        assert written(data, IMPLICIT_VR_LITTLE_ENDIAN)["00283006"]["vr"] == vr


def test_private_attributes_are_looked_up_with_their_creator() -> None:
    data = implicit(0x00190010, b"SIEMENS MR HEADER ") + implicit(0x00191008, b"IMAGE NUM 4 ")
    assert written(data, IMPLICIT_VR_LITTLE_ENDIAN)["00191008"] == {"vr": "CS", "Value": ["IMAGE NUM 4"]}
    assert written(data[26:], IMPLICIT_VR_LITTLE_ENDIAN)["00191008"]["vr"] == "UN"


def test_a_sequence_hidden_in_un_is_found() -> None:
    body = implicit(0xFFFEE000, implicit(0x00080100, b"CODE"))
    data = explicit(0x00081140, "UN", body)
    assert written(data)["00081140"] == {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["CODE"]}}]}
    assert written(data) == quietly_read(part10(data)).to_json_dict()


def test_un_that_is_no_sequence_stays_un() -> None:
    assert written(explicit(0x00081140, "UN", b"not items!!!"))["00081140"]["vr"] == "UN"


def test_what_cannot_be_a_value_becomes_un_and_loses_nothing() -> None:
    ours = written(explicit(0x00280010, "US", b"\1\2\3") + explicit(0x00291001, "ZZ", b"ab"))
    assert ours["00280010"] == {"vr": "UN", "InlineBinary": base64.b64encode(b"\1\2\3").decode()}
    assert ours["00291001"] == {"vr": "UN", "InlineBinary": base64.b64encode(b"ab").decode()}


def test_empty_attributes_have_no_value() -> None:
    ours = written(explicit(0x00100010, "PN") + explicit(0x00081140, "SQ") + explicit(0x00280010, "US"))
    assert ours == {"00100010": {"vr": "PN"}, "00081140": {"vr": "SQ"}, "00280010": {"vr": "US"}}


def test_inline_words_of_big_endian_data_sets_are_swapped() -> None:
    data = explicit(0x00281201, "OW", b"\1\2\3\4", order=">")
    assert base64.b64decode(written(data, EXPLICIT_VR_BIG_ENDIAN)["00281201"]["InlineBinary"]) == b"\2\1\4\3"


# --- hostile -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_delimited", [True, False])
def test_nesting_ten_thousand_deep_reaches_the_ceiling(is_delimited: bool) -> None:
    with pytest.raises(CeilingReached, match="MAX_NESTING_DEPTH"):
        to_json(instance(nested(10_000, is_delimited=is_delimited)), EXPLICIT_VR_LITTLE_ENDIAN)


def test_nesting_to_the_ceiling_is_written() -> None:
    data = nested(MAX_NESTING_DEPTH, is_delimited=True)
    assert to_json(data, EXPLICIT_VR_LITTLE_ENDIAN).count(b'"SQ"') == MAX_NESTING_DEPTH


def test_nesting_through_un_counts_too() -> None:
    body = b""
    for _ in range(MAX_NESTING_DEPTH + 1):
        body = explicit(0x00081140, "UN", implicit(0xFFFEE000, body))
    with pytest.raises(CeilingReached, match="MAX_NESTING_DEPTH"):
        to_json(body, EXPLICIT_VR_LITTLE_ENDIAN)


def test_deflate_bombs_reach_the_ceiling() -> None:
    with pytest.raises(CeilingReached, match="MAX_DEFLATED_HEADER"):
        to_json(deflate_bomb(128 << 20), DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, bulk_data_uri=uri_of)


def test_a_large_deflated_image_is_no_bomb() -> None:
    packed = deflated(instance(after=explicit(0x7FE00010, "OW", bytes(80 << 20))))
    ours = written(packed, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, bulk_data_uri=uri_of)
    assert ours["7FE00010"] == {"vr": "OW", "BulkDataURI": "bulk/7FE00010"}


def test_elements_are_counted() -> None:
    data = explicit(0x00100020, "LO", b"42") * 11
    with pytest.raises(CeilingReached, match="MAX_HEADER_ELEMENTS"):
        to_json(data, EXPLICIT_VR_LITTLE_ENDIAN, max_elements=10)


def test_malformed_bytes_are_refused() -> None:
    with pytest.raises(PeerViolation):
        to_json(explicit(0x00081140, "SQ", b"x" * 40, length=0xFFFFFFFF), EXPLICIT_VR_LITTLE_ENDIAN)


@pytest.mark.parametrize(
    ("element", "written"),
    [
        (explicit(0x00080005, "SQ", item(b"")), {"vr": "CS", "Value": ["ISO_IR 192"]}),
        (explicit(0x00080005, "OB", b"ISO_IR 100"), {"vr": "CS", "Value": ["ISO_IR 192"]}),
        (explicit(0x00080005, "OB"), {"vr": "OB"}),
        (explicit(0x00080018, "AA"), {"vr": "UN"}),
        (explicit(0x00080018, "AA", b"1.2\0"), {"vr": "UN", "InlineBinary": "MS4yAA=="}),
    ],
)
def test_vrs_that_do_not_belong_there(element: bytes, written: dict[str, object]) -> None:
    [found] = json.loads(to_json(element, EXPLICIT_VR_LITTLE_ENDIAN)).values()
    assert found == written


def test_how_far_a_beginning_reaches() -> None:
    content = instance(after=explicit(0x7FE00010, "OW", bytes(100)))
    behind = content + explicit(0xFFFAFFFA, "SQ")
    syntax = EXPLICIT_VR_LITTLE_ENDIAN
    assert reach_of(content[:-50], syntax, len(content)) is Reach.ALL
    assert reach_of(behind[:-70], syntax, len(behind)) is Reach.UP_TO_PIXELS
    assert reach_of(behind, syntax, len(behind)) is Reach.ALL
    assert reach_of(content[:40], syntax, len(content)) is Reach.PART
    assert reach_of(content[:-110], syntax, len(content)) is Reach.PART
    squeezed = deflated(content)
    assert reach_of(squeezed[:-1], DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN, len(squeezed)) is Reach.PART

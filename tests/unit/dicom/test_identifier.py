"""Query identifiers against pydicom, in both directions."""

from __future__ import annotations

import io

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset

from helpers.samples import explicit, implicit, item, nested, sequence
from leadglass.dicom.dictionary import tag_of, vr_of
from leadglass.dicom.identifier import Identifier, decode_identifier, encode_identifier
from leadglass.dicom.uids import EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from leadglass.terms.errors import CeilingReached, PeerViolation

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom warns of what the samples get wrong

SYNTAXES = [IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_BIG_ENDIAN]
CHARACTER_SET, REQUESTS = 0x00080005, 0x00400275


def tags(**values: object) -> Identifier:
    """An identifier by keyword."""
    return {tag_of(keyword): value for keyword, value in values.items()}  # type: ignore[misc]


STUDY = tags(
    StudyDate="20200101-",
    StudyTime="",
    AccessionNumber="A1",
    QueryRetrieveLevel="STUDY",
    ModalitiesInStudy="CT\\MR",
    ReferringPhysicianName="",
    PatientName="DOE^J*",
    PatientID="42",
    StudyInstanceUID="1.2.3",
    NumberOfStudyRelatedInstances="12",
    Rows="512",
    RequestAttributesSequence=(tags(ScheduledProcedureStepID="S1", RequestedProcedureID=""),),
)


def pydicom_bytes(dataset: Dataset, transfer_syntax: str) -> bytes:
    out = DicomBytesIO()
    out.is_implicit_VR = transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
    out.is_little_endian = transfer_syntax != EXPLICIT_VR_BIG_ENDIAN
    write_dataset(out, dataset)
    return out.getvalue()


def pydicom_dataset(raw: bytes, transfer_syntax: str) -> Dataset:
    is_implicit = transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN
    return read_dataset(io.BytesIO(raw), is_implicit, transfer_syntax != EXPLICIT_VR_BIG_ENDIAN)


def as_dataset(items: Identifier) -> Dataset:
    """What a pydicom user would build for `items`."""
    dataset = Dataset()
    for tag, value in items.items():
        if not isinstance(value, str):
            dataset.add_new(tag, "SQ", [as_dataset(one) for one in value])
        elif vr_of(tag) == "US":
            dataset.add_new(tag, "US", [int(part) for part in value.split("\\")] if value else None)
        else:
            dataset.add_new(tag, vr_of(tag), value.split("\\") if "\\" in value else value)
    return dataset


@pytest.mark.parametrize("transfer_syntax", SYNTAXES)
def test_encoding_equals_pydicom_byte_for_byte(transfer_syntax: str) -> None:
    assert encode_identifier(STUDY, transfer_syntax) == pydicom_bytes(as_dataset(STUDY), transfer_syntax)


@pytest.mark.parametrize("transfer_syntax", SYNTAXES)
def test_encoding_beyond_ascii_equals_pydicom_byte_for_byte(transfer_syntax: str) -> None:
    items = {**STUDY, **tags(PatientName="Müller^Jörg=王^小東", SpecificCharacterSet="ISO_IR 192")}
    assert encode_identifier(items, transfer_syntax) == pydicom_bytes(as_dataset(items), transfer_syntax)


@pytest.mark.parametrize("transfer_syntax", SYNTAXES)
def test_what_was_encoded_is_decoded(transfer_syntax: str) -> None:
    decoded = decode_identifier(encode_identifier(STUDY, transfer_syntax), transfer_syntax)
    assert decoded == STUDY
    assert list(decoded) == sorted(STUDY)


@pytest.mark.parametrize("transfer_syntax", SYNTAXES)
def test_pydicom_identifiers_are_decoded(transfer_syntax: str) -> None:
    dataset = as_dataset(STUDY)
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.PatientName = "Müller^*"
    decoded = decode_identifier(memoryview(pydicom_bytes(dataset, transfer_syntax)), transfer_syntax)
    assert decoded == {**STUDY, CHARACTER_SET: "ISO_IR 100", 0x00100010: "Müller^*"}


def test_ascii_needs_no_character_set() -> None:
    items = {CHARACTER_SET: "ISO_IR 100", **tags(PatientName="DOE")}
    assert CHARACTER_SET not in decode_identifier(
        encode_identifier(items, EXPLICIT_VR_LITTLE_ENDIAN), EXPLICIT_VR_LITTLE_ENDIAN
    )


def test_text_beyond_ascii_in_an_item_declares_utf_8_at_the_top() -> None:
    items = tags(RequestAttributesSequence=(tags(RequestedProcedureID="é"),))
    dataset = pydicom_dataset(encode_identifier(items, EXPLICIT_VR_LITTLE_ENDIAN), EXPLICIT_VR_LITTLE_ENDIAN)
    assert dataset.SpecificCharacterSet == "ISO_IR 192"
    assert dataset.RequestAttributesSequence[0].RequestedProcedureID == "é"
    assert "SpecificCharacterSet" not in dataset.RequestAttributesSequence[0]


def test_numbers_with_high_bytes_are_not_taken_for_text() -> None:
    raw = encode_identifier(tags(Rows="65535"), EXPLICIT_VR_LITTLE_ENDIAN)
    assert raw == explicit(0x00280010, "US", b"\xff\xff")


def test_the_character_set_stands_in_tag_order() -> None:
    items = {0x00080001: "1", **tags(PatientName="é")}
    decoded = decode_identifier(encode_identifier(items, EXPLICIT_VR_LITTLE_ENDIAN), EXPLICIT_VR_LITTLE_ENDIAN)
    assert list(decoded) == [0x00080001, CHARACTER_SET, 0x00100010]


def test_attribute_tags_and_ambiguous_vrs_are_written() -> None:
    items = {tag_of("FrameIncrementPointer"): "00181063", tag_of("SmallestImagePixelValue"): "7"}
    raw = encode_identifier(items, EXPLICIT_VR_LITTLE_ENDIAN)
    assert raw == explicit(0x00280009, "AT", b"\x18\0\x63\x10") + explicit(0x00280106, "US", b"\7\0")
    assert decode_identifier(raw, EXPLICIT_VR_LITTLE_ENDIAN) == items


def test_unknown_attributes_are_un() -> None:
    raw = encode_identifier({0x00091001: "abc"}, EXPLICIT_VR_LITTLE_ENDIAN)
    assert raw == explicit(0x00091001, "UN", b"abc ")


def test_a_text_too_long_for_a_short_vr_becomes_un() -> None:
    items = tags(SOPInstanceUID="\\".join(["1.2.3.4.5.6.7.8.9"] * 5000))
    raw = encode_identifier(items, EXPLICIT_VR_LITTLE_ENDIAN)
    assert raw[4:6] == b"UN"
    assert decode_identifier(raw, EXPLICIT_VR_LITTLE_ENDIAN) == items


@pytest.mark.parametrize(
    ("keyword", "value", "empty"),
    [
        ("Rows", "abc", explicit(0x00280010, "US")),
        ("Rows", "70000", explicit(0x00280010, "US")),
        ("Rows", "-1", explicit(0x00280010, "US")),
        ("RecommendedDisplayFrameRateInFloat", "1e300", explicit(0x00089459, "FL")),
        ("FrameIncrementPointer", "xyz", explicit(0x00280009, "AT")),
    ],
)
def test_what_does_not_fit_its_vr_is_left_empty(keyword: str, value: str, empty: bytes) -> None:
    assert encode_identifier(tags(**{keyword: value}), EXPLICIT_VR_LITTLE_ENDIAN) == empty


def test_undefined_lengths_and_un_are_decoded() -> None:
    step = item(explicit(0x00400009, "SH", b"S1"), is_delimited=True)
    raw = explicit(0x00100020, "UN", b"42") + sequence(REQUESTS, step, is_delimited=True)
    assert decode_identifier(raw, EXPLICIT_VR_LITTLE_ENDIAN) == {0x00100020: "42", REQUESTS: ({0x00400009: "S1"},)}


def test_an_empty_item_is_universal() -> None:
    raw = implicit(REQUESTS, implicit(0xFFFEE000))
    assert decode_identifier(raw, IMPLICIT_VR_LITTLE_ENDIAN) == {REQUESTS: ({},)}
    assert encode_identifier({REQUESTS: ({},)}, IMPLICIT_VR_LITTLE_ENDIAN) == raw


@pytest.mark.parametrize("raw", [b"\x10\0\x20\0LO\x40\0abc", explicit(REQUESTS, "SQ", b"not an item")])
def test_what_is_no_data_set_is_refused(raw: bytes) -> None:
    with pytest.raises(PeerViolation):
        decode_identifier(raw, EXPLICIT_VR_LITTLE_ENDIAN)


def test_nesting_reaches_the_ceiling() -> None:
    with pytest.raises(CeilingReached):
        decode_identifier(nested(10_000, is_delimited=True), EXPLICIT_VR_LITTLE_ENDIAN)


TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="\\\0\x1b", exclude_categories=("Cs",)), max_size=20
).map(lambda text: text.strip(" "))


@given(
    st.dictionaries(st.sampled_from([0x00100020, 0x00081030, 0x00080050, 0x00200010, 0x00181030]), TEXT),
    st.sampled_from(SYNTAXES),
)
def test_any_text_survives_the_round_trip(items: dict[int, str], transfer_syntax: str) -> None:
    raw = encode_identifier(items, transfer_syntax)
    assert len(raw) % 2 == 0
    decoded = decode_identifier(raw, transfer_syntax)
    decoded.pop(CHARACTER_SET, None)
    assert decoded == items
    theirs = pydicom_dataset(raw, transfer_syntax)
    assert all((theirs[tag].value or "") == text for tag, text in items.items())


def test_pydicom_finds_nothing_missing() -> None:
    dataset = pydicom_dataset(encode_identifier(STUDY, EXPLICIT_VR_LITTLE_ENDIAN), EXPLICIT_VR_LITTLE_ENDIAN)
    assert isinstance(dataset.PatientName, pydicom.valuerep.PersonName)
    assert {int(element.tag) for element in dataset} == set(STUDY)

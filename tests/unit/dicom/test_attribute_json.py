"""Attributes from the index's text look as pydicom writes them from the file, and as our own writer does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from helpers.samples import Sample, all_samples
from leadglass.dicom.attribute_json import attribute_json, merged, sequence_json, text_in_json
from leadglass.dicom.dictionary import keyword_of
from leadglass.dicom.elements.index_tags import INDEX_TAGS
from leadglass.dicom.header import Header, read_header
from leadglass.dicom.json import to_json

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom warns of what the samples get wrong

PYDICOM_CANNOT = {
    "pydicom/data/test_files/badVR.dcm",  # an integer string that is no integer
    "data_store/data/emri_small_jpeg_2k_lossless_too_short.dcm",  # fragments cut short
}


def rendered(keyword: str, text: str) -> dict[str, Any]:
    [attribute] = json.loads(f"{{{attribute_json(keyword, text)}}}").values()
    assert isinstance(attribute, dict)
    return attribute


def _as_kept(attribute: dict[str, Any]) -> dict[str, Any]:
    """The index keeps values without their padding on both sides, and an empty value is none."""
    values = [value.strip(" \0") or None if isinstance(value, str) else value for value in attribute.get("Value", [])]
    return {"vr": attribute["vr"], "Value": values} if any(v is not None for v in values) else {"vr": attribute["vr"]}


@pytest.mark.parametrize("found", all_samples(), ids=lambda s: s.name)
def test_equals_the_writers_of_whole_objects_on_every_sample(found: Sample) -> None:
    data = found.data_set_bytes()
    header = read_header(data, found.transfer_syntax(), complete=True)
    assert isinstance(header, Header)
    ours = json.loads(to_json(data, found.transfer_syntax(), bulk_data_uri=lambda bulk: bulk.path))
    theirs: Any = {} if found.name in PYDICOM_CANNOT else found.dataset(stop_before_pixels=True)
    for tag in INDEX_TAGS.values():
        if tag not in header.values:
            continue
        written = rendered(keyword_of(tag), header.text(tag))
        assert written == _as_kept(ours[f"{tag:08X}"])
        if tag in theirs:
            assert written == _as_kept(theirs[tag].to_json_dict(None, 0))


def test_what_is_not_there_has_no_value() -> None:
    for keyword in ("PatientName", "Rows", "SeriesNumber", "StudyDate"):
        assert "Value" not in rendered(keyword, "")
    assert rendered("PatientName", "==x")["Value"] == [{"Alphabetic": "", "Ideographic": "", "Phonetic": "x"}]
    assert rendered("AccessionNumber", "A\\\\B")["Value"] == ["A", None, "B"]


def test_what_is_no_number_is_told_as_it_is_or_not_at_all() -> None:
    assert rendered("SeriesNumber", "seven")["Value"] == ["seven"]
    assert rendered("SeriesNumber", "9" * 5000)["Value"] == ["9" * 5000]
    assert rendered("Rows", "512\\x\\²\\-1")["Value"] == [512, None, None, None]


@pytest.mark.parametrize("text", ['"}', "a\nb", "\x1b[0m", "\x00", "\x7f", "\u2028", "\U0001f600", "</script>"])
def test_text_stays_text(text: str) -> None:
    assert rendered("StudyDescription", f"x{text}x")["Value"] == [f"x{text}x"]
    assert "\n" not in attribute_json("StudyDescription", text), "fragments are cut at newlines"
    assert json.loads(f'"{text_in_json(text)}"') == text


def test_sequences() -> None:
    assert sequence_json("RequestAttributesSequence", []) == '"00400275":{"vr":"SQ"}'
    item = [attribute_json("ScheduledProcedureStepID", "S"), attribute_json("RequestedProcedureID", "R")]
    written = json.loads(f"{{{sequence_json('RequestAttributesSequence', [item, item[:1]])}}}")
    assert [sorted(one) for one in written["00400275"]["Value"]] == [["00400009", "00401001"], ["00400009"]]


def test_objects_become_one_in_the_order_of_their_tags() -> None:
    one, other = '{"00100010":{"vr":"PN"},"00081190":{"vr":"UR"}}', '{"00081190":{"vr":"UR","Value":["x"]}}'
    assert merged(one, other) == '{"00081190":{"vr":"UR","Value":["x"]},"00100010":{"vr":"PN"}}'

"""What a store is answered: status, sequences, reasons and words."""

from __future__ import annotations

import json

import pytest

from helpers.stow import failed, other_failures, stored
from leadglass.archive.batch import NotTaken, Taken
from leadglass.web.dicomweb.store_answer import store_answer

SERVICE = "https://archive.example/dicom-web"
TAKEN = Taken("1.2.840.10008.5.1.4.1.1.2", "1.2.1.1.1", "1.2.1", "1.2.1.1")
CONFLICT = NotTaken("1.2.840.10008.5.1.4.1.1.2", "1.2.1.1.2", 0x0111, "another one is stored")
NO_FILE = NotTaken("", "", 0xC000, "not a DICOM file")


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [([TAKEN], 200), ([TAKEN, TAKEN], 200), ([TAKEN, CONFLICT], 202), ([NO_FILE, TAKEN], 202), ([CONFLICT], 409)],
)
def test_the_status_says_whether_all_some_or_none_were_stored(outcomes: list[Taken | NotTaken], status: int) -> None:
    assert store_answer(outcomes, SERVICE).status_code == status


def test_each_part_is_answered() -> None:
    response = store_answer([TAKEN, CONFLICT, NO_FILE], SERVICE)
    assert response.headers["content-type"] == "application/dicom+json"
    answer = json.loads(bytes(response.body))
    assert stored(answer) == ["1.2.1.1.1"]
    assert failed(answer) == {"1.2.1.1.2": (0x0111, "another one is stored")}
    assert other_failures(answer) == [(0xC000, "not a DICOM file")]
    study = f"{SERVICE}/studies/1.2.1"
    assert answer["00081190"] == {"vr": "UR", "Value": [study]}
    assert answer["00081199"]["Value"][0] == {
        "00081150": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
        "00081155": {"vr": "UI", "Value": ["1.2.1.1.1"]},
        "00081190": {"vr": "UR", "Value": [f"{study}/series/1.2.1.1/instances/1.2.1.1.1"]},
    }
    assert list(answer) == sorted(answer)


def test_no_study_is_named_where_there_are_several_or_none() -> None:
    other = Taken("1.2.840.10008.5.1.4.1.1.2", "1.2.2.1.1", "1.2.2", "1.2.2.1")
    assert "00081190" not in json.loads(bytes(store_answer([TAKEN, other], SERVICE).body))
    assert json.loads(bytes(store_answer([NO_FILE], SERVICE).body)).keys() == {"0008119A"}

from __future__ import annotations

import json
from typing import Any

from leadglass.web.console.rows import series_of, study_of
from leadglass.web.console.searches import Found


def _found(**attributes: Any) -> Found:
    return Found(json.dumps({tag: {"vr": "XX", "Value": values} for tag, values in attributes.items()}).encode())


def test_values_as_text() -> None:
    found = Found(
        b'{"00100020":{"vr":"LO","Value":["A"]},"00080061":{"vr":"CS","Value":["CT",null,"SR"]},"00080050":{"vr":"SH"}}'
    )
    assert found.one("PatientID") == "A"
    assert found.all("ModalitiesInStudy") == ["CT", "SR"]
    assert (found.one("AccessionNumber"), found.one("StudyDate")) == ("", "")


def test_names_are_put_together_again() -> None:
    value = {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}
    assert Found(json.dumps({"00100010": {"vr": "PN", "Value": [value]}}).encode()).one("PatientName") == (
        "Yamada^Tarou=山田^太郎"
    )


def test_numbers() -> None:
    found = Found(
        b'{"00280008":{"vr":"IS","Value":[12]},"00200013":{"vr":"IS","Value":["x"]},"00200011":{"vr":"IS","Value":["-3"]}}'
    )
    assert found.number("NumberOfFrames", 1) == 12
    assert (found.number("InstanceNumber"), found.number("InstanceNumber", 7)) == (0, 7)
    assert found.number("SeriesNumber") == -3


def test_a_study_without_anything_in_it_still_has_words() -> None:
    study = study_of(Found(b'{"0020000D":{"vr":"UI","Value":["1.2.3"]}}'))
    assert (study.uid, study.patient_name, study.patient_line, study.date) == ("1.2.3", "No name", "", "")


def test_who_a_study_is_about() -> None:
    study = study_of(
        Found(
            b'{"00100020":{"vr":"LO","Value":["LG-1"]},"00100030":{"vr":"DA","Value":["19700101"]},'
            b'"00100040":{"vr":"CS","Value":["F"]}}'
        )
    )
    assert study.patient_line == "LG-1 · born 1 Jan 1970, female"


def test_series_without_pictures_are_known_by_their_modality() -> None:
    report = series_of(Found(b'{"00080060":{"vr":"CS","Value":["SR"]},"00201209":{"vr":"IS","Value":[1]}}'))
    assert (report.has_pictures, report.line, report.description) == (False, "SR · 1 object", "Series without name")
    scan = series_of(Found(b'{"00080060":{"vr":"CS","Value":["CT"]},"00200011":{"vr":"IS","Value":[4]}}'))
    assert (scan.has_pictures, scan.line, scan.description) == (True, "CT · series 4 · 0 objects", "Series 4")

"""What the demonstration loads: real samples that are there, and phantoms of more than 100 slices."""

from __future__ import annotations

from pathlib import Path

import pydicom

from leadglass.app import demo
from leadglass.app.demo import CT_STUDY, MR_STUDY


def test_every_sample_named_is_in_the_package() -> None:
    folder = Path(pydicom.__file__).parent / "data" / "test_files"
    assert [name for name in demo._SAMPLES if not (folder / name).exists()] == []
    assert len(set(demo._SAMPLES)) == len(demo._SAMPLES)


def test_the_phantoms_are_two_studies_of_two_patients() -> None:
    assert CT_STUDY.study_instance_uid != MR_STUDY.study_instance_uid
    assert CT_STUDY.patient_id != MR_STUDY.patient_id


def test_a_wildcard_address_is_reached_on_loopback() -> None:
    assert demo._reachable("0.0.0.0") == "127.0.0.1"
    assert demo._reachable("::") == "::1"
    assert demo._reachable("192.0.2.1") == "192.0.2.1"

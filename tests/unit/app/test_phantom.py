"""The phantoms are real DICOM to everybody who reads them, and the same on every machine."""

from __future__ import annotations

import hashlib
import io
import subprocess
import warnings
from pathlib import Path

import pydicom
import pytest

from helpers.peers import peer
from leadglass.app.phantom import PhantomStudy, ct_series, mr_series, multi_frame, uid

STUDY = PhantomStudy(patient_id="LG-7", patient_name="Größe^Zoë")
SAMPLES = {
    "ct": next(ct_series(STUDY, slices=1)),
    "ct-small": next(ct_series(STUDY, slices=1, size=64)),
    "mr": next(mr_series(STUDY, slices=1)),
    "multi-frame": multi_frame(STUDY, frames=3, size=64),
}


def read(part10: bytes) -> pydicom.FileDataset:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data_set = pydicom.dcmread(io.BytesIO(part10))
        list(data_set.iterall())  # elements are decoded when looked at
    return data_set


@pytest.mark.parametrize("name", SAMPLES)
def test_pydicom_reads_every_element_without_complaint(name: str) -> None:
    data_set = read(SAMPLES[name])
    assert data_set.file_meta.MediaStorageSOPInstanceUID == data_set.SOPInstanceUID
    assert str(data_set.PatientName) == "Größe^Zoë"
    assert data_set.StudyInstanceUID == STUDY.study_instance_uid
    pixels = data_set.pixel_array
    assert pixels.shape[-2:] == (data_set.Rows, data_set.Columns)
    assert 0 <= pixels.min() < pixels.max() < 4096


@pytest.mark.interop
@pytest.mark.parametrize("name", SAMPLES)
def test_dcmdump_reads_it_without_complaint(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.dcm"
    file.write_bytes(SAMPLES[name])
    done = subprocess.run([peer("dcmdump"), "+L", str(file)], capture_output=True, check=True)
    assert done.stderr == b""
    assert b"(7fe0,0010) OW" in done.stdout


def test_the_same_arguments_give_the_same_bytes() -> None:
    digest = {name: hashlib.sha256(part10).hexdigest()[:16] for name, part10 in SAMPLES.items()}
    assert digest == {
        "ct": "9697491ba540c062",
        "ct-small": "906877e35757d333",
        "mr": "fc3e72486aaa0e7f",
        "multi-frame": "a97d0a7149ee33f3",
    }


def test_a_series_is_one_stack_of_distinct_slices() -> None:
    slices = [read(part10) for part10 in ct_series(STUDY, slices=5, size=64)]
    assert [s.InstanceNumber for s in slices] == [1, 2, 3, 4, 5]
    assert len({s.SOPInstanceUID for s in slices}) == 5
    assert len({s.SeriesInstanceUID for s in slices}) == 1
    assert len({s.PixelData for s in slices}) == 5
    heights = [float(s.ImagePositionPatient[2]) for s in slices]
    assert heights == sorted(set(heights))


def test_series_of_one_study_differ_and_studies_differ() -> None:
    first, second = (read(next(ct_series(STUDY, slices=1, size=64, number=n))) for n in (1, 2))
    assert first.StudyInstanceUID == second.StudyInstanceUID
    assert first.SeriesInstanceUID != second.SeriesInstanceUID
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert PhantomStudy(study_id="2").study_instance_uid != PhantomStudy().study_instance_uid


def test_sizes_are_the_ones_figures_are_quoted_for() -> None:
    assert 524_288 < len(SAMPLES["ct"]) < 526_500
    assert 8_192 < len(SAMPLES["ct-small"]) < 10_000


def test_uids_fit_the_standard() -> None:
    for names in (("a",), ("a", "b"), ("ab",)):
        value = uid(*names)
        assert len(value) <= 64
        assert pydicom.uid.UID(value).is_valid
    assert uid("a", "b") != uid("ab")

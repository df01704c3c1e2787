"""What we draw of an image, DCMTK draws of it too: every pixel, but for rounding."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.dcmtk import run_dcmtk
from helpers.samples import sample
from leadglass.dicom.drawing import Drawing, Window
from leadglass.dicom.rendering import render_frame

pytestmark = [pytest.mark.interop, pytest.mark.filterwarnings("ignore::UserWarning")]

FROM_FILE, MIN_MAX = ("+Wi", "1"), ("+Wm",)
DRAWN = {
    "pydicom/data/test_files/CT_small.dcm": MIN_MAX,
    "pydicom/data/test_files/MR_small.dcm": FROM_FILE,
    "pydicom/data/test_files/ExplVR_BigEnd.dcm": MIN_MAX,
    "pydicom/data/test_files/image_dfl.dcm": MIN_MAX,
    "pydicom/data/test_files/liver_1frame.dcm": MIN_MAX,
    "pydicom/data/test_files/rtdose.dcm": MIN_MAX,
    "pydicom/data/test_files/dicomdirtests/77654033/CR1/6154": FROM_FILE,
    "pydicom/data/test_files/examples_overlay.dcm": FROM_FILE,
    "pydicom/data/test_files/examples_palette.dcm": (),
    "pydicom/data/test_files/SC_rgb_small_odd.dcm": (),
    "pydicom/data/test_files/SC_rgb_rle_16bit.dcm": (),
    "pydicom/data/test_files/SC_ybr_full_422_uncompressed.dcm": (),
    "pydicom/data/test_files/SC_rgb_jpeg_gdcm.dcm": (),
    "data_store/data/SC_ybr_full_uncompressed.dcm": (),
    "data_store/data/693_UNCI.dcm": FROM_FILE,
    "data_store/data/JPEG-LL.dcm": MIN_MAX,
    "data_store/data/OBXXXX1A_rle.dcm": (),
    "data_store/data/emri_small.dcm": MIN_MAX,
    "data_store/data/mlut_18.dcm": MIN_MAX,
    "data_store/data/vlut_04.dcm": ("+Wl", "1"),
    "pynetdicom/tests/dicom_files/RTImageStorage.dcm": MIN_MAX,
}
"""Every photometric interpretation there is, signed and unsigned, 1 to 32 bits, LUTs and windows."""


async def drawn_by_dcmtk(folder: Path, name: str, *options: object) -> np.ndarray:
    target = folder / "drawn.ppm"
    drawn = await run_dcmtk("dcmj2pnm", "+op", "-O", "+F", 1, *options, sample(name).path, target)
    assert drawn.exit_code == 0, drawn.output
    with Image.open(target) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def drawn_by_us(name: str, drawing: Drawing) -> np.ndarray:
    with Image.open(io.BytesIO(render_frame(sample(name).data(), drawing))) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


@pytest.mark.parametrize("name", DRAWN)
async def test_the_same_as_dcmtk(tmp_path: Path, name: str) -> None:
    theirs = await drawn_by_dcmtk(tmp_path, name, *DRAWN[name])
    ours = drawn_by_us(name, Drawing("image/png"))
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() <= 2


@pytest.mark.parametrize(("center", "width"), [(40, 400), (1000.5, 1), (-1000, 20), (900, 3000)])
async def test_the_same_window_as_dcmtk(tmp_path: Path, center: float, width: float) -> None:
    name = "pydicom/data/test_files/CT_small.dcm"
    theirs = await drawn_by_dcmtk(tmp_path, name, "+Ww", center, width)
    ours = drawn_by_us(name, Drawing("image/png", window=Window(center, width)))
    assert np.abs(ours - theirs).max() <= 1


async def test_the_same_sigmoid_as_dcmtk(tmp_path: Path) -> None:
    name = "pydicom/data/test_files/CT_small.dcm"
    theirs = await drawn_by_dcmtk(tmp_path, name, "+Ww", 900, 1000, "+Wfs")
    ours = drawn_by_us(name, Drawing("image/png", window=Window(900, 1000, "sigmoid")))
    assert np.abs(ours - theirs).max() <= 1

"""What our transcoding makes of an image, DCMTK's own converters make of it too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from helpers.dcmtk import run_dcmtk
from helpers.samples import part10, quietly_read, sample
from leadglass.dicom.transcoding import transcode_file
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN

pytestmark = pytest.mark.interop

CONVERTED = {
    "MR_small_bigendian.dcm": "dcmconv",
    "SC_rgb_expb_16bit.dcm": "dcmconv",
    "rtdose_expb.dcm": "dcmconv",
    "OBXXXX1A_expb.dcm": "dcmconv",
    "test_files/image_dfl.dcm": "dcmconv",
    "test_files/rtplan.dcm": "dcmconv",
    "emri_small_RLE.dcm": "dcmdrle",
    "OBXXXX1A_rle_2frame.dcm": "dcmdrle",
    "SC_rgb_rle_16bit.dcm": "dcmdrle",
    "JPEG-LL.dcm": "dcmdjpeg",
    "JPGLosslessP14SV1_1s_1f_8b.dcm": "dcmdjpeg",
    "emri_small_jpeg_ls_lossless.dcm": "dcmdjpls",
}


@pytest.mark.parametrize("name", CONVERTED)
async def test_the_same_as_dcmtk(tmp_path: Path, name: str) -> None:
    tool, target = CONVERTED[name], tmp_path / "converted.dcm"
    options = ("+te",) if tool == "dcmconv" else ()
    converted = await run_dcmtk(tool, *options, sample(name).path, target)
    assert converted.exit_code == 0, converted.output
    theirs = quietly_read(content_of(target))
    turned = transcode_file(sample(name).data(), EXPLICIT_VR_LITTLE_ENDIAN)
    ours = quietly_read(part10(turned, EXPLICIT_VR_LITTLE_ENDIAN))
    assert ours.get("PixelData") == theirs.get("PixelData")
    for element in theirs:
        if element.tag.element and not element.tag.is_private and element.keyword not in ADDED_BY_DCMTK:
            assert ours[element.tag].value == element.value, element.tag


@pytest.mark.parametrize("name", ["SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_dcmtk_+eb+cr.dcm"])
async def test_lossy_jpeg_differs_from_dcmtk_by_rounding_only(tmp_path: Path, name: str) -> None:
    target = tmp_path / "converted.dcm"
    converted = await run_dcmtk("dcmdjpeg", sample(name).path, target)
    assert converted.exit_code == 0, converted.output
    theirs = quietly_read(content_of(target)).pixel_array.astype(int)
    turned = transcode_file(sample(name).data(), EXPLICIT_VR_LITTLE_ENDIAN)
    data_set = quietly_read(part10(turned, EXPLICIT_VR_LITTLE_ENDIAN))
    ours = pydicom.pixels.convert_color_space(data_set.pixel_array, data_set.PhotometricInterpretation, "RGB")
    assert np.abs(ours.astype(int) - theirs).max() <= 3


ADDED_BY_DCMTK = {"PixelData", "DataSetTrailingPadding", "PlanarConfiguration"}


def content_of(path: Path) -> bytes:
    return path.read_bytes()

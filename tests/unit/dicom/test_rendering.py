"""Drawing: windows as pydicom computes them, polarity, padding, colours, shapes and sizes, and what has no picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset
from pydicom.dataset import FileMetaDataset
from pydicom.pixels.processing import apply_windowing
from pydicom.sequence import Sequence
from pydicom.uid import UID

from helpers.samples import sample
from leadglass.dicom import rendering
from leadglass.dicom.drawing import MEDIA_TYPES, Drawing, Window
from leadglass.dicom.rendering import NotRenderable, decode_frame, load_codecs, render_frame
from leadglass.dicom.uids import CT_IMAGE_STORAGE, EXPLICIT_VR_LITTLE_ENDIAN

PNG = Drawing("image/png")


def image(pixels: Any, **attributes: Any) -> bytes:
    """A Part-10 file of one frame of grey, unless the attributes say something else."""
    pixels = np.asarray(pixels)
    bits = pixels.dtype.itemsize * 8
    data_set = Dataset()
    data_set.file_meta = FileMetaDataset()
    data_set.file_meta.TransferSyntaxUID = UID(EXPLICIT_VR_LITTLE_ENDIAN)
    data_set.file_meta.MediaStorageSOPClassUID = data_set.SOPClassUID = UID(CT_IMAGE_STORAGE)
    data_set.file_meta.MediaStorageSOPInstanceUID = data_set.SOPInstanceUID = UID("1.2.3")
    data_set.Rows, data_set.Columns = pixels.shape[:2]
    data_set.SamplesPerPixel = pixels.shape[2] if pixels.ndim == 3 else 1
    data_set.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    data_set.BitsAllocated = data_set.BitsStored = bits
    data_set.HighBit = bits - 1
    data_set.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        data_set.PlanarConfiguration = 0
    raw = pixels.tobytes()
    data_set.add_new("PixelData", "OW" if bits == 16 else "OB", raw + b"\0" * (len(raw) % 2))
    for keyword, value in attributes.items():
        setattr(data_set, keyword, value)
    buffer = io.BytesIO()
    data_set.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def drawn(part10: bytes, drawing: Drawing = PNG) -> np.ndarray:
    with Image.open(io.BytesIO(render_frame(part10, drawing))) as picture:
        return np.asarray(picture).astype(int)


RAMP = np.arange(-100, 156, dtype=np.int16).reshape(16, 16)


@pytest.mark.parametrize("function", ["linear", "linear-exact", "sigmoid"])
@pytest.mark.parametrize(("center", "width"), [(0, 100), (20.5, 33.3), (-1000, 50), (0, 1), (10, 2)])
def test_windows_are_what_pydicom_makes_of_them(function: str, center: float, width: float) -> None:
    ours = drawn(image(RAMP), Drawing("image/png", window=Window(center, width, function)))
    said = Dataset()
    said.PhotometricInterpretation, said.BitsStored, said.PixelRepresentation = "MONOCHROME2", 16, 1
    said.WindowCenter, said.WindowWidth = str(center), str(width)
    said.VOILUTFunction = function.replace("-", "_").upper()
    theirs = apply_windowing(RAMP.astype(np.float64), said)
    scaled = (theirs + 32768) / 65535 * 255
    assert np.abs(ours - scaled).max() <= 0.51


def test_the_window_asked_for_goes_before_the_one_in_the_file() -> None:
    part10 = image(RAMP, WindowCenter=["0", "50"], WindowWidth=["10", "20"])
    first = drawn(image(RAMP), Drawing("image/png", window=Window(0, 10)))
    other = Drawing("image/png", window=Window(50, 20))
    assert (drawn(part10) == first).all()
    assert (drawn(part10, other) == drawn(image(RAMP), other)).all()


@pytest.mark.parametrize("width", ["0", "-5", "0.5"])
def test_a_window_without_sense_is_no_window(width: str) -> None:
    assert (drawn(image(RAMP, WindowCenter="0", WindowWidth=width)) == drawn(image(RAMP))).all()


def test_rescaling_comes_before_the_window() -> None:
    rescaled = image(RAMP, RescaleSlope="2", RescaleIntercept="-50")
    assert (drawn(rescaled, Drawing("image/png", window=Window(0, 100, "linear-exact"))) ==
            drawn(image(RAMP), Drawing("image/png", window=Window(25, 50, "linear-exact")))).all()  # fmt: skip


def test_monochrome1_is_the_other_way_round() -> None:
    assert (drawn(image(RAMP, PhotometricInterpretation="MONOCHROME1")) == 255 - drawn(image(RAMP))).all()
    assert (drawn(image(RAMP, PresentationLUTShape="INVERSE")) == 255 - drawn(image(RAMP))).all()


def test_padding_is_black_and_does_not_count() -> None:
    pixels = np.array([[-2000, 0], [100, -1999]], np.int16)
    padded = image(pixels, PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1999)
    assert drawn(padded).tolist() == [[0, 0], [255, 0]]
    inverted = image(
        pixels, PixelPaddingValue=-2000, PixelPaddingRangeLimit=-1999, PhotometricInterpretation="MONOCHROME1"
    )
    assert drawn(inverted).tolist() == [[0, 255], [0, 0]]
    assert drawn(image(np.full((2, 2), -2000, np.int16), PixelPaddingValue=-2000)).max() == 0


def test_a_frame_of_one_value_can_be_drawn() -> None:
    assert drawn(image(np.full((2, 2), 7, np.uint8))).shape == (2, 2)


def test_each_frame_has_its_own_window() -> None:
    groups = []
    for center in (0, 50):
        voi, group = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth = str(center), "20"
        group.FrameVOILUTSequence = Sequence([voi])
        groups.append(group)
    part10 = image(RAMP, PerFrameFunctionalGroupsSequence=Sequence(groups), NumberOfFrames="2")
    for frame, center in enumerate((0, 50)):
        expected = drawn(image(RAMP), Drawing("image/png", window=Window(center, 20)))
        assert (drawn(part10, Drawing("image/png", frame=frame)) == expected).all()


def test_colours_of_more_than_eight_bits_keep_the_upper_ones() -> None:
    pixels = np.array([[[0x1234, 0xFFFF, 0x00FF]]], np.uint16)
    assert drawn(image(pixels)).tolist() == [[[0x12, 0xFF, 0x00]]]


# --- sizes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "size"),
    [
        ({}, (40, 20)),
        ({"PixelSpacing": ["0.5", "0.5"]}, (40, 20)),
        ({"PixelSpacing": ["1", "0.5"]}, (40, 40)),
        ({"PixelAspectRatio": ["1", "2"]}, (80, 20)),
        ({"PixelAspectRatio": ["1", "100000"]}, (40, 20)),
        ({"PixelAspectRatio": ["0", "0"]}, (40, 20)),
        ({"PixelSpacing": ["1"]}, (40, 20)),
        ({"ImagerPixelSpacing": ["0.2", "0.1"]}, (40, 40)),
    ],
)
def test_pixels_become_square(attributes: dict[str, Any], size: tuple[int, int]) -> None:
    height, width = drawn(image(np.zeros((20, 40), np.uint8), **attributes)).shape
    assert (width, height) == size


@pytest.mark.parametrize(
    ("viewport", "region", "size"),
    [
        ((20, 20), None, (20, 10)),
        ((400, 60), None, (120, 60)),
        (None, (10, 5, 8, 4), (8, 4)),
        (None, (35, 15, 100, 100), (5, 5)),
        (None, (999, 999, 1, 1), (1, 1)),
        ((16, 16), (0, 0, 4, 4), (16, 16)),
        ((1, 1), None, (1, 1)),
    ],
)
def test_the_picture_fits_the_viewport(
    viewport: tuple[int, int] | None, region: tuple[int, int, int, int] | None, size: tuple[int, int]
) -> None:
    part10 = image(np.zeros((20, 40), np.uint8))
    height, width = drawn(part10, Drawing("image/png", viewport=viewport, region=region)).shape
    assert (width, height) == size


def test_a_region_shows_its_own_pixels() -> None:
    part10 = image(np.arange(16, dtype=np.uint8).reshape(4, 4))
    whole = drawn(part10)
    assert (drawn(part10, Drawing("image/png", region=(1, 2, 3, 2))) == whole[2:4, 1:4]).all()


def test_a_picture_that_would_be_too_large_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "_MOST_PIXELS", 99 * 100)
    with pytest.raises(NotRenderable, match="viewport"):
        render_frame(image(np.zeros((100, 100), np.uint8)), PNG)
    assert drawn(image(np.zeros((99, 100), np.uint8))).shape == (99, 100)
    assert drawn(image(np.zeros((100, 100), np.uint8)), Drawing("image/png", viewport=(90, 90))).shape == (90, 90)


# --- forms -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_each_media_type_is_what_it_says(media_type: str) -> None:
    load_codecs()
    for part10 in (image(RAMP), image(np.zeros((4, 4, 3), np.uint8))):
        with Image.open(io.BytesIO(render_frame(part10, Drawing(media_type)))) as picture:
            assert picture.get_format_mimetype() == media_type


def test_quality_costs_bytes() -> None:
    part10 = sample("pydicom/data/test_files/CT_small.dcm").data()
    lengths = [len(render_frame(part10, Drawing(quality=quality))) for quality in (1, 50, 100)]
    assert lengths == sorted(lengths)
    assert lengths[0] < lengths[-1] / 2


@pytest.mark.parametrize(
    ("part10", "drawing", "words"),
    [
        (sample("test_files/reportsi.dcm").data(), PNG, "no image"),
        (image(RAMP), Drawing("image/webp"), "media type"),
        (image(np.zeros((4, 4), np.uint8), PhotometricInterpretation="HSV"), PNG, "photometric"),
    ],
)
def test_what_has_no_picture_is_said_in_words(part10: bytes, drawing: Drawing, words: str) -> None:
    with pytest.raises(NotRenderable, match=words):
        render_frame(part10, drawing)


def test_a_decoded_frame_has_no_padding() -> None:
    assert decode_frame(image(np.arange(9, dtype=np.uint8).reshape(3, 3))) == bytes(range(9))


def test_a_drawing_goes_through_the_pipe_as_it_is() -> None:
    for drawing in (Drawing(), Drawing("image/png", 3, Window(1.5, 2, "sigmoid"), (1, 2), (1, 2, 3, 4), 7)):
        assert Drawing.from_json(drawing.to_json()) == drawing

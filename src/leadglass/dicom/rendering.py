"""Drawing one frame as a picture people can look at (PS3.3 §C.7.6.3, §C.11). Risky work on strangers' pixels: run it in
a worker only.

The way of a value: stored → modality LUT or rescale → VOI LUT or window → polarity → 8 bits; colours go straight.
"""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom import Dataset, dcmread
from pydicom.pixels.processing import apply_color_lut
from pydicom.pixels.utils import get_expected_length, pixel_array
from pydicom.uid import UID

from leadglass.dicom.drawing import Drawing
from leadglass.dicom.grayscale import draw_grayscale, group_of
from leadglass.dicom.transcoding import decompress

__all__ = ["NotRenderable", "decode_frame", "load_codecs", "render_frame"]

_PIXELS: Final = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_MONOCHROME: Final = frozenset({"MONOCHROME1", "MONOCHROME2"})
_COLOUR: Final = frozenset({"RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT"})
_MOST_STRETCHED: Final = 16.0
"""Pixels that claim to be longer than so many times their width are drawn square: no scanner makes such."""
_MOST_PIXELS: Final = 64_000_000
"""Of one picture, after stretching and scaling."""
_LONGEST_SIDE: Final = 65_500  # of a JPEG


class NotRenderable(Exception):
    """There is no picture of such an object. The text is ours and holds no value."""


def load_codecs() -> None:
    """Loads everything a frame may need, because later on no file can be opened."""
    Image.init()
    for media_type in ("image/jpeg", "image/png", "image/gif"):
        for mode in ("L", "RGB"):
            _encoded(Image.new(mode, (8, 8)), Drawing(media_type))


def render_frame(part10: bytes, drawing: Drawing) -> bytes:
    """The picture of a Part-10 file that holds one frame. NotRenderable if it has none; whatever else raises."""
    data_set = _one_frame(part10)
    photometric = str(data_set.get("PhotometricInterpretation", ""))
    frame = pixel_array(data_set, index=0)
    if photometric in _MONOCHROME and frame.ndim == 2:
        picture = Image.fromarray(draw_grayscale(frame, data_set, drawing.frame, drawing.window))
    elif photometric == "PALETTE COLOR":
        picture = Image.fromarray(_eight_bits(apply_color_lut(frame, data_set)[..., :3], _palette_bits(data_set)))
    elif photometric in _COLOUR and frame.ndim == 3:
        picture = Image.fromarray(_eight_bits(frame, int(data_set.BitsStored)))
    else:
        raise NotRenderable("there is no way to draw this photometric interpretation")
    return _encoded(_scaled(picture, _pixel_shape(data_set, drawing.frame), drawing), drawing)


def decode_frame(part10: bytes) -> bytes:
    """The uncompressed pixels of a Part-10 file that holds one frame, without padding."""
    data_set = _one_frame(part10)
    if UID(data_set.file_meta.TransferSyntaxUID).is_compressed:
        decompress(data_set)
    return bytes(data_set.PixelData[: get_expected_length(data_set)])


def _one_frame(part10: bytes) -> Dataset:
    data_set = dcmread(io.BytesIO(part10), force=False)
    if not any(keyword in data_set for keyword in _PIXELS):
        raise NotRenderable("an object of this kind holds no image")
    if "NumberOfFrames" in data_set:
        data_set.NumberOfFrames = 1
    return data_set


def _eight_bits(colours: NDArray[Any], bits: int) -> NDArray[np.uint8]:
    if bits > 8:
        colours = colours >> (bits - 8)
    eight: NDArray[np.uint8] = np.ascontiguousarray(np.clip(colours, 0, 255).astype(np.uint8))
    return eight


def _palette_bits(data_set: Dataset) -> int:
    """Bits of a palette's entries: the third value of its descriptor, or 16 where pydicom widened segments."""
    return int(data_set.RedPaletteColorLookupTableDescriptor[2])


def _pixel_shape(data_set: Dataset, frame: int) -> float:
    """How much higher than wide a pixel is; 1 if nobody says, or if it is nonsense."""
    measures = group_of(data_set, frame, "PixelMeasuresSequence")
    for source, keyword in (
        (measures, "PixelSpacing"),
        (data_set, "PixelAspectRatio"),
        (data_set, "ImagerPixelSpacing"),
        (data_set, "NominalScannedPixelSpacing"),
    ):
        try:
            vertical, horizontal = (float(value) for value in source.get(keyword) or ())
            shape = vertical / horizontal
        except (TypeError, ValueError, ZeroDivisionError):
            continue
        return shape if 1 / _MOST_STRETCHED <= shape <= _MOST_STRETCHED else 1.0
    return 1.0


def _scaled(picture: Image.Image, pixel_shape: float, drawing: Drawing) -> Image.Image:
    """The part of the picture that was asked for, with square pixels, as large as the viewport allows."""
    if drawing.region is not None:
        left, top, columns, rows = drawing.region
        left, top = min(left, picture.width - 1), min(top, picture.height - 1)
        right, bottom = min(left + columns, picture.width), min(top + rows, picture.height)
        picture = picture.crop((left, top, right, bottom))
    width, height = float(picture.width), float(picture.height)
    if abs(pixel_shape - 1.0) > 0.01:
        width, height = (width, height * pixel_shape) if pixel_shape > 1 else (width / pixel_shape, height)
    if drawing.viewport is not None:
        factor = min(drawing.viewport[0] / width, drawing.viewport[1] / height)
        width, height = width * factor, height * factor
    size = max(1, round(width)), max(1, round(height))
    if size[0] * size[1] > _MOST_PIXELS or max(size) > _LONGEST_SIDE:
        raise NotRenderable("the picture would be too large: ask for a viewport")
    if size == picture.size:
        return picture
    smaller = size[0] < picture.width
    return picture.resize(size, Image.Resampling.LANCZOS if smaller else Image.Resampling.BICUBIC, reducing_gap=3.0)


def _encoded(picture: Image.Image, drawing: Drawing) -> bytes:
    buffer = io.BytesIO()
    match drawing.media_type:
        case "image/png":
            picture.save(buffer, "PNG", compress_level=3)
        case "image/gif":
            picture.save(buffer, "GIF")
        case "image/jpeg":
            picture.save(buffer, "JPEG", quality=drawing.quality, subsampling=0)
        case _:
            raise NotRenderable("a frame is not drawn as this media type")
    return buffer.getvalue()

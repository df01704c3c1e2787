"""From stored values to 8 bits of grey: modality, values of interest, polarity (PS3.3 §C.11.1, §C.11.2, §C.7.6.3.1.2).

Integers of up to 16 bits go through one table of all values there are, so a picture costs a look-up for each pixel.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.processing import apply_modality_lut, apply_voi

from leadglass.dicom.drawing import Window

__all__ = ["draw_grayscale"]

Values = NDArray[Any]

_FUNCTIONS: Final = {"LINEAR": "linear", "LINEAR_EXACT": "linear-exact", "SIGMOID": "sigmoid"}


def draw_grayscale(stored: Values, data_set: Dataset, frame: int, window: Window | None) -> NDArray[np.uint8]:
    """The picture of a frame of stored values, dark to light; what is padding is black and does not count."""
    padding = _padding_of(stored, data_set)
    meaning = _Meaning(data_set, frame)
    counted = stored if padding is None else stored[~padding]
    low, high = (counted.min(), counted.max()) if counted.size else (stored.min(), stored.max())
    if stored.dtype.kind in "iu" and stored.dtype.itemsize <= 2:
        table = np.arange(int(low), int(high) + 1, dtype=np.int64)
        picture = meaning.grey(table, window).take(stored.astype(np.int32) - int(low), mode="clip")
    else:
        picture = meaning.grey(stored, window)
    if padding is not None:
        picture[padding] = 0
    return picture


class _Meaning:
    """What the values of one frame mean: from the frame's functional groups if there are any, else the data set."""

    def __init__(self, data_set: Dataset, frame: int) -> None:
        self._data_set = data_set
        self._modality = group_of(data_set, frame, "PixelValueTransformationSequence")
        self._voi = group_of(data_set, frame, "FrameVOILUTSequence")
        inverse = str(data_set.get("PresentationLUTShape", "")) == "INVERSE"
        self._is_inverse = inverse or data_set.get("PhotometricInterpretation") == "MONOCHROME1"

    def grey(self, stored: Values, window: Window | None) -> NDArray[np.uint8]:
        values = apply_modality_lut(stored, self._modality)
        window = window or _window_in(self._voi)
        if window is None and self._voi.get("VOILUTSequence"):
            fraction = _looked_up(values, self._voi)
        else:
            fraction = _windowed(values.astype(np.float64), window or _all_of(values))
        if self._is_inverse:
            fraction = 1.0 - fraction
        picture: NDArray[np.uint8] = np.rint(np.nan_to_num(fraction) * 255.0).astype(np.uint8)
        return picture


def group_of(data_set: Dataset, frame: int, keyword: str) -> Dataset:
    """The frame's item of a functional group (PS3.3 §C.7.6.16), its own before the shared one; else the data set."""
    own = data_set.get("PerFrameFunctionalGroupsSequence") or []
    shared = data_set.get("SharedFunctionalGroupsSequence") or []
    for groups in (own[frame : frame + 1], shared[:1]):
        for group in groups:
            if found := group.get(keyword):
                item: Dataset = found[0]
                return item
    return data_set


def _window_in(data_set: Dataset) -> Window | None:
    """The first window a data set gives, unless its width makes no sense."""
    center, width = _first(data_set.get("WindowCenter")), _first(data_set.get("WindowWidth"))
    function = _FUNCTIONS.get(str(data_set.get("VOILUTFunction", "LINEAR")), "linear")
    if center is None or width is None or width <= 0 or (function == "linear" and width < 1):
        return None
    return Window(center, width, function)


def _first(value: Any) -> float | None:
    try:
        number = float(value[0] if hasattr(value, "__getitem__") and not isinstance(value, str) else value)
    except (TypeError, ValueError, IndexError):
        return None
    return number if np.isfinite(number) else None


def _all_of(values: Values) -> Window:
    """From the lowest to the highest value there is."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return Window((low + high) / 2, max(high - low, np.finfo(np.float64).tiny), "linear-exact")


def _windowed(values: NDArray[np.float64], window: Window) -> NDArray[np.float64]:
    """0 to 1 by the window's function (PS3.3 §C.11.2.1.2.1, §C.11.2.1.3)."""
    center, width = window.center, window.width
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if window.function == "sigmoid":
            result = 1.0 / (1.0 + np.exp(-4.0 * (values - center) / width))
        elif window.function == "linear-exact":
            result = (values - center) / width + 0.5
        elif width <= 1.0:  # one step: all above the center is white
            result = np.where(values > center - 0.5, 1.0, 0.0)
        else:
            result = (values - (center - 0.5)) / (width - 1.0) + 0.5
    clipped: NDArray[np.float64] = np.clip(result, 0.0, 1.0)
    return clipped


def _looked_up(values: Values, data_set: Dataset) -> NDArray[np.float64]:
    """0 to 1 by the first VOI LUT (PS3.3 §C.11.2.1.1)."""
    bits = int(data_set.VOILUTSequence[0].LUTDescriptor[2])
    looked_up = apply_voi(values.astype(np.int64), data_set)
    fraction: NDArray[np.float64] = np.clip(looked_up.astype(np.float64) / ((1 << bits) - 1), 0.0, 1.0)
    return fraction


def _padding_of(stored: Values, data_set: Dataset) -> NDArray[np.bool_] | None:
    """Where the frame was padded to be rectangular (PS3.3 §C.7.5.1.1.2); None if nowhere."""
    value = data_set.get("FloatPixelPaddingValue", data_set.get("PixelPaddingValue"))
    if not isinstance(value, int | float):
        return None
    limit = data_set.get("FloatPixelPaddingRangeLimit", data_set.get("PixelPaddingRangeLimit"))
    low, high = sorted((value, limit if isinstance(limit, int | float) else value))
    found: NDArray[np.bool_] = (stored >= low) & (stored <= high)
    return found if found.any() else None

"""Deterministic phantoms: complete Part-10 files that look like a slice of a body and belong to nobody.

The demonstration loads them, the tests send them, the figures are measured with them. The same arguments give
the same bytes on every machine: no clock, no chance, no function that rounds differently elsewhere.

    for part10 in ct_series(PhantomStudy(patient_id="LG-7"), slices=120):
        ...                                                         # 525 KB each, explicit VR little endian
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["PhantomStudy", "ct_series", "mr_series", "multi_frame", "uid"]

CT_IMAGE_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.2"
MR_IMAGE_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.4"
MULTI_FRAME_WORD_STORAGE: Final = "1.2.840.10008.5.1.4.1.1.7.3"  # multi-frame grayscale word secondary capture
EXPLICIT_VR_LITTLE_ENDIAN: Final = "1.2.840.10008.1.2.1"

Pixels = npt.NDArray[np.int32]
Elements = dict[int, tuple[str, Any]]

_LONG_FORM: Final = frozenset({"OB", "OW"})  # of the VRs used here, those with a 32-bit length (PS3.5 §7.1.2)
_NUMBERS: Final = {"US": "<H", "UL": "<I"}


@dataclass(frozen=True, slots=True)
class PhantomStudy:
    """Who and when. Two studies with the same patient id, accession number and study id are the same study."""

    patient_id: str = "LG-0001"
    patient_name: str = "Phantom^Ada"
    patient_birth_date: str = "19700101"
    patient_sex: str = "O"
    study_date: str = "20260102"
    study_time: str = "093000"
    accession_number: str = "A0001"
    study_id: str = "1"
    study_description: str = "Phantom"
    referring_physician_name: str = "Glass^Clara"
    institution_name: str = "Leadglass Demonstration"

    @property
    def study_instance_uid(self) -> str:
        return uid("study", self.patient_id, self.accession_number, self.study_id)


def uid(*names: str) -> str:
    """The UID that belongs to these names: 2.25 and 128 bits of a hash (PS3.5 §B.2)."""
    digest = hashlib.sha256("\0".join(names).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def ct_series(study: PhantomStudy, *, slices: int = 120, size: int = 512, number: int = 1) -> Iterator[bytes]:
    """Axial CT of a chest, 12 bits in 16: `size` 512 gives files of 525 KB, 64 gives 9 KB."""
    for index in range(slices):
        elements = _series(study, "CT", number, "Chest phantom", "CHEST", "HFS")
        elements |= _slice(study, "CT", number, index, size=size, field_of_view_mm=400.0, spacing_mm=2.5)
        elements |= {
            0x00080008: ("CS", "ORIGINAL\\PRIMARY\\AXIAL"),
            0x00080016: ("UI", CT_IMAGE_STORAGE),
            0x00180060: ("DS", "120"),  # KVP
            0x00281050: ("DS", "40"),
            0x00281051: ("DS", "400"),
            0x00281052: ("DS", "-1024"),  # RescaleIntercept: the pixels below are Hounsfield units + 1024
            0x00281053: ("DS", "1"),
            0x00281054: ("LO", "HU"),
        }
        yield _part10(elements, _chest(size, index / max(1, slices - 1)))


def mr_series(study: PhantomStudy, *, slices: int = 120, size: int = 256, number: int = 1) -> Iterator[bytes]:
    """Axial T1-weighted MR of a head."""
    for index in range(slices):
        elements = _series(study, "MR", number, "Head phantom T1", "HEAD", "HFS")
        elements |= _slice(study, "MR", number, index, size=size, field_of_view_mm=240.0, spacing_mm=1.5)
        elements |= {
            0x00080008: ("CS", "ORIGINAL\\PRIMARY\\OTHER"),
            0x00080016: ("UI", MR_IMAGE_STORAGE),
            0x00180020: ("CS", "GR"),  # ScanningSequence
            0x00180021: ("CS", "NONE"),
            0x00180022: ("CS", ""),
            0x00180023: ("CS", "3D"),
            0x00180080: ("DS", "9.8"),  # RepetitionTime
            0x00180081: ("DS", "4.6"),  # EchoTime
            0x00180091: ("IS", "1"),
            0x00281050: ("DS", "600"),
            0x00281051: ("DS", "1200"),
        }
        yield _part10(elements, _head(size, index / max(1, slices - 1)))


def multi_frame(study: PhantomStudy, *, frames: int = 200, size: int = 512, number: int = 1) -> bytes:
    """One instance of many frames: 200 of 512 x 512 make 105 MB."""
    elements = _series(study, "OT", number, "Chest phantom, moving", "CHEST", None)
    elements |= _image(study, "OT", number, 0, size)
    elements |= {
        0x00080008: ("CS", "DERIVED\\SECONDARY"),
        0x00080016: ("UI", MULTI_FRAME_WORD_STORAGE),
        0x00080064: ("CS", "SYN"),  # ConversionType: synthetic image
        0x00181063: ("DS", "40"),  # FrameTime in ms
        0x00280008: ("IS", str(frames)),
        0x00280009: ("AT", (0x0018, 0x1063)),  # FrameIncrementPointer: the frames follow by FrameTime
        0x00280301: ("CS", "NO"),  # BurnedInAnnotation
        0x00281052: ("DS", "-1024"),
        0x00281053: ("DS", "1"),
        0x00281054: ("LO", "US"),
        0x20500020: ("CS", "IDENTITY"),  # PresentationLUTShape
    }
    steps = [_chest(size, step / 15).astype("<u2").tobytes() for step in range(min(frames, 16))]
    breathing = [*range(len(steps)), *range(len(steps) - 2, 0, -1)]
    return _part10(elements, b"".join(steps[breathing[frame % len(breathing)]] for frame in range(frames)))


# --- attributes --------------------------------------------------------------------------------------------------


def _series(
    study: PhantomStudy, modality: str, number: int, description: str, body_part: str, position: str | None
) -> Elements:
    """Patient, study, series and equipment modules."""
    elements: Elements = {
        0x00080005: ("CS", "ISO_IR 192"),
        0x00080020: ("DA", study.study_date),
        0x00080021: ("DA", study.study_date),
        0x00080030: ("TM", study.study_time),
        0x00080031: ("TM", study.study_time),
        0x00080050: ("SH", study.accession_number),
        0x00080060: ("CS", modality),
        0x00080070: ("LO", "Leadglass"),
        0x00080080: ("LO", study.institution_name),
        0x00080090: ("PN", study.referring_physician_name),
        0x00081010: ("SH", f"PHANTOM-{modality}"),
        0x00081030: ("LO", study.study_description),
        0x0008103E: ("LO", description),
        0x00100010: ("PN", study.patient_name),
        0x00100020: ("LO", study.patient_id),
        0x00100030: ("DA", study.patient_birth_date),
        0x00100040: ("CS", study.patient_sex),
        0x00180015: ("CS", body_part),
        0x00181030: ("LO", description),
        0x0020000D: ("UI", study.study_instance_uid),
        0x0020000E: ("UI", uid("series", study.study_instance_uid, modality, str(number))),
        0x00200010: ("SH", study.study_id),
        0x00200011: ("IS", str(number)),
    }
    if position is not None:
        elements[0x00185100] = ("CS", position)
    return elements


def _image(study: PhantomStudy, modality: str, number: int, index: int, size: int) -> Elements:
    """General image and image pixel modules."""
    return {
        0x00080018: ("UI", uid("instance", study.study_instance_uid, modality, str(number), str(index), str(size))),
        0x00080023: ("DA", study.study_date),
        0x00080033: ("TM", study.study_time),
        0x00200013: ("IS", str(index + 1)),
        0x00200020: ("CS", "L\\P"),
        0x00280002: ("US", 1),
        0x00280004: ("CS", "MONOCHROME2"),
        0x00280010: ("US", size),
        0x00280011: ("US", size),
        0x00280100: ("US", 16),
        0x00280101: ("US", 12),
        0x00280102: ("US", 11),
        0x00280103: ("US", 0),
    }


def _slice(
    study: PhantomStudy,
    modality: str,
    number: int,
    index: int,
    *,
    size: int,
    field_of_view_mm: float,
    spacing_mm: float,
) -> Elements:
    """An image with its place in the patient: frame of reference and image plane modules."""
    pixel = field_of_view_mm / size
    corner = (pixel - field_of_view_mm) / 2
    return _image(study, modality, number, index, size) | {
        0x00080022: ("DA", study.study_date),
        0x00080032: ("TM", study.study_time),
        0x00180050: ("DS", f"{spacing_mm:g}"),
        0x00200012: ("IS", "1"),
        0x00200032: ("DS", f"{corner:g}\\{corner:g}\\{index * spacing_mm:g}"),
        0x00200037: ("DS", "1\\0\\0\\0\\1\\0"),
        0x00200052: ("UI", uid("frame of reference", study.study_instance_uid)),
        0x00201040: ("LO", ""),
        0x00201041: ("DS", f"{index * spacing_mm:g}"),
        0x00280030: ("DS", f"{pixel:g}\\{pixel:g}"),
    }


# --- bytes -------------------------------------------------------------------------------------------------------


def _part10(elements: Elements, pixels: Pixels | bytes) -> bytes:
    """The file: preamble of zeros, file meta information, data set in ascending order (PS3.10 §7.1)."""
    words = pixels if isinstance(pixels, bytes) else pixels.astype("<u2").tobytes()
    meta: Elements = {
        0x00020001: ("OB", b"\0\1"),
        0x00020002: ("UI", elements[0x00080016][1]),
        0x00020003: ("UI", elements[0x00080018][1]),
        0x00020010: ("UI", EXPLICIT_VR_LITTLE_ENDIAN),
        0x00020012: ("UI", uid("implementation", "leadglass phantom")),
        0x00020013: ("SH", "LEADGLASS"),
    }
    group_2 = _encode(meta)
    length = _encode({0x00020000: ("UL", len(group_2))})
    return b"".join([bytes(128), b"DICM", length, group_2, _encode(elements), _encode({0x7FE00010: ("OW", words)})])


def _encode(elements: Elements) -> bytes:
    return b"".join(_element(tag, *elements[tag]) for tag in sorted(elements))


def _element(tag: int, vr: str, value: Any) -> bytes:
    data = _value(vr, value)
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode())
    return (
        head + struct.pack("<HI" if vr in _LONG_FORM else "<H", *((0,) if vr in _LONG_FORM else ()), len(data)) + data
    )


def _value(vr: str, value: Any) -> bytes:
    if vr in _NUMBERS:
        return struct.pack(_NUMBERS[vr], value)
    if vr == "AT":
        return struct.pack("<HH", *value)
    data = value if isinstance(value, bytes) else value.encode()
    return data if len(data) % 2 == 0 else data + (b"\0" if vr in ("UI", "OB", "OW") else b" ")


# --- pixels ------------------------------------------------------------------------------------------------------


def _chest(size: int, height: float) -> Pixels:
    """Hounsfield units + 1024 of a chest at `height` 0..1 from the shoulders down; the lungs swell in the middle."""
    x, y = _grid(size)
    swell = 4 * height * (1 - height)
    image = np.full((size, size), -1000, np.int32)
    _fill(image, x, y, (0, 0.02, 0.86, 0.62), -90)  # fat
    _fill(image, x, y, (0, 0.02, 0.80, 0.56), 45)  # muscle
    for side in (-1, 1):
        _fill(image, x, y, (side * 0.38, -0.02, 0.29, 0.44), 550)  # ribs, as a rim around each lung
        _fill(image, x, y, (side * 0.38, -0.02, 0.27, 0.42), 30)
    _fill(image, x, y, (0, -0.02, 0.20, 0.42), 30)  # the space between the lungs
    for side in (-1, 1):
        _fill(image, x, y, (side * 0.38, -0.02, 0.08 + 0.18 * swell, 0.14 + 0.26 * swell), -820)
    _fill(image, x, y, (0.08, -0.10, 0.06 + 0.16 * height, 0.08 + 0.14 * height), 60)  # heart
    _fill(image, x, y, (0.02, 0.16, 0.06, 0.06), 130)  # aorta
    _fill(image, x, y, (0, 0.36, 0.11, 0.11), 420)  # vertebra
    _fill(image, x, y, (0, 0.40, 0.04, 0.04), 20)  # its canal
    _fill(image, x, y, (0, -0.50, 0.10, 0.03), 380)  # breastbone
    image[(y > 0.72) & (y < 0.75) & (abs(x) < 0.7)] = 150  # table
    shading = np.rint(12 * x + 8 * y).astype(np.int32)
    return image + 1024 + shading + _grain(size, round(height * 997), 31)


def _head(size: int, height: float) -> Pixels:
    """Signal of a T1-weighted head at `height` 0..1 from the base up."""
    x, y = _grid(size)
    wide = 0.55 + 0.45 * 4 * height * (1 - height)
    image = np.full((size, size), 12, np.int32)
    for scale, signal in ((0.80, 900), (0.76, 90), (0.71, 520), (0.62, 760)):  # scalp, skull, grey, white matter
        _fill(image, x, y, (0, 0, 0.85 * scale * wide, scale * wide), signal)
    for side in (-1, 1):
        _fill(image, x, y, (side * 0.10 * wide, 0.02, 0.05 * wide, 0.20 * wide), 150)  # ventricles
    image[(abs(x) < 0.008) & (abs(y) < 0.6 * wide)] = 260  # falx
    shading = np.rint(30 * (image > 60) * (1 - y)).astype(np.int32)  # the coil's gradient
    return image + shading + _grain(size, round(height * 997), 23)


def _grid(size: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Coordinates of the pixel centres, -1..1, as a row and a column that broadcast."""
    line = (2 * np.arange(size) + 1) / size - 1
    return line[np.newaxis, :], line[:, np.newaxis]


def _fill(
    image: Pixels,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    ellipse: tuple[float, float, float, float],
    value: int,
) -> None:
    """Sets the pixels inside an ellipse given as centre x, centre y, half width, half height."""
    left, top, width, height = ellipse
    image[((x - left) / width) ** 2 + ((y - top) / height) ** 2 <= 1] = value


def _grain(size: int, seed: int, strength: int) -> Pixels:
    """Noise of 0..strength without a random generator: a hash of row, column and seed."""
    line = np.arange(size, dtype=np.uint32)
    mixed = (
        (line[:, np.newaxis] * np.uint32(73856093)) ^ (line * np.uint32(19349663)) ^ np.uint32(seed * 83492791 % 2**32)
    )
    mixed = (mixed ^ (mixed >> np.uint32(13))) * np.uint32(1274126177)
    return ((mixed >> np.uint32(16)) % np.uint32(strength + 1)).astype(np.int32)

"""Real DICOM files found on this machine, and synthetic data sets for what no real file dares.

The real ones are those that the pydicom, pydicom-data and pynetdicom packages carry; nothing is downloaded.
"""

from __future__ import annotations

import importlib.util
import io
import logging
import struct
import warnings
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pydicom

from leadglass.dicom.part10 import PREAMBLE, split
from leadglass.dicom.uids import CT_IMAGE_STORAGE, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN

_PACKAGES = ("pydicom", "data_store", "pynetdicom")  # data_store is the import name of pydicom-data


@dataclass(frozen=True, slots=True)
class Sample:
    """One file. `name` is unique and good as a test id."""

    name: str
    path: Path

    def data(self) -> bytes:
        return self.path.read_bytes()

    def dataset(self, *, stop_before_pixels: bool = False) -> pydicom.Dataset:
        """The file as pydicom reads it, without its warnings."""
        return quietly_read(self.data(), stop_before_pixels=stop_before_pixels)

    def transfer_syntax(self) -> str:
        """Of the meta information; implicit VR little endian if it names none, as pydicom assumes."""
        return split(self.data()).meta.transfer_syntax_uid or IMPLICIT_VR_LITTLE_ENDIAN

    def data_set_bytes(self) -> bytes:
        data = self.data()
        return data[split(data).dataset_offset :]


def quietly_read(data: bytes, *, stop_before_pixels: bool = False) -> pydicom.Dataset:
    """pydicom's reading of a file, without its warnings."""
    logging.getLogger("pydicom").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(io.BytesIO(data), stop_before_pixels=stop_before_pixels)


def _is_readable(path: Path) -> bool:
    try:
        quietly_read(path.read_bytes(), stop_before_pixels=True)
    except Exception:  # whatever pydicom raises: then it is not readable
        return False
    return True


@cache
def all_samples() -> tuple[Sample, ...]:
    """Every file in the packages that pydicom reads as a DICOM file, in a stable order."""
    found: list[Sample] = []
    for package in _PACKAGES:
        spec = importlib.util.find_spec(package)
        assert spec is not None, f"the test environment lacks {package}"
        assert spec.origin is not None
        root = Path(spec.origin).parent
        found += [
            Sample(f"{package}/{path.relative_to(root).as_posix()}", path)
            for path in sorted(root.rglob("*"))
            if path.is_file() and path.suffix not in (".py", ".pyc", ".so", ".zip") and _is_readable(path)
        ]
    return tuple(found)


@cache
def sample(ending: str) -> Sample:
    """The one sample whose name ends so."""
    (found,) = (s for s in all_samples() if s.name.endswith(ending))
    return found


# --- synthetic data sets ---------------------------------------------------------------------------------------

UNDEFINED = 0xFFFFFFFF
_LONG_VRS = ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")


def explicit(tag: int, vr: str, value: bytes = b"", *, length: int | None = None, order: str = "<") -> bytes:
    """One element in explicit VR; `length` may lie."""
    size = len(value) if length is None else length
    group, element = tag >> 16, tag & 0xFFFF
    if vr in _LONG_VRS:
        return struct.pack(order + "HH2sHI", group, element, vr.encode(), 0, size) + value
    return struct.pack(order + "HH2sH", group, element, vr.encode("latin-1"), size) + value


def implicit(tag: int, value: bytes = b"", *, length: int | None = None, order: str = "<") -> bytes:
    """One element in implicit VR; `length` may lie."""
    size = len(value) if length is None else length
    return struct.pack(order + "HHI", tag >> 16, tag & 0xFFFF, size) + value


def item(body: bytes, *, is_delimited: bool = False, order: str = "<") -> bytes:
    """One sequence item, of defined or undefined length."""
    if is_delimited:
        return implicit(0xFFFEE000, body, length=UNDEFINED, order=order) + implicit(0xFFFEE00D, order=order)
    return implicit(0xFFFEE000, body, order=order)


def sequence(tag: int, *items: bytes, is_delimited: bool = False, vr: str = "SQ", order: str = "<") -> bytes:
    """A sequence in explicit VR, of defined or undefined length."""
    body = b"".join(items)
    if is_delimited:
        return explicit(tag, vr, body, length=UNDEFINED, order=order) + implicit(0xFFFEE0DD, order=order)
    return explicit(tag, vr, body, order=order)


def uid(text: str) -> bytes:
    return text.encode() + (b"\0" if len(text) % 2 else b"")


def identifying(**changed: str) -> list[bytes]:
    """The four identifying UIDs as explicit VR elements in order; a keyword replaces one ("" leaves it out)."""
    values = {
        "SOPClassUID": (0x00080016, CT_IMAGE_STORAGE),
        "SOPInstanceUID": (0x00080018, "2.25.4"),
        "StudyInstanceUID": (0x0020000D, "2.25.2"),
        "SeriesInstanceUID": (0x0020000E, "2.25.3"),
    }
    texts = {tag: changed.get(keyword, default) for keyword, (tag, default) in values.items()}
    return [explicit(tag, "UI", uid(text)) for tag, text in texts.items() if text]


def instance(*before_study: bytes, after: bytes = b"") -> bytes:
    """A small data set in explicit VR little endian; the extra elements stand before the study's UID."""
    sop_class, sop_instance, study, series = identifying()
    return sop_class + sop_instance + b"".join(before_study) + study + series + after


def part10(data_set: bytes, transfer_syntax: str = EXPLICIT_VR_LITTLE_ENDIAN, *, preamble: bytes = b"") -> bytes:
    """A file around `data_set` that pydicom reads, made without our own writer."""
    meta = explicit(0x00020010, "UI", uid(transfer_syntax))
    group_length = explicit(0x00020000, "UL", struct.pack("<I", len(meta)))
    return preamble.ljust(128, b"\0")[:128] + PREAMBLE[128:] + group_length + meta + data_set


def nested(depth: int, *, is_delimited: bool, tag: int = 0x00081140) -> bytes:
    """A sequence `depth` levels deep, built without recursion."""
    if is_delimited:
        opening = explicit(tag, "SQ", length=UNDEFINED) + implicit(0xFFFEE000, length=UNDEFINED)
        closing = implicit(0xFFFEE00D) + implicit(0xFFFEE0DD)
        return opening * depth + closing * depth
    parts: list[bytes] = []
    size = 0
    for _ in range(depth):
        head = explicit(tag, "SQ", length=size + 8) + implicit(0xFFFEE000, length=size)
        parts.append(head)
        size += len(head)
    return b"".join(reversed(parts))


def deflate_bomb(size: int) -> bytes:
    """A raw deflate stream of a data set whose first element is `size` zero bytes long: a thousandth of that."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = [packer.compress(explicit(0x00080001, "OB", length=size))]
    packed.extend(packer.compress(bytes(1 << 20)) for _ in range(size >> 20))
    packed.append(packer.compress(b"".join(identifying())))
    packed.append(packer.flush())
    return b"".join(packed)


def deflated(data_set: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data_set) + packer.flush()

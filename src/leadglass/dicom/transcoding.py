"""Turning a data set into another transfer syntax. Slow and risky work on strangers' pixels: run it in a worker only.

Only towards uncompressed little endian: that is what every receiver must be able to take (PS3.5 §10.1).
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.dataelem import DataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import UID

from leadglass.dicom.uids import EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN

__all__ = ["transcode_file"]

_WORD_SIZE: Final = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}


def transcode_file(part10: bytes, target: str) -> bytes:
    """The data set of a Part-10 file in the transfer syntax `target`. Whatever goes wrong raises.

    Values are kept; only what describes the encoding of pixels changes (PS3.5 §8.2, photometric interpretation).
    """
    data_set = dcmread(io.BytesIO(part10), force=False)
    source = UID(data_set.file_meta.TransferSyntaxUID)
    if source.is_compressed and not source.is_deflated:
        data_set.decompress(generate_instance_uid=False)
    elif str(source) == EXPLICIT_VR_BIG_ENDIAN:
        data_set.walk(_swap_words)
    return _encoded(data_set, target)


def _swap_words(_: Dataset, element: DataElement) -> None:
    """Streams of words are kept as they lie in the file: from big endian each word must be turned round."""
    size = _WORD_SIZE.get(element.VR)
    if size is not None and isinstance(element.value, bytes) and len(element.value) % size == 0:
        element.value = np.frombuffer(element.value, f">u{size}").astype(f"<u{size}").tobytes()


def _encoded(data_set: Dataset, target: str) -> bytes:
    for tag in [tag for tag in data_set.keys() if tag.group == 2]:  # noqa: SIM118 - iterating gives elements
        del data_set[tag]
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = target == IMPLICIT_VR_LITTLE_ENDIAN
    write_dataset(buffer, data_set)
    return buffer.getvalue()

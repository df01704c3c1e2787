"""Turning a data set into another transfer syntax. Slow and risky work on strangers' pixels: run it in a worker only.

Values keep their very bytes wherever both encodings write them alike: text is not decoded and written anew, so a wrong
character set or a malformed number is handed on as it came. What changes is what the encoding says: VRs, lengths,
byte order, and compressed pixels with the attributes that describe them.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr, write_dataset
from pydicom.pixels.utils import get_expected_length
from pydicom.tag import BaseTag
from pydicom.uid import UID

from leadglass.dicom.uids import EXPLICIT_VR_BIG_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN

__all__ = ["decompress", "transcode_file"]

_WORD_SIZE: Final = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}
_WITHOUT_BYTE_ORDER: Final = frozenset(
    "AE AS CS DA DS DT IS LO LT OB PN SH ST TM UC UI UN UR UT".split()  # noqa: SIM905 - reads like the standard
)
_WITH_BYTE_ORDER: Final = frozenset("AT FD FL OD OF OL OV OW SL SS SV UL US UV".split())  # noqa: SIM905


def transcode_file(part10: bytes, target: str) -> bytes:
    """The data set of a Part-10 file in the transfer syntax `target`. Whatever goes wrong raises.

    Only what describes the encoding of pixels gets other values (PS3.5 §8.2, photometric interpretation).
    """
    data_set = dcmread(io.BytesIO(part10), force=False)
    source = UID(data_set.file_meta.TransferSyntaxUID)
    if source.is_compressed and not source.is_deflated and "PixelData" in data_set:
        decompress(data_set)
    for tag in [tag for tag in data_set.keys() if tag.group == 2]:  # noqa: SIM118 - iterating gives elements
        del data_set[tag]
    _take_up(data_set, is_big_endian=str(source) == EXPLICIT_VR_BIG_ENDIAN)
    correct_ambiguous_vr(data_set, is_little_endian=True)
    is_implicit = target == IMPLICIT_VR_LITTLE_ENDIAN
    _mark(data_set, is_implicit)
    buffer = DicomBytesIO()
    buffer.is_little_endian = True
    buffer.is_implicit_VR = is_implicit
    write_dataset(buffer, data_set)
    return buffer.getvalue()


def decompress(data_set: Dataset) -> None:
    """pydicom makes do with the frames there are and then says there were so many; a receiver should know better."""
    frames = data_set.get("NumberOfFrames") or 1
    data_set.decompress(generate_instance_uid=False)
    decoded = data_set.get("NumberOfFrames") or 1
    if decoded != frames or len(data_set.PixelData) < get_expected_length(data_set):
        raise ValueError("there are not the pixels the data set says there are")


def _take_up(data_set: Dataset, *, is_big_endian: bool) -> None:
    """Leaves each value as bytes, now with its VR, or has pydicom read it where bytes alone will not do."""
    kept = _WITHOUT_BYTE_ORDER if is_big_endian else _WITHOUT_BYTE_ORDER | _WITH_BYTE_ORDER
    for tag in list(data_set.keys()):
        element = data_set.get_item(tag)
        if isinstance(element, RawDataElement):
            vr = element.VR or _public_vr(tag)
            if vr in kept:
                data_set[tag] = element._replace(VR=vr)
                continue
        read = data_set[tag]
        if read.VR == "SQ":
            for item in read.value:
                _take_up(item, is_big_endian=is_big_endian)
        elif is_big_endian:
            _swap_words(read)


def _public_vr(tag: BaseTag) -> str:
    """The VR of an element that came without one; "" if only its group knows (private), or nobody."""
    try:
        return "" if tag.is_private else str(dictionary_VR(tag))
    except KeyError:
        return ""


def _swap_words(element: DataElement) -> None:
    """Streams of words are read as they lie in the file: from big endian each word must be turned round."""
    size = _WORD_SIZE.get(element.VR)
    if size is not None and isinstance(element.value, bytes) and len(element.value) % size == 0:
        element.value = np.frombuffer(element.value, f">u{size}").astype(f"<u{size}").tobytes()


def _mark(data_set: Dataset, is_implicit: bool) -> None:
    """Tells pydicom's writer that the bytes we left are fit to be written."""
    data_set.set_original_encoding(is_implicit, True)
    for element in data_set.elements():
        if isinstance(element, DataElement) and element.VR == "SQ":
            for item in element.value:
                _mark(item, is_implicit)

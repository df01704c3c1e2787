"""The DICOM file format: preamble, prefix and file meta information (PS3.10 §7).

The preamble we write is always zero, whatever came in: a preamble may hold the beginning of an executable or an
image, and a file that is two things at once shall not leave here (PS3.10 §7.5).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, NamedTuple

from leadglass.dicom.elements.encoding import LONG_VRS, SHORT_VRS, UNDEFINED_LENGTH
from leadglass.dicom.elements.refusals import EndsTooEarly, malformed, too_much
from leadglass.dicom.elements.values import PADDING
from leadglass.dicom.uids import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from leadglass.terms.ae_title import AETitle
from leadglass.terms.ceilings import KIB

__all__ = ["MAX_FILE_META", "PREAMBLE", "FileMeta", "SplitFile", "file_meta", "split"]

PREAMBLE: Final = bytes(128) + b"DICM"
MAX_FILE_META: Final = 64 * KIB
"""Bytes of group 2: a dozen short elements; private information (0002,0102) may be longer."""

_HEAD = struct.Struct("<HH2sH")
_PAIR = struct.Struct("<HHI")
_LONG = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What file meta information says; "" where it says nothing."""

    media_storage_sop_class_uid: str = ""
    media_storage_sop_instance_uid: str = ""
    transfer_syntax_uid: str = ""
    implementation_class_uid: str = ""
    implementation_version_name: str = ""
    source_ae_title: str = ""


class SplitFile(NamedTuple):
    """A file cut in two: what its meta information says, and where its data set begins."""

    meta: FileMeta
    dataset_offset: int


_FIELDS: Final = {
    0x0002: "media_storage_sop_class_uid",
    0x0003: "media_storage_sop_instance_uid",
    0x0010: "transfer_syntax_uid",
    0x0012: "implementation_class_uid",
    0x0013: "implementation_version_name",
    0x0016: "source_ae_title",
}


def file_meta(
    sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str, calling_ae_title: AETitle | str = ""
) -> bytes:
    """Preamble, prefix and file meta information, ready to be followed by the bytes of the data set.

    UIDs must be ASCII (`terms.ids.is_uid`); (0002,0016) is left out if no calling AE title is known.
    """
    elements = [
        _element(0x0001, b"OB", b"\0\x01"),
        _element(0x0002, b"UI", _padded(sop_class_uid, b"\0")),
        _element(0x0003, b"UI", _padded(sop_instance_uid, b"\0")),
        _element(0x0010, b"UI", _padded(transfer_syntax, b"\0")),
        _element(0x0012, b"UI", _padded(IMPLEMENTATION_CLASS_UID, b"\0")),
        _element(0x0013, b"SH", _padded(IMPLEMENTATION_VERSION_NAME, b" ")),
    ]
    title = str(calling_ae_title).strip()
    if title:
        elements.append(_element(0x0016, b"AE", _padded(title, b" ")))
    body = b"".join(elements)
    return PREAMBLE + _element(0x0000, b"UL", _LONG.pack(len(body))) + body


def _padded(text: str, pad: bytes) -> bytes:
    raw = text.encode("ascii", "replace")
    return raw + pad if len(raw) % 2 else raw


def _element(element: int, vr: bytes, value: bytes) -> bytes:
    if vr == b"OB":
        return _HEAD.pack(0x0002, element, vr, 0) + _LONG.pack(len(value)) + value
    return _HEAD.pack(0x0002, element, vr, len(value)) + value


def split(data: bytes | memoryview) -> SplitFile:
    """The meta information of a file and the offset of its data set.

    Reads element by element and does not trust the group length, which many writers get wrong. Meta information in
    implicit VR is read too. PeerViolation if `data` does not begin a DICOM file.
    """
    if bytes(data[128:132]) != b"DICM":
        raise malformed("not a DICOM file: no DICM prefix at offset 128", "PS3.10 §7.1")
    found: dict[str, str] = {}
    pos = 132
    while pos < len(data):
        if pos + 8 > len(data):
            raise EndsTooEarly(pos + 8)
        group, element, start, end = _next(data, pos)
        if group != 0x0002:
            break
        if end > len(data):
            raise EndsTooEarly(end)
        if end - 132 > MAX_FILE_META:
            raise too_much("MAX_FILE_META", MAX_FILE_META, end - 132)
        field = _FIELDS.get(element)
        if field is not None:
            found[field] = bytes(data[start:end]).decode("ascii", "backslashreplace").strip(PADDING)
        pos = end
    return SplitFile(FileMeta(**found), pos)


def _next(data: bytes | memoryview, pos: int) -> tuple[int, int, int, int]:
    """(group, element, start, end of the value) of the meta element at `pos`."""
    group, element, vr, length = _HEAD.unpack_from(data, pos)
    start = pos + 8
    if vr in LONG_VRS:
        if group == 0x0002:
            if start + 4 > len(data):
                raise EndsTooEarly(start + 4)
            (length,) = _LONG.unpack_from(data, start)
        start += 4
    elif vr not in SHORT_VRS:
        _, _, length = _PAIR.unpack_from(data, pos)
    if group == 0x0002 and length == UNDEFINED_LENGTH:
        raise malformed("file meta information of undefined length", "PS3.10 §7.1")
    return group, element, start, start + length

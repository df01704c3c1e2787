"""Signatures; the file format follows (PS3.10 §7)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from leadglass.terms.ae_title import AETitle


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What file meta information says; "" where it says nothing."""

    media_storage_sop_class_uid: str
    media_storage_sop_instance_uid: str
    transfer_syntax_uid: str
    source_ae_title: str = ""


class SplitFile(NamedTuple):
    meta: FileMeta
    dataset_offset: int


def file_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str, calling_ae_title: AETitle) -> bytes:
    """Preamble (128 zero bytes), "DICM" and group 2, ready to be followed by the data set's bytes."""
    raise NotImplementedError


def split(data: bytes | memoryview) -> SplitFile:
    """(meta, offset of the data set) of a file; PeerViolation if it is not a DICOM file."""
    raise NotImplementedError

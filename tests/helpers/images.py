"""Small invented images, each named by three numbers and the same bytes wherever it is made again."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass

from helpers.samples import explicit, identifying
from leadglass.dicom.part10 import file_meta
from leadglass.dicom.uids import CT_IMAGE_STORAGE, EXPLICIT_VR_LITTLE_ENDIAN

__all__ = ["LARGE", "SMALL", "Image", "digest", "patient_name", "study_uid"]

SMALL = 8 * 1024
LARGE = 4 * 1024 * 1024 + 300_000
"""More than is received into memory: such an object is spooled into a volume of its own."""


def study_uid(study: int) -> str:
    return f"2.25.7100.{study}"


def patient_name(study: int) -> str:
    """Nothing else in any traffic looks like it."""
    return f"ZAUBERWORT^NUMMER{study}"


def digest(data_set: bytes | memoryview) -> str:
    return hashlib.sha256(data_set).hexdigest()


@dataclass(frozen=True, slots=True)
class Image:
    """One CT image: its data set is `size` bytes of chance (an even number) and the attributes that name it."""

    study: int
    number: int
    size: int = SMALL

    @property
    def study_instance_uid(self) -> str:
        return study_uid(self.study)

    @property
    def sop_instance_uid(self) -> str:
        return f"{self.study_instance_uid}.2.{self.number}"

    def data_set(self) -> bytes:
        """Explicit VR little endian."""
        sop_class, sop_instance, study, series = identifying(
            SOPInstanceUID=self.sop_instance_uid,
            StudyInstanceUID=self.study_instance_uid,
            SeriesInstanceUID=f"{self.study_instance_uid}.1",
        )
        name = patient_name(self.study).encode()
        patient = f"P{self.study}".encode()
        pixels = random.Random(self.study << 40 | self.number).randbytes(self.size)
        return b"".join(
            (
                sop_class,
                sop_instance,
                explicit(0x00100010, "PN", name + b" " * (len(name) % 2)),
                explicit(0x00100020, "LO", patient + b" " * (len(patient) % 2)),
                study,
                series,
                explicit(0x7FE00010, "OW", pixels),
            )
        )

    def file(self) -> bytes:
        """The same as a Part-10 file."""
        return file_meta(CT_IMAGE_STORAGE, self.sop_instance_uid, EXPLICIT_VR_LITTLE_ENDIAN) + self.data_set()

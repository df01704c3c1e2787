"""Studies planted with marks: text and pixels that occur nowhere else, to be searched for in traffic and in files."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from helpers.samples import explicit, uid
from leadglass.dicom.uids import CT_IMAGE_STORAGE

__all__ = ["MarkedImage", "MarkedStudy", "marks_in"]

_SIDE = 24


@cache
def _number(*words: object) -> str:
    """27 digits that belong to these words."""
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()
    return f"{int.from_bytes(digest[:12], 'big') % 10**27:027d}"


@dataclass(frozen=True, slots=True)
class MarkedImage:
    """One CT image of a marked study."""

    study: MarkedStudy
    number: int

    @property
    def sop_class_uid(self) -> str:
        return CT_IMAGE_STORAGE

    @property
    def sop_instance_uid(self) -> str:
        return f"2.25.4{_number(self.study.name, 'image', self.number)}"

    def data_set(self) -> bytes:
        """In explicit VR little endian."""
        study = self.study
        texts = (
            (0x00080016, "UI", self.sop_class_uid),
            (0x00080018, "UI", self.sop_instance_uid),
            (0x00080020, "DA", "20260704"),
            (0x00080050, "SH", study.accession_number),
            (0x00080060, "CS", "CT"),
            (0x00080080, "LO", study.institution),
            (0x00080090, "PN", study.physician),
            (0x00081030, "LO", study.description),
            (0x00100010, "PN", study.patient_name),
            (0x00100020, "LO", study.patient_id),
            (0x00100030, "DA", study.birth_date),
            (0x0020000D, "UI", study.study_instance_uid),
            (0x0020000E, "UI", study.series_instance_uid),
            (0x00200013, "IS", str(self.number)),
        )
        parts = [explicit(tag, vr, uid(text) if vr == "UI" else _even(text)) for tag, vr, text in texts]
        numbers = [(0x00280002, 1), (0x00280010, _SIDE), (0x00280011, _SIDE), (0x00280100, 16), (0x00280101, 16)]
        numbers += [(0x00280102, 15), (0x00280103, 0)]
        elements = [(tag, explicit(tag, "US", struct.pack("<H", value))) for tag, value in numbers]
        elements.append((0x00280004, explicit(0x00280004, "CS", b"MONOCHROME2 ")))
        parts += [element for _, element in sorted(elements)]
        pixels = (study.pixel_mark * (2 * _SIDE * _SIDE))[: 2 * _SIDE * _SIDE]
        return b"".join([*parts, explicit(0x7FE00010, "OW", pixels)])


@dataclass(frozen=True, slots=True)
class MarkedStudy:
    """A study of one series. Everything about it follows from its name."""

    name: str
    size: int = 2

    @property
    def patient_name(self) -> str:
        return f"Mark{_letters(self.name, 'family')}^Given{_letters(self.name, 'given')}"

    @property
    def patient_id(self) -> str:
        return f"PID-{_letters(self.name, 'patient')}"

    @property
    def birth_date(self) -> str:
        return "19{:02d}0{:d}1{:d}".format(*(byte % 9 + 1 for byte in hashlib.sha256(self.name.encode()).digest()[:3]))

    @property
    def accession_number(self) -> str:
        return f"ACC{_letters(self.name, 'accession')}"

    @property
    def description(self) -> str:
        return f"Why {_letters(self.name, 'why')}"

    @property
    def physician(self) -> str:
        return f"Doc{_letters(self.name, 'doctor')}^Ref"

    @property
    def institution(self) -> str:
        return f"House {_letters(self.name, 'house')}"

    @property
    def study_instance_uid(self) -> str:
        return f"2.25.2{_number(self.name, 'study')}"

    @property
    def series_instance_uid(self) -> str:
        return f"2.25.3{_number(self.name, 'series')}"

    @property
    def pixel_mark(self) -> bytes:
        return hashlib.sha256(f"pixels of {self.name}".encode()).digest()[:16]

    @property
    def images(self) -> tuple[MarkedImage, ...]:
        return tuple(MarkedImage(self, number) for number in range(1, self.size + 1))

    @property
    def uids(self) -> frozenset[bytes]:
        """The marks a caller may have learnt elsewhere and say himself."""
        texts = [self.study_instance_uid, self.series_instance_uid, *(image.sop_instance_uid for image in self.images)]
        return frozenset(text.encode() for text in texts)

    @property
    def personal(self) -> frozenset[bytes]:
        """The marks that say who it is and what the picture shows. Single components too: a name may be cut apart."""
        texts = [self.patient_id, self.accession_number, self.description.split()[1], self.institution.split()[1]]
        texts += self.patient_name.split("^") + self.physician.split("^")[:1]
        return frozenset({*(text.encode() for text in texts), self.pixel_mark})

    @property
    def marks(self) -> frozenset[bytes]:
        return self.uids | self.personal


def marks_in(data: bytes | bytearray, marks: Collection[bytes]) -> list[bytes]:
    """The marks found in `data`: as they are, folded to lower or upper case, with the bytes of each word swapped (big
    endian pixels), spread to UTF-16, or inside anything in `data` that inflates."""
    raw = bytes(data)
    folded = raw.lower()
    inflated = _inflated(raw)
    return [
        mark
        for mark in sorted(marks)
        if mark in raw
        or mark in inflated
        or (mark.isascii() and (mark.lower() in folded or mark.decode().encode("utf-16-le") in raw))
        or any(form in raw for form in _swapped(mark))
    ]


@cache
def _swapped(mark: bytes) -> tuple[bytes, bytes]:
    """The mark as the words of a big endian reader, which may begin at either byte."""
    even = mark if len(mark) % 2 == 0 else mark[:-1]
    odd = mark[1:] if len(mark) % 2 else mark[1:-1]
    return tuple(
        b"".join(part[i + 1 : i + 2] + part[i : i + 1] for i in range(0, len(part), 2)) for part in (even, odd)
    )  # type: ignore[return-value]


def _inflated(raw: bytes) -> bytes:
    """What zlib and gzip streams in `raw` hold (raw deflate has no beginning that could be looked for)."""
    found = []
    for magic, bits in ((b"\x78\x9c", 15), (b"\x78\x01", 15), (b"\x78\xda", 15), (b"\x1f\x8b\x08", 31)):
        start = raw.find(magic)
        while start >= 0:
            with suppress(zlib.error):
                found.append(zlib.decompressobj(bits).decompress(raw[start:], 1 << 20))
            start = raw.find(magic, start + 1)
    return b"".join(found)


@cache
def _letters(*words: object) -> str:
    """Eleven letters that belong to these words."""
    digest = hashlib.sha256("/".join(map(str, words)).encode()).digest()
    return "".join("abcdefghijklmnopqrstuvwxyz"[byte % 26] for byte in digest[:11]).capitalize()


def _even(text: str) -> bytes:
    raw = text.encode()
    return raw + b" " * (len(raw) % 2)

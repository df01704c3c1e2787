"""How elements are laid out as bytes, and which layout a data set really uses (PS3.5 §7.1, §A)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from struct import Struct
from typing import Final

from leadglass.dicom.uids import transfer_syntax_of

__all__ = [
    "ITEM",
    "ITEM_DELIMITATION",
    "LONG_VRS",
    "SEQUENCE_DELIMITATION",
    "SHORT_VRS",
    "UNDEFINED_LENGTH",
    "Encoding",
    "Layout",
    "actual_encoding",
    "encoding_of",
    "layout_of",
]

UNDEFINED_LENGTH: Final = 0xFFFFFFFF
ITEM: Final = 0xFFFEE000
ITEM_DELIMITATION: Final = 0xFFFEE00D
SEQUENCE_DELIMITATION: Final = 0xFFFEE0DD

SHORT_VRS: Final = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
"""VRs with a 16-bit length (PS3.5 table 7.1-2)."""
LONG_VRS: Final = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
"""VRs with two reserved bytes and a 32-bit length (PS3.5 table 7.1-1)."""
_VRS = SHORT_VRS | LONG_VRS


@dataclass(frozen=True, slots=True)
class Encoding:
    """The two questions a layout answers: are VRs written out, and which byte comes first."""

    is_implicit_vr: bool
    is_little_endian: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """The structs of one byte order."""

    explicit: Struct  # group, element, VR, 16-bit length
    implicit: Struct  # group, element, 32-bit length
    long: Struct  # 32-bit length


_LITTLE = Layout(Struct("<HH2sH"), Struct("<HHI"), Struct("<I"))
_BIG = Layout(Struct(">HH2sH"), Struct(">HHI"), Struct(">I"))


def layout_of(encoding: Encoding) -> Layout:
    """The structs to read this encoding with."""
    return _LITTLE if encoding.is_little_endian else _BIG


@cache
def _encodings() -> dict[tuple[bool, bool], Encoding]:
    return {(i, le): Encoding(i, le) for i in (True, False) for le in (True, False)}


def encoding_of(transfer_syntax: str) -> Encoding:
    """The encoding a transfer syntax promises."""
    facts = transfer_syntax_of(transfer_syntax)
    return _encodings()[facts.is_implicit_vr, facts.is_little_endian]


def actual_encoding(data: bytes | memoryview, pos: int, promised: Encoding) -> Encoding:
    """The encoding the data set at `pos` really uses: some writers promise one kind of VR and write the other.

    Where an explicit VR should stand but no two capital letters do, the data set is implicit. Where it should be
    implicit but a VR of the standard stands, it is explicit: as a length this would mean more than 16 KiB.
    """
    letters = bytes(data[pos + 4 : pos + 6])
    if len(letters) < 2:
        return promised
    looks_explicit = letters in _VRS if promised.is_implicit_vr else letters.isalpha() and letters.isupper()
    is_implicit = not looks_explicit
    if is_implicit == promised.is_implicit_vr:
        return promised
    return _encodings()[is_implicit, promised.is_little_endian]

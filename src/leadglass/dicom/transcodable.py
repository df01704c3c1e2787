"""Which transfer syntax can be turned into which, as a table: asked in the server, which loads no codecs.

Only towards uncompressed little endian: that is what every receiver must be able to take (PS3.5 §10.1).
"""

from __future__ import annotations

from typing import Final

from leadglass.dicom.uids import (
    DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN,
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)

__all__ = ["TARGETS", "can_turn"]

TARGETS: Final = frozenset({EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN})
_UNCOMPRESSED: Final = TARGETS | {EXPLICIT_VR_BIG_ENDIAN, DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN}
_DECODED: Final = frozenset(
    f"1.2.840.10008.1.2.{tail}"
    for tail in ("4.50", "4.51", "4.57", "4.70", "4.80", "4.81", "4.90", "4.91", "4.201", "4.202", "4.203", "5")
)  # JPEG (baseline, extended, lossless), JPEG-LS, JPEG 2000, HTJ2K, RLE


def can_turn(transfer_syntax: str, target: str) -> bool:
    """True if objects in `transfer_syntax` can (usually) be turned into `target`."""
    return target in TARGETS and (transfer_syntax in _UNCOMPRESSED or transfer_syntax in _DECODED)

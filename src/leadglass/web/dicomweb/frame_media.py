"""What frames can be given as: media types of compressed pixels, and which of them a caller takes (PS3.18 §8.7.3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from leadglass.dicom.transcodable import can_turn
from leadglass.dicom.uids import EXPLICIT_VR_LITTLE_ENDIAN
from leadglass.web.dicomweb.accept import AS_STORED, Offer, acceptable, parse_accept
from leadglass.web.problems import NotAcceptable

__all__ = ["OCTETS", "FrameForm", "media_type_of", "negotiate"]

OCTETS: Final = "application/octet-stream"
"""Uncompressed pixels, little endian."""
_COMPRESSED: Final = {
    f"1.2.840.10008.1.2.{tail}": media_type
    for media_type, tails in {
        "image/jpeg": ("4.50", "4.51", "4.57", "4.70"),
        "image/jls": ("4.80", "4.81"),
        "image/jp2": ("4.90", "4.91"),
        "image/jpx": ("4.92", "4.93"),
        "image/jphc": ("4.201", "4.202", "4.203"),
        "image/jxl": ("4.110", "4.111", "4.112"),
        "image/dicom-rle": ("5",),
        "video/mpeg": ("4.100", "4.100.1", "4.101", "4.101.1"),
        "video/mp4": (
            *(f"4.{number}{tail}" for number in range(102, 107) for tail in ("", ".1")),
            "4.107",
            "4.108",
        ),
    }.items()
    for tail in tails
}
"""PS3.18 tables 8.7.3-2 and 8.7.3-3."""


@dataclass(frozen=True, slots=True)
class FrameForm:
    """How the frames are sent."""

    media_type: str
    transfer_syntax: str
    is_multipart: bool
    is_decoded: bool

    @property
    def content_type(self) -> str:
        """Of one frame."""
        return f"{self.media_type}; transfer-syntax={self.transfer_syntax}"


def media_type_of(transfer_syntax: str) -> str:
    """The media type of frames in this transfer syntax; octets for uncompressed ones, and for those nobody knows."""
    return _COMPRESSED.get(transfer_syntax, OCTETS)


@lru_cache(maxsize=512)
def negotiate(
    accept: str | None, query_accept: tuple[str, ...], stored: str, *, is_compressed: bool, is_one: bool
) -> FrameForm:
    """The form the caller likes best of those that frames stored in `stored` can be had in.

    Uncompressed is the default (§8.7.3.5.2); a caller who takes any transfer syntax gets them as they are stored.
    NotAcceptable if there is none, PeerViolation if Accept makes no sense.
    """
    may_decode = not is_compressed or can_turn(stored, EXPLICIT_VR_LITTLE_ENDIAN)
    media_type = media_type_of(stored)
    forms = []
    if may_decode:
        syntaxes = (EXPLICIT_VR_LITTLE_ENDIAN, stored) if is_compressed else (EXPLICIT_VR_LITTLE_ENDIAN,)
        forms.append((OCTETS, syntaxes))
    if is_compressed and (media_type != OCTETS or not may_decode):
        forms.append((media_type, (stored,)))
    offers = [
        Offer(name, is_multipart, syntaxes)
        for is_multipart in ((True, False) if is_one else (True,))
        for name, syntaxes in forms
    ]
    for offer, asked in acceptable(parse_accept(accept, query_accept), offers):
        is_stored = is_compressed and (
            offer.media_type != OCTETS or asked.transfer_syntax in (AS_STORED, stored) or not may_decode
        )
        if is_stored:
            return FrameForm(media_type, stored, offer.is_multipart, is_decoded=False)
        return FrameForm(OCTETS, EXPLICIT_VR_LITTLE_ENDIAN, offer.is_multipart, is_decoded=True)
    can_be_had = " or ".join(dict.fromkeys(name for name, _ in forms))
    kinds = "in one or several parts" if is_one else "in several parts (multipart/related)"
    raise NotAcceptable(f"These frames can be had as {can_be_had}, {kinds}.")

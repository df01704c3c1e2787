"""The Content-Type of a request or of a part: one media type with its parameters (RFC 9110 §8.3, RFC 2045 §5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from leadglass.dicom.elements.refusals import malformed, too_much
from leadglass.terms.ceilings import MAX_BOUNDARY, MAX_MEDIA_TYPE

__all__ = ["MediaType", "boundary_of", "parse_media_type"]

_TYPE: Final = re.compile(r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*")
# An unquoted value may hold the characters that RFC 2045 wants quoted ("/", "=", ":" …): many senders do not quote.
_PARAMETER: Final = re.compile(
    r""";[ \t]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*("(?:[^"\\\r\n\0]|\\[^\r\n\0])*"|[^";\s\0]+)[ \t]*)?"""
)
_ESCAPED: Final = re.compile(r"\\(.)")
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,./:=? -]*[0-9A-Za-z'()+_,./:=?-]")


@dataclass(frozen=True, slots=True)
class MediaType:
    """Type and parameter names in lower case; values as they stand, without their quotes."""

    type: str
    parameters: Mapping[str, str]


def parse_media_type(text: str) -> MediaType:
    """The media type that `text` is. PeerViolation if it is none, or names a parameter twice; CeilingReached."""
    if len(text) > MAX_MEDIA_TYPE:
        raise too_much("MAX_MEDIA_TYPE", MAX_MEDIA_TYPE, len(text))
    found = _TYPE.match(text)
    if found is None:
        raise malformed("the Content-Type is not a media type", "RFC 9110 §8.3.1")
    media_type, position = found[1].lower(), found.end()
    parameters: dict[str, str] = {}
    while position < len(text):
        found = _PARAMETER.match(text, position)
        if found is None:
            raise malformed("the parameters of the Content-Type cannot be read", "RFC 9110 §5.6.6")
        position = found.end()
        if found[1] is None:
            continue  # an empty parameter: legal since RFC 9110
        name, value = found[1].lower(), found[2]
        if name in parameters:
            raise malformed("the Content-Type names a parameter twice", "RFC 2045 §5.1")
        parameters[name] = _ESCAPED.sub(r"\1", value[1:-1]) if value.startswith('"') else value
    return MediaType(media_type, parameters)


def boundary_of(media_type: MediaType) -> bytes:
    """The boundary that a multipart media type names. PeerViolation if it names none that can be one,
    CeilingReached."""
    boundary = media_type.parameters.get("boundary")
    if boundary is None:
        raise malformed("the Content-Type names no boundary", "RFC 2046 §5.1.1")
    if len(boundary) > MAX_BOUNDARY:
        raise too_much("MAX_BOUNDARY", MAX_BOUNDARY, len(boundary))
    if _BOUNDARY.fullmatch(boundary) is None:
        raise malformed("the boundary is empty or holds characters that may not stand in one", "RFC 2046 §5.1.1")
    return boundary.encode("ascii")

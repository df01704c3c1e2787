"""The header fields of one part of a multipart body (RFC 2046 §5.1, RFC 5322 §2.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from leadglass.dicom.elements.refusals import malformed

__all__ = ["parse_part_headers"]

_FIELD: Final = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:(.*)")
_FOLD: Final = re.compile(r"\r\n[ \t]+")
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def parse_part_headers(block: bytes) -> Mapping[str, str]:
    """The fields by name in lower case, without the blanks around their values.

    `block` is what stands before the empty line, its last line end left out. Bytes above 127 are read as ISO 8859-1,
    and nothing that we look at may hold any. PeerViolation for anything that is not a field, and for a field that
    stands twice: two readers would believe different ones.
    """
    fields: dict[str, str] = {}
    if not block:
        return fields
    for line in _FOLD.sub(" ", block.decode("iso8859_1")).split("\r\n"):
        if _CONTROLS.search(line):
            raise malformed("a part header holds a control character, or a line end that is not CR LF", "RFC 5322 §2.2")
        found = _FIELD.fullmatch(line)
        if found is None:
            raise malformed("a part header is not a field with a name and a colon", "RFC 5322 §2.2")
        name = found[1].lower()
        if name in fields:
            raise malformed("a part header stands twice", "RFC 2045 §3")
        fields[name] = found[2].strip(" \t")
    return fields

"""Values made fit for both databases: no NUL, no lone surrogates, no text longer than an index entry may be."""

from __future__ import annotations

from dataclasses import fields, replace
from operator import attrgetter
from typing import Final

from leadglass.dicom.instance_header import InstanceHeader

__all__ = ["MAX_TEXT_INDEXED", "is_fit", "tidy_header", "tidy_text"]

MAX_TEXT_INDEXED: Final = 256
"""Characters of one value. PostgreSQL refuses index entries over 2,704 bytes; the longest VR kept, PN, has 194."""

_NAMES: Final = tuple(field.name for field in fields(InstanceHeader) if field.name != "request_attributes")
_values = attrgetter(*_NAMES)


def is_fit(text: str) -> bool:
    """True if both databases can hold `text` at all. One that they cannot hold equals nothing that they hold."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text))


def tidy_text(text: str) -> str:
    """`text` as both databases can hold and index it."""
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text[:MAX_TEXT_INDEXED]


def tidy_header(header: InstanceHeader) -> InstanceHeader:
    """`header`, untouched if every value is fit, which is nearly always and is found out fast."""
    values = _values(header)
    together = "".join(values)
    short = len(together) <= MAX_TEXT_INDEXED or max(map(len, values)) <= MAX_TEXT_INDEXED
    if short and together.isascii() and "\0" not in together and not header.request_attributes:
        return header
    items = tuple((tidy_text(procedure), tidy_text(step)) for procedure, step in header.request_attributes)
    tidied = {name: tidy_text(value) for name, value in zip(_NAMES, values, strict=True)}
    return replace(header, request_attributes=items, **tidied)

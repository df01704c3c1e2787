"""Command set → message (PS3.7 §6.3), total: whatever the bytes are, the answer is a Message or a PeerViolation.

Lenient where leniency costs nothing: elements a message does not have are passed over (retired ones still travel),
order and group length are not checked, padding of either kind is taken off, and a missing Priority means medium.
Strict where a value is acted upon: UIDs, numbers, and every mandatory field.
"""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct, iter_unpack
from typing import Any, Final

from leadglass.dicom.dimse.elements import (
    COMMAND_DATA_SET_TYPE,
    COMMAND_FIELD,
    COMMAND_FIELDS,
    LAYOUTS,
    NO_DATA_SET,
    CommandElement,
    ElementKind,
)
from leadglass.dicom.dimse.messages import Message
from leadglass.terms.ceilings import MAX_COMMAND_SET
from leadglass.terms.errors import CeilingReached, PeerAnswer, PeerViolation
from leadglass.terms.ids import is_uid

__all__ = ["decode_command"]

_INVALID: Final = PeerAnswer(abort_reason=6)  # invalid PDU parameter value (PS3.8 §9.3.8)
_HEADER: Final = Struct("<HHI")
_US_LENGTH: Final = 2
_TAG_LENGTH: Final = 4


def decode_command(data: bytes) -> Message:
    """The message in a whole command set; PeerViolation (never with a value in its text) if it is not one."""
    if len(data) > MAX_COMMAND_SET:
        raise CeilingReached("MAX_COMMAND_SET", MAX_COMMAND_SET, len(data), answer=_INVALID)
    values = _elements(data)
    message = COMMAND_FIELDS.get(_number(values, COMMAND_FIELD, "Command Field"))
    if message is None:
        raise PeerViolation("Command Field names no DIMSE message", answer=_INVALID, clause="PS3.7 §E.1")
    found: dict[str, Any] = {
        "has_data_set": _number(values, COMMAND_DATA_SET_TYPE, "Command Data Set Type") != NO_DATA_SET
    }
    for row, read in _READERS[message]:
        value = values.get(row.element)
        if value:
            found[row.name] = read(row.name, value)
        elif row.is_mandatory:
            raise _missing(f"{message.__name__}: {row.name}")
    return message(**found)


def _elements(data: bytes) -> dict[int, bytes]:
    """Raw values by element number."""
    values: dict[int, bytes] = {}
    at, end, unpack = 0, len(data), _HEADER.unpack_from
    while at < end:
        if end - at < _HEADER.size:
            raise _malformed("the command set ends within an element header")
        group, element, length = unpack(data, at)
        at += _HEADER.size
        if group:
            raise _malformed("the command set holds an element of another group")
        if length > end - at:
            raise _malformed("a command element is longer than the command set")
        values[element] = data[at : at + length]
        at += length
    return values


def _malformed(what: str) -> PeerViolation:
    return PeerViolation(what, answer=_INVALID, clause="PS3.7 §6.3")


def _missing(name: str) -> PeerViolation:
    return PeerViolation(f"{name} is missing", answer=_INVALID, clause="PS3.7 §9.3, §10.3")


def _number(values: dict[int, bytes], element: int, name: str) -> int:
    value = values.get(element)
    if not value:
        raise _missing(name)
    return _read_number(name, value)


def _read_number(name: str, value: bytes) -> int:
    if len(value) != _US_LENGTH:
        raise PeerViolation(f"{name} is not one 16-bit number", answer=_INVALID, clause="PS3.5 §6.2 US")
    return value[0] | value[1] << 8


def _read_uid(name: str, value: bytes) -> str:
    text = value.decode("latin-1").strip("\0 ")
    if not is_uid(text):
        raise PeerViolation(f"{name} is not a UID", answer=_INVALID, clause="PS3.5 §9.1")
    return text


def _read_text(_name: str, value: bytes) -> str:
    return value.decode("ascii", "backslashreplace").strip("\0 ")


def _read_tags(name: str, value: bytes) -> tuple[int, ...]:
    if len(value) % _TAG_LENGTH:
        raise PeerViolation(f"{name} is not a list of tags", answer=_INVALID, clause="PS3.5 §6.2 AT")
    return tuple(group << 16 | element for group, element in iter_unpack("<HH", value))


_READ: Final[dict[ElementKind, Callable[[str, bytes], object]]] = {
    ElementKind.UI: _read_uid,
    ElementKind.US: _read_number,
    ElementKind.AE: _read_text,
    ElementKind.LO: _read_text,
    ElementKind.AT: _read_tags,
}
_READERS: Final[dict[type[Message], tuple[tuple[CommandElement, Callable[[str, bytes], object]], ...]]] = {
    message: tuple((row, _READ[row.kind]) for row in layout.elements) for message, layout in LAYOUTS.items()
}

"""Message → command set (PS3.7 §6.3): implicit VR little endian, ascending, group length first.

Every element of every message has its writer made once, at import, with the tag already packed into it: writing a
message is a walk along a tuple of functions.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from struct import Struct, error
from typing import Final

from leadglass.dicom.dimse.elements import (
    COMMAND_DATA_SET_TYPE,
    COMMAND_FIELD,
    DATA_SET_PRESENT,
    LAYOUTS,
    NO_DATA_SET,
    CommandElement,
    ElementKind,
)
from leadglass.dicom.dimse.messages import Message
from leadglass.terms.errors import LocalViolation

__all__ = ["encode_command"]

_HEADER = Struct("<HHI")
_GROUP_LENGTH = Struct("<HHII")
_US = Struct("<HHIH")
_TAG = Struct("<HH")
_MAX_COMMENT = 64  # LO, PS3.5 §6.2

_Writer = Callable[[Message], bytes]


def encode_command(message: Message, *, has_data_set: bool | None = None) -> bytes:
    """The command set of `message`. `has_data_set`, if given, stands in for the message's own.

    LocalViolation if a value does not fit its element.
    """
    follows = message.has_data_set if has_data_set is None else has_data_set
    try:
        before, after = _WRITERS[type(message)]
        body = b"".join(
            [
                *[write(message) for write in before],
                _DATA_SET_FOLLOWS if follows else _NO_DATA_SET_FOLLOWS,
                *[write(message) for write in after],
            ]
        )
    except (error, UnicodeEncodeError, AttributeError, TypeError) as fault:
        raise LocalViolation(f"{type(message).__name__}: a value does not fit its command element") from fault
    return _GROUP_LENGTH.pack(0, 0, 4, len(body)) + body


def _text_writer(row: CommandElement, pad: bytes) -> _Writer:
    value_of: Callable[[Message], str] = attrgetter(row.name)
    element, is_mandatory = row.element, row.is_mandatory

    def write(message: Message) -> bytes:
        value = value_of(message).encode("ascii")
        if not value and not is_mandatory:
            return b""
        if len(value) % 2:
            value += pad
        return _HEADER.pack(0, element, len(value)) + value

    return write


def _comment_writer(row: CommandElement) -> _Writer:
    value_of: Callable[[Message], str] = attrgetter(row.name)
    element = row.element

    def write(message: Message) -> bytes:
        value = value_of(message)[:_MAX_COMMENT].encode("ascii", "replace")
        if not value:
            return b""
        if len(value) % 2:
            value += b" "
        return _HEADER.pack(0, element, len(value)) + value

    return write


def _number_writer(row: CommandElement) -> _Writer:
    value_of: Callable[[Message], int | None] = attrgetter(row.name)
    element = row.element

    def write(message: Message) -> bytes:
        value = value_of(message)
        return b"" if value is None else _US.pack(0, element, 2, value)

    return write


def _tags_writer(row: CommandElement) -> _Writer:
    value_of: Callable[[Message], tuple[int, ...]] = attrgetter(row.name)
    element = row.element

    def write(message: Message) -> bytes:
        tags = value_of(message)
        if not tags:
            return b""
        return _HEADER.pack(0, element, 4 * len(tags)) + b"".join(_TAG.pack(tag >> 16, tag & 0xFFFF) for tag in tags)

    return write


def _writer(row: CommandElement) -> _Writer:
    match row.kind:
        case ElementKind.UI:
            return _text_writer(row, b"\0")
        case ElementKind.AE:
            return _text_writer(row, b" ")
        case ElementKind.LO:
            return _comment_writer(row)
        case ElementKind.US:
            return _number_writer(row)
        case ElementKind.AT:
            return _tags_writer(row)


def _constant(value: bytes) -> _Writer:
    return lambda _: value


def _writers(message: type[Message]) -> tuple[tuple[_Writer, ...], tuple[_Writer, ...]]:
    layout = LAYOUTS[message]
    field = _constant(_US.pack(0, COMMAND_FIELD, 2, layout.command_field))
    first = [_writer(row) for row in layout.elements if row.element < COMMAND_FIELD]
    middle = [_writer(row) for row in layout.elements if COMMAND_FIELD < row.element < COMMAND_DATA_SET_TYPE]
    after = [_writer(row) for row in layout.elements if row.element > COMMAND_DATA_SET_TYPE]
    return (*first, field, *middle), tuple(after)


_WRITERS: Final = {message: _writers(message) for message in LAYOUTS}
_DATA_SET_FOLLOWS: Final = _US.pack(0, COMMAND_DATA_SET_TYPE, 2, DATA_SET_PRESENT)
_NO_DATA_SET_FOLLOWS: Final = _US.pack(0, COMMAND_DATA_SET_TYPE, 2, NO_DATA_SET)

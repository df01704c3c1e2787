"""Messages of the MongoDB wire protocol: commands out, reply documents in.

The handshake goes as OP_QUERY, which every server understands, commands as OP_MSG (since 3.6) or, to older servers, as
OP_QUERY too.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final

from leadglass.survey.probes.bson import Document, Writable, decode, encode
from leadglass.survey.probes.dialogue import STRANGER
from leadglass.terms.ceilings import MAX_DATABASE_ANSWER

__all__ = ["OP_MSG_SINCE", "as_msg", "as_query", "as_reply", "cut_message", "document_of"]

OP_MSG_SINCE: Final = 6
"""maxWireVersion of the first servers that take OP_MSG."""

_HEADER: Final = struct.Struct("<iiii")  # length, request, response to, operation
_OP_REPLY: Final = 1
_OP_QUERY: Final = 2004
_OP_MSG: Final = 2013
_REPLY_FIELDS: Final = 20  # flags, cursor, starting from, number returned


def as_query(database: str, command: Mapping[str, Writable]) -> bytes:
    """A command in the old form."""
    body = struct.pack("<i", 0) + database.encode() + b".$cmd\0" + struct.pack("<ii", 0, -1) + encode(command)
    return _HEADER.pack(16 + len(body), 1, 0, _OP_QUERY) + body


def as_msg(database: str, command: Mapping[str, Writable]) -> bytes:
    """A command in the new form."""
    body = struct.pack("<i", 0) + b"\0" + encode({**command, "$db": database})
    return _HEADER.pack(16 + len(body), 1, 0, _OP_MSG) + body


def as_reply(document: Mapping[str, Writable]) -> bytes:
    """A reply as servers write it: for the evidence."""
    body = struct.pack("<i", 0) + b"\0" + encode(document)
    return _HEADER.pack(16 + len(body), 1, 1, _OP_MSG) + body


def cut_message(buffer: bytearray) -> bytes | None:
    """Takes a whole reply off the buffer; STRANGER if these bytes are none."""
    if len(buffer) < 16:
        return None
    length, _, _, operation = _HEADER.unpack_from(buffer)
    if not 16 < length <= MAX_DATABASE_ANSWER or operation not in (_OP_REPLY, _OP_MSG):
        return STRANGER
    if len(buffer) < length:
        return None
    message = bytes(buffer[:length])
    del buffer[:length]
    return message


def document_of(message: bytes) -> Document | None:
    """The document of a reply; None if it is broken."""
    if _HEADER.unpack_from(message)[3] == _OP_REPLY:
        return decode(message[16 + _REPLY_FIELDS :])
    return decode(message[21:]) if message[20:21] == b"\0" else None

"""Packets of the MySQL client/server protocol, as far as a nameless visitor gets to see them."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Final

from leadglass.survey.personal_data import name_aloud
from leadglass.survey.probes.dialogue import STRANGER
from leadglass.terms.ceilings import MAX_DATABASE_ANSWER

__all__ = ["Hello", "anonymous_login", "as_packet", "cut_packet", "error_of", "hello_of", "text_of"]

_PLUGIN_AUTH: Final = 0x0008_0000
_CONNECT_ATTRIBUTES: Final = 0x0010_0000
_LOGIN: Final = 0x0000_8201  # long password, protocol 4.1, secure connection
_UTF8: Final = 33
_MAX_PACKET: Final = 1 << 20
_VERSION: Final = re.compile(rb"(?:5\.5\.5-)?[0-9]{1,3}(?:\.[0-9]{1,4}){1,3}(?:-MariaDB)?")
_PLUGIN: Final = re.compile(rb"[a-z0-9_]{1,40}")
_MAX_NAME: Final = 64
_MAX_WORD: Final = 220  # so that the length of all attributes takes one byte


@dataclass(frozen=True, slots=True)
class Hello:
    """A server's first packet (protocol 10)."""

    version: str  # digits, and "-MariaDB"
    abilities: int
    plugin: str

    @property
    def rendered(self) -> bytes:
        """A packet that is read to the same value."""
        return as_packet(
            0,
            b"\x0a" + self.version.encode() + b"\0" + bytes(13) + struct.pack("<HBHHB", self.abilities & 0xFFFF, 0, 0,
            self.abilities >> 16, 21) + bytes(10 + 13) + self.plugin.encode() + b"\0",
        )  # fmt: skip


def as_packet(number: int, payload: bytes) -> bytes:
    """A packet with its header."""
    return struct.pack("<I", len(payload))[:3] + bytes([number & 0xFF]) + payload


def cut_packet(buffer: bytearray) -> bytes | None:
    """Takes a whole packet, header and all, off the buffer; STRANGER if these bytes are none."""
    if len(buffer) < 4:
        return None
    length = int.from_bytes(buffer[:3], "little")
    if not 0 < length <= MAX_DATABASE_ANSWER:
        return STRANGER
    if len(buffer) < 4 + length:
        return None
    packet = bytes(buffer[: 4 + length])
    del buffer[: 4 + length]
    return packet


def hello_of(payload: bytes) -> Hello | None:
    """The server's greeting; None if it is none."""
    end = payload.find(b"\0")
    version = _VERSION.match(payload, 1)
    if payload[:1] != b"\x0a" or version is None or len(payload) < end + 33:
        return None
    low, _, _, high, length = struct.unpack_from("<HBHHB", payload, end + 14)
    start = end + 32 + max(13, length - 8)
    plugin = _PLUGIN.match(payload, start)
    return Hello(version[0].decode("ascii"), low | high << 16, plugin[0].decode("ascii") if plugin else "")


def error_of(payload: bytes) -> int:
    """The number of an error packet, 0 if it is none."""
    return int.from_bytes(payload[1:3], "little") if payload[:1] == b"\xff" and len(payload) >= 3 else 0


def anonymous_login(hello: Hello, number: int, program: str) -> bytes:
    """A login without a user's name and without a password, as the program that we are."""
    abilities = _LOGIN | hello.abilities & (_PLUGIN_AUTH | _CONNECT_ATTRIBUTES)
    body = struct.pack("<IIB23x", abilities, _MAX_PACKET, _UTF8) + b"\0" + b"\0"
    if abilities & _PLUGIN_AUTH:
        body += hello.plugin.encode() + b"\0"
    if abilities & _CONNECT_ATTRIBUTES:
        words = [word.encode()[:_MAX_WORD] for word in ("program_name", program)]
        pairs = b"".join(bytes([len(word)]) + word for word in words)
        body += bytes([len(pairs)]) + pairs
    return as_packet(number, body)


def text_of(payload: bytes) -> str:
    """The first column of a row, "" if it cannot be a database's name."""
    text = payload[1 : 1 + payload[0]].decode("utf-8", "replace") if payload and payload[0] <= _MAX_NAME else ""
    return name_aloud(text) if text.isprintable() else ""

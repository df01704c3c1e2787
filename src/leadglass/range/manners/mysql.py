"""A simulated MySQL server: it lets the nameless in, or not."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

from leadglass.range.law import NEVER, Law
from leadglass.range.manner import Action
from leadglass.range.manners.messages import MessageManner

__all__ = ["MysqlServer"]

_END_OF_ROWS = b"\xfe\0\0\2\0"


class MysqlServer(MessageManner):
    """Speaks protocol 10."""

    def __init__(
        self,
        law: Law,
        *,
        lets_in_nameless: bool = False,
        databases: Sequence[str] = ("information_schema",),
        version: str = "8.0.36",
    ) -> None:
        super().__init__(law)
        self._lets_in_nameless, self._databases, self._version = lets_in_nameless, databases, version
        self._is_in = False

    def opened(self) -> Iterable[Action]:
        salt = b"abcdefghijklmnopqrst"
        head = b"\x0a" + self._version.encode("ascii") + b"\0" + bytes(4) + salt[:8] + b"\0"
        abilities = struct.pack("<HBHHB", 0xA201, 33, 2, 0x0018, 21) + bytes(10)
        return [_packet(0, head + abilities + salt[8:] + b"\0mysql_native_password\0")]

    def _size(self) -> int | None:
        return 4 + int.from_bytes(self._buffer[:3], "little") if len(self._buffer) >= 4 else None

    def _answer(self, request: bytes) -> Iterable[Action]:
        payload = request[4:]
        if self._is_in:
            return self._asked(payload)
        is_nameless = len(payload) > 33 and payload[32:34] == b"\0\0"
        self._law.saw(2 if is_nameless else NEVER, "MySQL login " + ("of nobody" if is_nameless else "of somebody"))
        if not is_nameless or not self._lets_in_nameless:
            return self._end(_packet(2, b"\xff\x15\x04#28000Access denied"))
        self._is_in = True
        return [_packet(2, b"\0\0\0\2\0\0\0")]

    def _asked(self, payload: bytes) -> Iterable[Action]:
        if payload == b"\x01":
            return self._end()
        is_names = payload == b"\x03SHOW DATABASES"
        self._law.saw(2 if is_names else NEVER, "MySQL names" if is_names else "MySQL question")
        if not is_names:
            return [_packet(1, b"\xff\x76\x04#42000Denied")]
        column = b"\3def\0\0\0\x08Database\0\x0c" + struct.pack("<HIBHB2x", 33, 256, 0xFD, 1, 0)
        rows = [bytes([len(name)]) + name.encode("ascii") for name in self._databases]
        packets = [b"\x01", column, _END_OF_ROWS, *rows, _END_OF_ROWS]
        return [b"".join(_packet(number, packet) for number, packet in enumerate(packets, 1))]


def _packet(number: int, payload: bytes) -> bytes:
    return struct.pack("<I", len(payload))[:3] + bytes([number & 0xFF]) + payload

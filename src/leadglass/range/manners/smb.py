"""A simulated SMB server: its sessions for nobody lead to IPC$, or nowhere."""

from __future__ import annotations

import struct
from collections.abc import Iterable

from leadglass.range.law import NEVER, Law
from leadglass.range.manner import Action
from leadglass.range.manners.messages import MessageManner

__all__ = ["SmbServer"]

_HEADER = struct.Struct("<4sHHIHHIIQIIQ16s")
_GO_ON, _DENIED, _UNSUPPORTED = 0xC0000016, 0xC0000022, 0xC00000BB
_NTLM = b"NTLMSSP\0"
_CHALLENGE = _NTLM + struct.pack("<IIIIQQQ", 2, 0, 56, 0x00080205, 1, 0, 0)
_SESSION = 0x1001


class SmbServer(MessageManner):
    """Dialect 3.0.2; `only_smb1` is a storage box of the last century."""

    def __init__(
        self, law: Law, *, allows_null: bool = False, signing_required: bool = False, only_smb1: bool = False
    ) -> None:
        super().__init__(law)
        self._allows_null, self._signing, self._only_smb1 = allows_null, 3 if signing_required else 1, only_smb1

    def _size(self) -> int | None:
        return 4 + int.from_bytes(self._buffer[1:4], "big") if len(self._buffer) >= 4 else None

    def _answer(self, request: bytes) -> Iterable[Action]:
        message = request[4:]
        if message.startswith(b"\xffSMBr"):
            self._law.saw(1, "SMB negotiation")
            old = b"\xffSMBr" + bytes(4) + b"\x98" + bytes(22) + b"\x11\0\0" + b"\3" + bytes(33)
            return [_framed(old) if self._only_smb1 else self._negotiated(0, 0x02FF)]
        if len(message) < 66 or not message.startswith(b"\xfeSMB") or self._only_smb1:
            return self._end()
        command, number = struct.unpack_from("<H", message, 12)[0], struct.unpack_from("<Q", message, 24)[0]
        if command == 0:
            self._law.saw(1, "SMB negotiation")
            return [self._negotiated(number, 0x0302)]
        if command == 1:
            return [self._session(number, message)]
        if command == 2:
            return self._end(_reply(2, number, 0, struct.pack("<HH", 4, 0)))
        is_ipc = command == 3 and message.endswith("\\IPC$".encode("utf-16-le"))
        self._law.saw(2 if is_ipc else NEVER, "SMB IPC$" if is_ipc else "SMB share or file")
        status = 0 if is_ipc and self._allows_null else _DENIED
        return [_reply(command, number, status, struct.pack("<HBBIII", 16, 2, 0, 0, 0, 0))]

    def _negotiated(self, number: int, dialect: int) -> bytes:
        body = struct.pack(
            "<HHHH16sIIIIQQHHI", 65, self._signing, dialect, 0, bytes(16), 0, *[65536] * 3, 0, 0, 128, 0, 0
        )
        return _reply(0, number, 0, body)

    def _session(self, number: int, message: bytes) -> bytes:
        at = message.find(_NTLM)
        kind = message[at + 8] if at >= 0 and len(message) > at + 64 else 1
        if at < 0:
            return _reply(1, number, _UNSUPPORTED, struct.pack("<HH", 9, 0))
        if kind == 1:
            return _reply(1, number, _GO_ON, struct.pack("<HHHH", 9, 0, 72, len(_CHALLENGE)) + _CHALLENGE)
        user = struct.unpack_from("<H", message, at + 36)[0]
        proof = struct.unpack_from("<H", message, at + 20)[0]
        self._law.saw(NEVER if user or proof else 2, "SMB session for " + ("somebody" if user or proof else "nobody"))
        return (
            _reply(1, number, 0, struct.pack("<HHHH", 9, 2, 72, 0))
            if not user
            else _reply(1, number, _DENIED, b"\x09\0\0\0")
        )


def _reply(command: int, number: int, status: int, body: bytes) -> bytes:
    return _framed(_HEADER.pack(b"\xfeSMB", 64, 1, status, command, 1, 1, 0, number, 0, 0, _SESSION, bytes(16)) + body)


def _framed(message: bytes) -> bytes:
    return struct.pack("!I", len(message)) + message

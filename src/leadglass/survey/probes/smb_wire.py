"""Messages of SMB 2 and 3 ([MS-SMB2])."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from leadglass.survey.probes.dialogue import STRANGER
from leadglass.terms.ceilings import MAX_SMB_MESSAGE

__all__ = [
    "NEGOTIATE", "SESSION_SETUP", "TREE_CONNECT", "Answer", "answer_of", "any_dialect", "cut_frame", "enter_ipc",
    "logoff", "negotiate", "session_setup",
]  # fmt: skip

NEGOTIATE: Final = 0
SESSION_SETUP: Final = 1
_LOGOFF: Final = 2
TREE_CONNECT: Final = 3
_SMB1: Final = b"\xffSMB"
_SMB2: Final = b"\xfeSMB"
_HEADER: Final = struct.Struct("<4sHHIHHIIQIIQ16s")
_DIALECTS: Final = (0x0202, 0x0210, 0x0300, 0x0302, 0x0311)


@dataclass(frozen=True, slots=True)
class Answer:
    """What of an answer is looked at."""

    is_smb1: bool = False
    command: int = 0
    status: int = 0
    session: int = 0
    first: int = 0
    """NEGOTIATE: the security mode. SESSION_SETUP: the session's flags."""
    dialect: int = 0

    @property
    def rendered(self) -> bytes:
        """A message that is read to the same value."""
        if self.is_smb1:
            return _framed(_SMB1 + bytes(28))
        header = _HEADER.pack(_SMB2, 64, 0, self.status, self.command, 1, 1, 0, 0, 0, 0, self.session, bytes(16))
        return _framed(header + struct.pack("<HHH", 0, self.first, self.dialect))


def cut_frame(buffer: bytearray) -> bytes | None:
    """Takes a whole message off the buffer, without its frame; STRANGER if these bytes are none."""
    if buffer and buffer[0]:
        return STRANGER
    if len(buffer) < 8:
        return None
    length = int.from_bytes(buffer[1:4], "big")
    if length > MAX_SMB_MESSAGE or bytes(buffer[4:8]) not in (_SMB1, _SMB2):
        return STRANGER
    if len(buffer) < 4 + length:
        return None
    message = bytes(buffer[4 : 4 + length])
    del buffer[: 4 + length]
    return message or STRANGER


def answer_of(message: bytes) -> Answer | None:
    """The answer; None if it is broken."""
    if message.startswith(_SMB1):
        return Answer(is_smb1=True)
    if len(message) < 70 or not message.startswith(_SMB2):
        return None
    _, _, _, status, command, _, _, _, _, _, _, session, _ = _HEADER.unpack_from(message)
    _, first, dialect = struct.unpack_from("<HHH", message, 64)
    return Answer(False, command, status, session, first, dialect if command == NEGOTIATE else 0)


def any_dialect() -> bytes:
    """SMB_COM_NEGOTIATE, the one question that every server since 1996 understands ([MS-SMB2] §3.2.4.2.2.1)."""
    names = b"".join(b"\x02" + name + b"\0" for name in (b"NT LM 0.12", b"SMB 2.002", b"SMB 2.???"))
    header = (
        _SMB1
        + b"\x72"
        + bytes(4)
        + b"\x18"
        + struct.pack("<H", 0xC001)
        + bytes(12)
        + struct.pack("<HHHH", 0xFFFF, 0, 0, 0)
    )
    return _framed(header + b"\0" + struct.pack("<H", len(names)) + names)


def negotiate(number: int, guid: bytes, salt: bytes) -> bytes:
    """SMB2 NEGOTIATE (§2.2.3) for all dialects. `guid` has 16 bytes."""
    dialects = b"".join(struct.pack("<H", dialect) for dialect in _DIALECTS)
    context = struct.pack("<HHH", 1, len(salt), 1) + salt  # SHA-512 of what was said, as 3.1.1 demands
    padding = bytes(-(36 + len(dialects)) % 8)
    offset = 64 + 36 + len(dialects) + len(padding)
    body = struct.pack("<HHHHI16sIHH", 36, len(_DIALECTS), 1, 0, 0, guid, offset, 1, 0) + dialects + padding
    return _message(NEGOTIATE, number, 0, body + struct.pack("<HHI", 1, len(context), 0) + context)


def session_setup(number: int, session: int, token: bytes) -> bytes:
    """SMB2 SESSION_SETUP (§2.2.5)."""
    body = struct.pack("<HBBIIHHQ", 25, 0, 1, 0, 0, 64 + 24, len(token), 0) + token
    return _message(SESSION_SETUP, number, session, body)


def enter_ipc(number: int, session: int, server: str) -> bytes:
    """SMB2 TREE_CONNECT (§2.2.9) to the share that holds no files."""
    path = f"\\\\{server}\\IPC$".encode("utf-16-le")
    return _message(TREE_CONNECT, number, session, struct.pack("<HHHH", 9, 0, 64 + 8, len(path)) + path)


def logoff(number: int, session: int) -> bytes:
    """SMB2 LOGOFF (§2.2.7)."""
    return _message(_LOGOFF, number, session, struct.pack("<HH", 4, 0))


def _message(command: int, number: int, session: int, body: bytes) -> bytes:
    header = _HEADER.pack(_SMB2, 64, 1, 0, command, 31, 0, 0, number, 0xFEFF, 0, session, bytes(16))
    return _framed(header + body)


def _framed(message: bytes) -> bytes:
    return struct.pack("!I", len(message)) + message

"""What is said to an HL7 receiver: a block of nothing, or a message about nobody."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.probe import Caller
from leadglass.survey.probes.dialogue import STRANGER, Dialogue

__all__ = ["EmptyBlock", "EmptyMessage"]

_START: Final = b"\x0b"
_END: Final = b"\x1c"
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 ._@:/+-]")
_CODE: Final = re.compile(rb"[0-9]{3}")


class EmptyBlock(Dialogue):
    """`<VT><FS><CR>`: some acknowledge even that."""

    kind: ClassVar[str] = "hl7 empty block"

    def __init__(self) -> None:
        super().__init__()
        self.acknowledgement = ""
        """MSA-1; "" if none came."""
        self.error = 0
        """The code of ERR, 0 if there is none."""

    def begin(self) -> bytes:
        return _START + _END + b"\r"

    def _cut(self, buffer: bytearray) -> bytes | None:
        if not buffer.startswith(_START):
            return STRANGER if buffer else None
        end = buffer.find(_END)
        if end < 0:
            return None
        block = bytes(buffer[: end + 1])
        del buffer[: end + (2 if buffer[end + 1 : end + 2] == b"\r" else 1)]
        return block

    def _answer(self, message: bytes) -> bytes:
        self.is_spoken = True
        self.acknowledgement, self.error = _read(message)
        self.is_over = True
        return b""

    def _kept(self, message: bytes) -> bytes:
        code, error = _read(message)
        segments = ["MSH|^~\\&", *([f"MSA|{code}"] if code else []), *([f"ERR|||{error}"] if error else [])]
        return _START + "\r".join(segments).encode("ascii") + _END + b"\r"


class EmptyMessage(EmptyBlock):
    """An MSH that says who we are, and of nobody anything."""

    kind = "hl7 empty message"
    level = Level.ACCESS

    def __init__(self, caller: Caller, control_id: str) -> None:
        super().__init__()
        application, contact = _UNSAFE.sub("", caller.calling_ae_title), _UNSAFE.sub("", caller.contact)
        self._message = f"MSH|^~\\&|{application}|{contact}||||||{control_id}|T|2.5\r"

    def begin(self) -> bytes:
        return _START + self._message.encode("ascii") + _END + b"\r"


def _read(block: bytes) -> tuple[str, int]:
    """MSA-1 if it is one of table 0008, and the first code of the ERR segment (ERR-3, or within ERR-1 before v2.5)."""
    acknowledgement, error = "", 0
    for segment in re.split(rb"[\r\n]+", block[1:-1]):
        fields = segment.split(segment[3:4] or b"|")
        if fields[0] == b"MSA" and len(fields) > 1 and fields[1] in (b"AA", b"AE", b"AR", b"CA", b"CE", b"CR"):
            acknowledgement = fields[1].decode("ascii")
        elif fields[0] == b"ERR" and not error:
            codes = [part for field in (fields[3:4] + fields[1:2]) for part in re.split(rb"[\^&]", field)]
            error = next((int(code) for code in codes if _CODE.fullmatch(code)), 0)
    return acknowledgement, error

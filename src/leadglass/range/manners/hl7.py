"""A simulated HL7 v2 receiver on MLLP."""

from __future__ import annotations

from collections.abc import Iterable

from leadglass.range.law import NEVER, Law
from leadglass.range.manner import Action
from leadglass.range.manners.messages import MessageManner

__all__ = ["Hl7Receiver"]


class Hl7Receiver(MessageManner):
    """Acknowledges whatever comes, as most do; a message without a type is an error to it."""

    def __init__(self, law: Law, *, acknowledges_empty_blocks: bool = False) -> None:
        super().__init__(law)
        self._acknowledges_empty_blocks = acknowledges_empty_blocks

    def _size(self) -> int | None:
        if self._buffer and self._buffer[0] != 0x0B:
            return 0
        end = self._buffer.find(b"\x1c\r")
        return end + 2 if end >= 0 else None

    def _answer(self, request: bytes) -> Iterable[Action]:
        message = request[1:-2]
        if not message.strip():
            self._law.saw(1, "empty MLLP block")
            return [self._acknowledgement("AR", 100)] if self._acknowledges_empty_blocks else []
        fields = message.split(b"\r")[0].split(b"|")
        is_empty = fields[0] == b"MSH" and message.count(b"\r") <= 1 and (len(fields) < 9 or not fields[8])
        self._law.saw(2 if is_empty else NEVER, "HL7 message without a type" if is_empty else "HL7 message")
        return [self._acknowledgement("AE" if is_empty else "AA", 101 if is_empty else 0)]

    def _acknowledgement(self, code: str, error: int) -> bytes:
        text = f"MSH|^~\\&|RANGE|EXAMPLE CLINIC|||||ACK|1|P|2.5\rMSA|{code}|1\r"
        text += f"ERR|||{error}^Required field missing^HL70357|E\r" if error else ""
        return b"\x0b" + text.encode("ascii") + b"\x1c\r"

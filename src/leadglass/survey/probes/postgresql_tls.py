"""What is said to a PostgreSQL server at level 1: one question about TLS."""

from __future__ import annotations

import struct
from typing import ClassVar, Final

from leadglass.survey.probes.dialogue import STRANGER, Dialogue

__all__ = ["TlsQuestion"]

_SSL_REQUEST: Final = struct.pack("!II", 8, 80877103)


class TlsQuestion(Dialogue):
    """SSLRequest: one byte is the answer, and it is this protocol's alone."""

    kind: ClassVar[str] = "postgresql tls question"

    def __init__(self) -> None:
        super().__init__()
        self.offers_tls: bool | None = None

    def begin(self) -> bytes:
        return _SSL_REQUEST

    def _cut(self, buffer: bytearray) -> bytes | None:
        if not buffer:
            return None
        answer = bytes(buffer[:1])
        is_alone = len(buffer) == 1
        del buffer[:1]
        return answer if answer in (b"S", b"N") and is_alone else STRANGER

    def _answer(self, message: bytes) -> bytes:
        self.is_spoken = self.is_over = True
        self.offers_tls = message == b"S"
        return b""

    def _kept(self, message: bytes) -> bytes:
        return message

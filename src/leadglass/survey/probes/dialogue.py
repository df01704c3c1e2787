"""A talk that goes message by message.

What is transcribed of a peer's messages is only what was understood of them: each protocol says in `_kept` how a
message looks that holds nothing else. Texts of a peer's own choosing never enter the evidence.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Final

from leadglass.survey.conversation import Talk

__all__ = ["STRANGER", "Dialogue"]

STRANGER: Final = b""
"""In place of a message: these bytes are another language."""

_TLS_ALERT: Final = b"\x15\x03"


class Dialogue(Talk):
    """Cuts what comes into messages and answers each. Subclasses say what a message is and what follows it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_spoken = False
        """The protocol was recognised."""
        self.language = ""
        """If it was not: "" nothing was heard, "tls", "other"."""
        self._buffer = bytearray()

    def begin(self) -> bytes:
        return b""

    def receive(self, data: bytes) -> bytes:
        self._buffer += b"" if self.is_over else data
        if data and not self.is_spoken:
            self.language = "tls" if self._buffer.startswith(_TLS_ALERT) else "other"
        said = b""
        while not self.is_over:
            message = self._cut(self._buffer)
            if message is None:
                break
            if message == STRANGER:
                self.is_over = True
            else:
                said += self._in_turn(self._answer(message))
        return said

    def reduced(self, heard: bytes) -> bytes:
        """The messages as far as they were understood; of another language, what kind it was."""
        buffer, kept = bytearray(heard), b""
        while message := self._cut(buffer):
            kept += self._kept(message)
        if not self.is_spoken and heard:
            return _TLS_ALERT if heard.startswith(_TLS_ALERT) else b"?"
        return kept + (b"?" if buffer else b"")

    def _in_turn(self, said: bytes) -> bytes:
        """Nothing, and the end, if the peer has answered what it was not asked yet: it does not listen."""
        if said and self._buffer and not self.is_over:
            self.is_over = True
            return b""
        return said

    @abstractmethod
    def _cut(self, buffer: bytearray) -> bytes | None:
        """Takes the next message off the buffer. STRANGER if it can be none, None if there is more to come."""

    @abstractmethod
    def _answer(self, message: bytes) -> bytes:
        """What to say to it."""

    @abstractmethod
    def _kept(self, message: bytes) -> bytes:
        """A message that is understood as this one is, and says nothing else."""

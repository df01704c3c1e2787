"""What is said to an SMB server: a negotiation, and a session for nobody."""

from __future__ import annotations

from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.probes.dialogue import Dialogue
from leadglass.survey.probes.ntlm import NTLM_HELLO, ntlm_anonymous
from leadglass.survey.probes.smb_wire import (
    NEGOTIATE,
    SESSION_SETUP,
    TREE_CONNECT,
    Answer,
    answer_of,
    any_dialect,
    cut_frame,
    enter_ipc,
    logoff,
    negotiate,
    session_setup,
)

__all__ = ["GO_ON", "NOISE", "SUCCESS", "Negotiation", "NullSession"]

_ANY_SMB2: Final = 0x02FF
_SIGNING_REQUIRED: Final = 2
SUCCESS: Final = 0
GO_ON: Final = 0xC0000016
_GUID: Final = 16
NOISE: Final = _GUID + 32
"""Characters of it that a talk needs: an identifier of ours, and salt."""


class Negotiation(Dialogue):
    """Which dialect, and whether it demands signatures."""

    kind: ClassVar[str] = "smb negotiation"

    def __init__(self, noise: str) -> None:
        super().__init__()
        self.dialect = ""
        self.signing_required: bool | None = None
        self._noise = noise.encode("ascii")
        self._number = 0

    def begin(self) -> bytes:
        return any_dialect()

    def _cut(self, buffer: bytearray) -> bytes | None:
        return cut_frame(buffer)

    def _answer(self, message: bytes) -> bytes:
        answer = answer_of(message)
        if answer is None:
            self.is_over = True
            return b""
        self.is_spoken = True
        self._number += 1
        return self._next(answer)

    def _next(self, answer: Answer) -> bytes:
        if answer.is_smb1:
            self.dialect, self.is_over = "1", True
            return b""
        if answer.command == NEGOTIATE and answer.status == SUCCESS and not self.dialect:
            if answer.dialect == _ANY_SMB2 and self._number == 1:
                return negotiate(self._number, self._noise[:_GUID], self._noise[_GUID:])
            self.dialect = _in_words(answer.dialect)
            self.signing_required = bool(answer.first & _SIGNING_REQUIRED)
            return self._negotiated()
        self.is_over = True
        return b""

    def _negotiated(self) -> bytes:
        self.is_over = True
        return b""

    def _kept(self, message: bytes) -> bytes:
        return (answer_of(message) or Answer(is_smb1=True)).rendered


class NullSession(Negotiation):
    """Then asks for a session as nobody, from a workstation by our name, and for IPC$, and gives both back."""

    kind = "smb null session"
    level = Level.ACCESS

    def __init__(self, noise: str, server: str, name: str) -> None:
        super().__init__(noise)
        self._server, self._name = server, name
        self.status: int | None = None
        """What came of it; None if it did not get that far."""
        self._has_session = False

    def _next(self, answer: Answer) -> bytes:
        if answer.is_smb1 or answer.command not in (SESSION_SETUP, TREE_CONNECT) or not self.dialect:
            return super()._next(answer)
        if answer.command == SESSION_SETUP and answer.status == GO_ON and self.status is None:
            self.status = GO_ON
            return session_setup(self._number, answer.session, ntlm_anonymous(self._name))
        if answer.command == SESSION_SETUP and answer.status == SUCCESS and not self._has_session:
            self._has_session = True
            return enter_ipc(self._number, answer.session, self._server)
        self.status = answer.status
        self.is_over = True
        return logoff(self._number, answer.session) if self._has_session else b""

    def _negotiated(self) -> bytes:
        return session_setup(self._number, 0, NTLM_HELLO)


def _in_words(dialect: int) -> str:
    """0x0311 → "3.1.1"; 0x0202 → "2.0.2"."""
    digits = f"{dialect:04x}"
    return f"{int(digits[:2])}.{digits[2]}.{digits[3]}" if digits.isdigit() else digits

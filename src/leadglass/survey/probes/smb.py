"""SMB: which dialect, must messages be signed, and does it open a session for nobody (a null session).

A null session counts as opened when it may enter IPC$, the share that holds no files and from where everything else is
asked for; servers that restrict nameless sessions refuse them there. No share is listed and no other is entered.
"""

from __future__ import annotations

from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, ShareFacts, Sighting, Try, Verdict
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.probes.dialogue import Dialogue, spoken
from leadglass.survey.probes.smb_wire import (
    NEGOTIATE,
    NTLM_ANONYMOUS,
    NTLM_HELLO,
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
from leadglass.survey.target import Target

__all__ = ["Negotiation", "NullSession", "probe_smb"]

HOW: Final = "SMB"
_ANY_SMB2: Final = 0x02FF
_SIGNING_REQUIRED: Final = 2
_SUCCESS: Final = 0
_GO_ON: Final = 0xC0000016
_DENIED: Final = frozenset({0xC0000022, 0xC000006D, 0xC000006E, 0xC0000072, 0xC000015B})
"""STATUS_ACCESS_DENIED, LOGON_FAILURE, ACCOUNT_RESTRICTION, ACCOUNT_DISABLED, LOGON_TYPE_NOT_GRANTED."""
_GUID: Final = 16
_SALT: Final = 32


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
        if answer.command == NEGOTIATE and answer.status == _SUCCESS and not self.dialect:
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
    """Then asks for a session as nobody and for IPC$, and gives both back."""

    kind = "smb null session"
    level = Level.ACCESS

    def __init__(self, noise: str, server: str) -> None:
        super().__init__(noise)
        self._server = server
        self.status: int | None = None
        """What came of it; None if it did not get that far."""
        self._has_session = False

    def _next(self, answer: Answer) -> bytes:
        if answer.is_smb1 or answer.command not in (SESSION_SETUP, TREE_CONNECT) or not self.dialect:
            return super()._next(answer)
        if answer.command == SESSION_SETUP and answer.status == _GO_ON and self.status is None:
            self.status = _GO_ON
            return session_setup(self._number, answer.session, NTLM_ANONYMOUS)
        if answer.command == SESSION_SETUP and answer.status == _SUCCESS and not self._has_session:
            self._has_session = True
            return enter_ipc(self._number, answer.session, self._server)
        self.status = answer.status
        self.is_over = True
        return logoff(self._number, answer.session) if self._has_session else b""

    def _negotiated(self) -> bytes:
        return session_setup(self._number, 0, NTLM_HELLO)


def probe_smb(target: Target, caller: Caller, chance: Chance) -> Probe:  # noqa: ARG001 - SMB has no room for a sender
    """ShareFacts, and whether a session is opened for nobody."""
    noise = chance.word(_GUID + _SALT)
    talk = Negotiation(noise) if target.level < Level.ACCESS else NullSession(noise, target.address)
    outcome = yield Call(talk)
    tries: tuple[Try, ...] = ()
    allows: bool | None = None
    if isinstance(talk, NullSession) and talk.status not in (None, _GO_ON):
        is_denied = talk.status in _DENIED
        verdict = Verdict.OPEN if talk.status == _SUCCESS else Verdict.CLOSED if is_denied else Verdict.UNCLEAR
        allows = {Verdict.OPEN: True, Verdict.CLOSED: False}.get(verdict)
        code = f"0x{talk.status:08X}" if talk.status else ""
        tries = (Try(act=Act.ENTER, how=HOW, verdict=verdict, code=code),)
    facts = ShareFacts(allows_anonymous=allows, dialect=talk.dialect, signing_required=talk.signing_required)
    return Sighting(
        ending=outcome.ending,
        tries=(*spoken(talk, HOW, outcome.ending), *tries),
        facts=facts if talk.is_spoken else None,
    )


def _in_words(dialect: int) -> str:
    """0x0311 → "3.1.1"; 0x0202 → "2.0.2"."""
    digits = f"{dialect:04x}"
    return f"{int(digits[:2])}.{digits[2]}.{digits[3]}" if digits.isdigit() else digits

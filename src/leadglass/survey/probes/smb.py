"""SMB: which dialect, must messages be signed, and does it open a session for nobody (a null session).

A null session counts as opened when it may enter IPC$, the share that holds no files and from where everything else is
asked for; servers that restrict nameless sessions refuse them there. No share is listed and no other is entered.
"""

from __future__ import annotations

from typing import Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, ShareFacts, Sighting, Try, Verdict
from leadglass.survey.probe import Call, Caller, Chance, Probe
from leadglass.survey.probes.dialogue_opening import spoken
from leadglass.survey.probes.smb_talks import GO_ON, NOISE, SUCCESS, Negotiation, NullSession
from leadglass.survey.target import Target

__all__ = ["probe_smb"]

HOW: Final = "SMB"
_DENIED: Final = frozenset({0xC0000022, 0xC000006D, 0xC000006E, 0xC0000072, 0xC000015B})
"""STATUS_ACCESS_DENIED, LOGON_FAILURE, ACCOUNT_RESTRICTION, ACCOUNT_DISABLED, LOGON_TYPE_NOT_GRANTED."""


def probe_smb(target: Target, caller: Caller, chance: Chance) -> Probe:
    """ShareFacts, and whether a session is opened for nobody."""
    noise = chance.word(NOISE)
    talk = Negotiation(noise) if target.level < Level.ACCESS else NullSession(noise, target.address, caller.name)
    outcome = yield Call(talk)
    tries: tuple[Try, ...] = ()
    allows: bool | None = None
    if isinstance(talk, NullSession) and talk.status not in (None, GO_ON):
        is_denied = talk.status in _DENIED
        verdict = Verdict.OPEN if talk.status == SUCCESS else Verdict.CLOSED if is_denied else Verdict.UNCLEAR
        allows = {Verdict.OPEN: True, Verdict.CLOSED: False}.get(verdict)
        code = f"0x{talk.status:08X}" if talk.status else ""
        tries = (Try(act=Act.ENTER, how=HOW, verdict=verdict, code=code),)
    facts = ShareFacts(allows_anonymous=allows, dialect=talk.dialect, signing_required=talk.signing_required)
    return Sighting(
        ending=outcome.ending,
        tries=(*spoken(talk, HOW, outcome.ending), *tries),
        facts=facts if talk.is_spoken else None,
    )

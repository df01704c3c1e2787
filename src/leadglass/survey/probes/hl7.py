"""HL7 v2 over MLLP: does it answer a stranger.

At level 1 an empty block, which nobody can file. At level 2 a message that is only an MSH, without a type: every
receiver owes it an acknowledgement (HL7 v2.5 §2.9.2) and none can file it, since it says of nobody anything.
Never an ADT, an order, a result or a query.
"""

from __future__ import annotations

from typing import Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, Hl7Facts, Sighting, Try, Verdict
from leadglass.survey.probe import Caller, Chance, Probe
from leadglass.survey.probes.dialogue_opening import Opening, opening, spoken
from leadglass.survey.probes.hl7_talks import EmptyBlock, EmptyMessage
from leadglass.survey.target import Target

__all__ = ["probe_hl7"]

HOW: Final = "MLLP"
_CONTROL_ID: Final = 12
_ACCEPTED: Final = frozenset({"AA", "CA", "AE", "CE"})
_OF_OUR_MESSAGE: Final = range(100, 204)
"""Table 0357: what is wrong with a message itself. Whoever says that has read it."""


def probe_hl7(target: Target, caller: Caller, chance: Chance) -> Probe:
    """Hl7Facts, and whether a stranger's message is read."""
    found: Opening[EmptyBlock]
    if target.level < Level.ACCESS:
        found = yield from opening(EmptyBlock)
    else:
        control_id = chance.word(_CONTROL_ID)
        found = yield from opening(lambda: EmptyMessage(caller, control_id))
    talk = found.talk
    return Sighting(
        ending=found.ending,
        tries=(*spoken(talk, HOW, found.ending), *_entered(talk)),
        facts=Hl7Facts(acknowledgement=talk.acknowledgement) if talk.is_spoken else None,
        handshakes=found.handshakes,
        speaks_tls=found.speaks_tls,
    )


def _entered(talk: EmptyBlock) -> tuple[Try, ...]:
    """Whoever accepts our message, or says what is wrong with it, reads what strangers send."""
    if not talk.acknowledgement:
        return ()
    is_read = talk.acknowledgement in _ACCEPTED or talk.error in _OF_OUR_MESSAGE
    code = f"{talk.acknowledgement} {talk.error}" if talk.error else talk.acknowledgement
    return (Try(act=Act.ENTER, how=HOW, verdict=Verdict.OPEN if is_read else Verdict.UNCLEAR, code=code),)

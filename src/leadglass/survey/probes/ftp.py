"""FTP (RFC 959): who greets, and whether it lets in anybody who says "anonymous" (RFC 1635).

That a stranger sends his address as password is how anonymous FTP asks for a name: it is no credential, and none is
guessed. After the answer comes QUIT; nothing is listed and nothing fetched.
"""

from __future__ import annotations

from typing import Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, ShareFacts, Sighting, Software, Try, Verdict
from leadglass.survey.probe import Caller, Chance, Probe
from leadglass.survey.probes.dialogue_opening import Opening, opening, spoken
from leadglass.survey.probes.ftp_talks import AnonymousVisit, FtpGreeting
from leadglass.survey.target import Target

__all__ = ["probe_ftp"]

HOW: Final = "FTP"


def probe_ftp(target: Target, caller: Caller, chance: Chance) -> Probe:  # noqa: ARG001 - nothing is left to chance
    """ShareFacts, and whether a nameless visitor is let in."""
    tries: tuple[Try, ...] = ()
    allows: bool | None = None
    found: Opening[FtpGreeting]
    if target.level < Level.ACCESS:
        found = yield from opening(FtpGreeting)
    else:
        visit = yield from opening(lambda: AnonymousVisit(caller.contact or caller.name))
        found = visit
        if visit.talk.was_asked:
            verdict = _verdict(visit.talk.code)
            allows = {Verdict.OPEN: True, Verdict.CLOSED: False}.get(verdict)
            tries = (Try(act=Act.ENTER, how=HOW, verdict=verdict, code=visit.talk.code),)
    product, _, version = found.talk.greeting.partition("/")
    return Sighting(
        ending=found.ending,
        tries=(*spoken(found.talk, HOW, found.ending), *tries),
        facts=ShareFacts(allows_anonymous=allows) if found.talk.is_spoken else None,
        software=Software(product=product, version=version, proof="its greeting") if product else Software(),
        handshakes=found.handshakes,
        speaks_tls=found.speaks_tls,
    )


def _verdict(code: str) -> Verdict:
    """230 is the only reply that lets in; 331 as the last one means that it hung up on the address."""
    if code == "230":
        return Verdict.OPEN
    return Verdict.CLOSED if code[0] == "5" or code == "332" else Verdict.UNCLEAR

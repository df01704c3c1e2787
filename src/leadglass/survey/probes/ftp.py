"""FTP (RFC 959): who greets, and whether it lets in anybody who says "anonymous" (RFC 1635).

That a stranger sends his address as password is how anonymous FTP asks for a name: it is no credential, and none is
guessed. After the answer comes QUIT; nothing is listed and nothing fetched.
"""

from __future__ import annotations

import re
from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.observation import Act, ShareFacts, Sighting, Software, Try, Verdict
from leadglass.survey.probe import Caller, Chance, Probe
from leadglass.survey.probes.dialogue import STRANGER, Dialogue, Opening, opening, spoken
from leadglass.survey.target import Target
from leadglass.terms.ceilings import MAX_REPLY_LINE

__all__ = ["AnonymousVisit", "FtpGreeting", "probe_ftp"]

HOW: Final = "FTP"
_REPLY: Final = re.compile(rb"(?P<code>[1-5][0-9]{2})(?:-(?:[^\n]*\n)+?(?P=code))? [^\n]*\n")
_BEGINNING: Final = re.compile(rb"[1-5]?$|[1-5][0-9]{1,2}$|[1-5][0-9]{2}[ -]")
_NOT_FTP: Final = re.compile(rb"smtp|\bmail\b", re.IGNORECASE)  # those also greet with 220
_NOT_IN_A_LINE: Final = re.compile(r"[^ -~]")
_PRODUCTS: Final = re.compile(
    r"(?P<product>vsFTPd|ProFTPD|Pure-FTPd|FileZilla Server|Serv-U|Microsoft FTP Service|Synology|wu-ftpd|Titan FTP)"
    r"[^0-9\r\n]{0,16}(?P<version>[0-9]+(?:\.[0-9a-z]+)+)?",
    re.IGNORECASE,
)


class FtpGreeting(Dialogue):
    """Hears the greeting and takes its leave."""

    kind: ClassVar[str] = "ftp greeting"

    def __init__(self) -> None:
        super().__init__()
        self.code = ""
        """Of the last reply."""
        self.greeting = ""
        """Product and version as far as the greeting names them."""

    def _cut(self, buffer: bytearray) -> bytes | None:
        reply = _REPLY.match(bytes(buffer))
        if reply is None:
            is_long = len(buffer) > MAX_REPLY_LINE
            return STRANGER if is_long or not _BEGINNING.match(buffer) else None
        if _NOT_FTP.search(reply[0]):
            return STRANGER
        del buffer[: reply.end()]
        return reply[0]

    def _answer(self, message: bytes) -> bytes:
        self.code = message[:3].decode("ascii")
        if not self.is_spoken:
            self.is_spoken = True
            self.greeting = _recognised(message)
        if self.code[0] == "1":  # not yet ready: another reply follows
            return b""
        return self._follow()

    def _follow(self) -> bytes:
        self.is_over = True
        return b"QUIT\r\n"

    def _kept(self, message: bytes) -> bytes:
        return message[:3] + b" " + _recognised(message).encode("ascii") + b"\r\n"


class AnonymousVisit(FtpGreeting):
    """Says USER anonymous and, if asked, who is calling."""

    kind = "ftp anonymous"
    level = Level.ACCESS

    def __init__(self, contact: str) -> None:
        super().__init__()
        self._to_say = [b"USER anonymous\r\n", b"PASS " + _NOT_IN_A_LINE.sub("", contact).encode("ascii") + b"\r\n"]
        self._goes_on_after = ["220", "331"]
        self.was_asked = False

    def _follow(self) -> bytes:
        if self._to_say and self.code == self._goes_on_after.pop(0):
            self.was_asked = True
            return self._to_say.pop(0)
        return super()._follow()


def probe_ftp(target: Target, caller: Caller, chance: Chance) -> Probe:  # noqa: ARG001 - nothing is left to chance
    """ShareFacts, and whether a nameless visitor is let in."""
    tries: tuple[Try, ...] = ()
    allows: bool | None = None
    found: Opening[FtpGreeting]
    if target.level < Level.ACCESS:
        found = yield from opening(FtpGreeting)
    else:
        visit = yield from opening(lambda: AnonymousVisit(caller.contact))
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


def _recognised(message: bytes) -> str:
    """ "product/version" of a greeting, "" if it names none that is known."""
    named = _PRODUCTS.search(message.decode("latin-1"))
    if named is None:
        return ""
    return f"{named['product']}/{named['version']}" if named["version"] else named["product"]

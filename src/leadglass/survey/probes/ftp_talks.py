"""What is said to an FTP server (RFC 959): nothing, or "anonymous" (RFC 1635). Then QUIT."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from leadglass.survey.level import Level
from leadglass.survey.probes.dialogue import STRANGER, Dialogue
from leadglass.terms.ceilings import MAX_REPLY_LINE

__all__ = ["AnonymousVisit", "FtpGreeting"]

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


def _recognised(message: bytes) -> str:
    """ "product/version" of a greeting, "" if it names none that is known."""
    named = _PRODUCTS.search(message.decode("latin-1"))
    if named is None:
        return ""
    return f"{named['product']}/{named['version']}" if named["version"] else named["product"]

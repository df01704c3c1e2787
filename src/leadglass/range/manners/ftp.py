"""A simulated FTP server that gets no further than its door."""

from __future__ import annotations

from collections.abc import Iterable

from leadglass.range.law import NEVER, Law
from leadglass.range.manner import Action
from leadglass.range.manners.messages import MessageManner

__all__ = ["FtpServer"]


class FtpServer(MessageManner):
    """Lets "anonymous" in, or nobody."""

    def __init__(self, law: Law, *, lets_in_anonymous: bool, greeting: str = "(vsFTPd 3.0.3)") -> None:
        super().__init__(law)
        self._lets_in_anonymous = lets_in_anonymous
        self._greeting = greeting
        self._is_anonymous = False

    def opened(self) -> Iterable[Action]:
        return [f"220 {self._greeting}\r\n".encode("ascii")]

    def _size(self) -> int | None:
        end = self._buffer.find(b"\n")
        return end + 1 if end >= 0 else None

    def _answer(self, request: bytes) -> Iterable[Action]:
        verb, _, argument = request.decode("latin-1").strip().partition(" ")
        match verb.upper():
            case "QUIT":
                return self._end(b"221 Goodbye.\r\n")
            case "USER":
                self._is_anonymous = argument.lower() in ("anonymous", "ftp")
                self._law.saw(2 if self._is_anonymous else NEVER, "FTP login" + " as anonymous" * self._is_anonymous)
                return [b"331 Please specify the password.\r\n"]
            case "PASS":
                is_address = self._is_anonymous and ("@" in argument or "://" in argument or argument == "Leadglass")
                self._law.saw(2 if is_address else NEVER, "FTP " + ("address" if is_address else "password"))
                is_in = self._is_anonymous and self._lets_in_anonymous
                return [b"230 Login successful.\r\n" if is_in else b"530 Login incorrect.\r\n"]
        self._law.saw(NEVER, "FTP command")
        return [b"530 Please login with USER and PASS.\r\n"]

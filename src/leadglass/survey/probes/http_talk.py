"""Asking a web server: one connection, some GETs, one after another.

A probe never sees an answer as it came: only what its `Ask.keep` leaves of it, and that is what is transcribed. So what
is kept always leads to the same verdict, and what no probe looks at is kept nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from leadglass.survey.conversation import Talk
from leadglass.survey.level import Level
from leadglass.survey.probes.http_answer import AnswerReader
from leadglass.survey.probes.http_asking import Answer, Ask
from leadglass.terms.ceilings import KIB, MAX_ANSWER_HEAD

__all__ = ["HttpAccess", "HttpTalk"]

_SLACK: Final = 256 * KIB
"""One more portion as a socket gives it out: a talk ends by its own limits, not by its ceiling."""
_NARROW: Final = 1 * KIB
"""Bytes of its window where what comes may have to be stopped: the least that systems grant, about a packet."""


class HttpTalk(Talk):
    """Asks until all is answered, or the peer does not go on; `answers` are those that came."""

    kind: ClassVar[str] = "http"

    def __init__(self, asks: Sequence[Ask], origin: str, user_agent: str) -> None:
        super().__init__()
        self.asks = tuple(asks)
        self.answers: list[Answer] = []
        self.language = ""
        """What the peer spoke at last: "" nothing, "http", "tls", "other"."""
        self.ceiling = sum(ask.limit + MAX_ANSWER_HEAD for ask in self.asks) + _SLACK
        self._origin, self._user_agent = origin, user_agent
        self.window = _NARROW if any(ask.stops_at for ask in self.asks) else 0
        self._reader = AnswerReader(self.asks[0].limit, self.asks[0].stops_at)

    def begin(self) -> bytes:
        return self._request()

    def receive(self, data: bytes) -> bytes:
        if self.is_over:
            return b""
        if not self.language and data:
            self.language = "tls" if data[0] in (0x15, 0x16) else "other"
        self._reader.feed(data)
        said = b""
        while self._reader.is_done and not self.is_over:
            said += self._turn()
        return said

    def hung_up(self) -> None:
        if not self.is_over:
            self._reader.end()
            if self._reader.is_http:
                self._turn()
        self.is_over = True

    def reduced(self, heard: bytes) -> bytes:
        """The answers as they were kept; of what was no HTTP, one byte that says what it was.

        `heard` may be a stretch of the conversation: it belongs to the first question it answers as it was answered.
        """
        for first in range(len(self.answers)):
            twin = self._read_again(first, heard)
            if twin.answers and twin.answers == self.answers[first : first + len(twin.answers)]:
                return twin.rendered()
        return self._read_again(0, heard).rendered()

    def _read_again(self, first: int, heard: bytes) -> HttpTalk:
        twin = type(self)(self.asks[first:], self._origin, self._user_agent)
        twin.receive(heard)
        twin.hung_up()
        return twin

    def rendered(self) -> bytes:
        """What was kept of all that was heard."""
        stranger = {"tls": b"\x15", "other": b"?"}.get(self.language, b"")
        return b"".join(answer.rendered() for answer in self.answers) + stranger

    def _turn(self) -> bytes:
        """Takes the answer that is done. Returns the next request, if there is one."""
        reader = self._reader
        if not reader.is_http:
            self.is_over = True
            return b""
        self.language = "http"
        self.answers.append(Answer.kept(reader, self.asks[len(self.answers)], self._origin))
        if len(self.answers) == len(self.asks) or not reader.persists:
            self.is_over = True
            return b""
        ask = self.asks[len(self.answers)]
        self._reader = AnswerReader(ask.limit, ask.stops_at)
        self._reader.feed(reader.rest)
        return self._request()

    def _request(self) -> bytes:
        is_last = len(self.answers) + 1 == len(self.asks)
        return self.asks[len(self.answers)].rendered(self._origin, self._user_agent, is_last=is_last)


class HttpAccess(HttpTalk):
    """Asks whether a stranger would be served."""

    kind = "http access"
    level = Level.ACCESS

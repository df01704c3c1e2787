"""Asking a web server: one connection, some GETs, one after another (RFC 9112).

A probe never sees an answer as it came: only what its `Ask.keep` leaves of it, and that is what is transcribed. So what
is kept always leads to the same verdict, and what no probe looks at is kept nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, TypeAlias

from leadglass.survey.conversation import Talk
from leadglass.survey.level import Level
from leadglass.survey.probes.http_answer import AnswerReader
from leadglass.terms.ceilings import KIB, MAX_ANSWER_HEAD

__all__ = [
    "ELSEWHERE",
    "LOGIN_ELSEWHERE",
    "NO_ANSWER",
    "SECURED",
    "Answer",
    "Ask",
    "HttpAccess",
    "HttpCounts",
    "HttpTalk",
    "Keep",
]

Keep: TypeAlias = Callable[[bytes], bytes]
"""What of a body is looked at and kept. Idempotent; never raises; lets through nothing that could be of a patient."""

_SLACK: Final = 256 * KIB
"""One more portion as a socket gives it out: a talk ends by its own limits, not by its ceiling."""
_NARROW: Final = 1 * KIB
"""Bytes of its window where what comes may have to be stopped: the least that systems grant, about a packet."""
_CUT: Final = "leadglass-cut"
ELSEWHERE: Final = "https://elsewhere.invalid/"
LOGIN_ELSEWHERE: Final = "https://elsewhere.invalid/login"
SECURED: Final = "https://secured.invalid/"
"""What is kept of where a redirection leads, if not to a path of the same origin: to somebody else, to somebody else's
login, to TLS on the same port."""

_LOGIN: Final = re.compile(r"log-?in|sign-?in|auth|saml|sso|realms", re.IGNORECASE)
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9 ._/()+,;:=\"-]")
_UNPRINTABLE: Final = re.compile(r"[^ -~]")
_MAX_HEADER: Final = 100
_PATH: Final = re.compile(r"[A-Za-z0-9/._~-]{1,128}")
_ABSOLUTE: Final = re.compile(r"(https?://[^/?#]*)([^?#]*).*", re.IGNORECASE | re.DOTALL)
_PORT: Final = re.compile(r":([0-9]{1,5})$")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9]+/[a-z0-9.+-]{1,60}")


@dataclass(frozen=True, slots=True)
class Ask:
    """One GET."""

    path: str  # origin form (RFC 9112 §3.2.1)
    keep: Keep
    accept: str = "*/*"
    limit: int = 16 * KIB  # bytes of the body that are read
    stops_at: re.Pattern[bytes] | None = None  # once the body begins like this, no more of it is read


@dataclass(frozen=True, slots=True)
class Answer:
    """What was kept of an answer."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = False  # False: the limit was reached, or the peer stopped
    persists: bool = False

    def rendered(self) -> bytes:
        """As an HTTP answer that is read to the same value."""
        headers = dict(self.headers) | {"content-length": str(len(self.body))}
        headers |= {} if self.is_whole else {_CUT: "1"}
        headers |= {} if self.persists else {"connection": "close"}
        lines = [f"HTTP/1.1 {self.status} ", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


NO_ANSWER: Final = Answer()
"""Stands for an answer that never came: its status is 0."""


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
        self.answers.append(self._kept(reader))
        if len(self.answers) == len(self.asks) or not reader.persists:
            self.is_over = True
            return b""
        ask = self.asks[len(self.answers)]
        self._reader = AnswerReader(ask.limit, ask.stops_at)
        self._reader.feed(reader.rest)
        return self._request()

    def _request(self) -> bytes:
        ask = self.asks[len(self.answers)]
        is_last = len(self.answers) + 1 == len(self.asks)
        lines = [
            f"GET {ask.path} HTTP/1.1",
            f"Host: {self._origin.partition('://')[2]}",
            f"User-Agent: {_UNPRINTABLE.sub('?', self._user_agent)}",
            f"Accept: {ask.accept}",
            "Accept-Encoding: identity",
            f"Connection: {'close' if is_last else 'keep-alive'}",
        ]
        return "\r\n".join([*lines, "", ""]).encode("ascii", "replace")

    def _kept(self, reader: AnswerReader) -> Answer:
        ask = self.asks[len(self.answers)]
        return Answer(
            status=reader.status,
            headers=self._kept_headers(reader.headers, ask.path),
            body=ask.keep(bytes(reader.body)) if reader.body else b"",
            is_whole=reader.is_whole and _CUT not in reader.headers,
            persists=reader.persists,
        )

    def _kept_headers(self, headers: Mapping[str, str], path: str) -> dict[str, str]:
        kept = {
            "server": _clean(headers.get("server", "")),
            "www-authenticate": _clean(headers.get("www-authenticate", "")),
            "content-type": _media_type(headers.get("content-type", "")),
            "location": _local(headers.get("location", ""), path, self._origin),
        }
        return {name: value for name, value in kept.items() if value}


class HttpAccess(HttpTalk):
    """Asks whether a stranger would be served."""

    kind = "http access"
    level = Level.ACCESS


class HttpCounts(HttpTalk):
    """Asks for counts. No transcript: what was kept are numbers, and they are the tally."""

    kind = "http counts"
    level = Level.COUNTS

    @property
    def tally(self) -> Mapping[str, int | bool | str]:
        return {"answers": self.rendered().decode("latin-1")}

    def recall(self, tally: Mapping[str, int | bool | str]) -> None:
        self.receive(str(tally.get("answers", "")).encode("latin-1", "replace"))
        self.hung_up()


def _clean(value: str) -> str:
    return _UNSAFE.sub("", value)[:_MAX_HEADER].strip()


def _media_type(value: str) -> str:
    media_type = value.split(";")[0].strip().lower()
    return media_type if _MEDIA_TYPE.fullmatch(media_type) else ""


def _local(location: str, path: str, origin: str) -> str:
    """Where a redirection leads: a path of the same origin, without its query, or one of three words of ours."""
    if not location:
        return ""
    absolute = _ABSOLUTE.fullmatch(location)
    if absolute is not None:
        if absolute[1].lower() != origin.lower():
            return _outside(location, absolute[1].lower(), origin)
        target = absolute[2] or "/"
    else:
        target = re.split("[?#]", location)[0]
        if not target.startswith("/"):
            target = path.split("?")[0].rpartition("/")[0] + "/" + target
    return target if _PATH.fullmatch(target) and not target.startswith("//") else ELSEWHERE


def _outside(location: str, there: str, origin: str) -> str:
    if location in (LOGIN_ELSEWHERE, SECURED):
        return location
    if there.startswith("https:") and origin.startswith("http:") and _port_of(there, "443") == _port_of(origin, "80"):
        return SECURED
    return LOGIN_ELSEWHERE if _LOGIN.search(location) else ELSEWHERE


def _port_of(origin: str, usual: str) -> str:
    port = _PORT.search(origin)
    return port[1] if port else usual

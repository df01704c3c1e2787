"""One question to a web server, and what is kept of its answer (RFC 9112)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from leadglass.survey.probes.http_answer import AnswerReader
from leadglass.survey.probes.http_headers import kept_headers
from leadglass.terms.ceilings import KIB

__all__ = ["NO_ANSWER", "Answer", "Ask", "Keep"]

Keep: TypeAlias = Callable[[bytes], bytes]
"""What of a body is looked at and kept. Idempotent; never raises; lets through nothing that could be of a patient."""

_CUT: Final = "leadglass-cut"
_UNPRINTABLE: Final = re.compile(r"[^ -~]")


@dataclass(frozen=True, slots=True)
class Ask:
    """One GET."""

    path: str  # origin form (RFC 9112 §3.2.1)
    keep: Keep
    accept: str = "*/*"
    limit: int = 16 * KIB  # bytes of the body that are read
    stops_at: re.Pattern[bytes] | None = None  # once the body begins like this, no more of it is read

    def rendered(self, origin: str, user_agent: str, *, is_last: bool) -> bytes:
        """The request. Says who asks; `is_last`: of this connection."""
        lines = [
            f"GET {self.path} HTTP/1.1",
            f"Host: {origin.partition('://')[2]}",
            f"User-Agent: {_UNPRINTABLE.sub('?', user_agent)}",
            f"Accept: {self.accept}",
            "Accept-Encoding: identity",
            f"Connection: {'close' if is_last else 'keep-alive'}",
        ]
        return "\r\n".join([*lines, "", ""]).encode("ascii", "replace")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was kept of an answer."""

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    is_whole: bool = False  # False: the limit was reached, or the peer stopped
    persists: bool = False

    @classmethod
    def kept(cls, reader: AnswerReader, ask: Ask, origin: str) -> Answer:
        """Of an answer that was read."""
        return cls(
            status=reader.status,
            headers=kept_headers(reader.headers, ask.path, origin),
            body=ask.keep(bytes(reader.body)) if reader.body else b"",
            is_whole=reader.is_whole and _CUT not in reader.headers,
            persists=reader.persists,
        )

    def rendered(self) -> bytes:
        """As an HTTP answer that is read to the same value."""
        headers = dict(self.headers) | {"content-length": str(len(self.body))}
        headers |= {} if self.is_whole else {_CUT: "1"}
        headers |= {} if self.persists else {"connection": "close"}
        lines = [f"HTTP/1.1 {self.status} ", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body


NO_ANSWER: Final = Answer()
"""Stands for an answer that never came: its status is 0."""

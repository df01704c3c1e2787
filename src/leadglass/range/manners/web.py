"""A simulated web server: reads requests (RFC 9112), keeps the law, answers. What it answers is up to its kinds."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl

from leadglass.range.law import NEVER, Law
from leadglass.range.manner import Action, HangUp
from leadglass.terms.ceilings import MAX_RANGE_REQUEST

__all__ = ["NOT_FOUND", "Reply", "WebManner", "as_json", "number_in", "page_level", "refusal"]

_END: Final = re.compile(rb"\r?\n\r?\n")
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"})
_REASONS: Final = {200: "OK", 204: "No Content", 301: "Moved Permanently", 302: "Found", 400: "Bad Request"}
_REASONS_REFUSED: Final = {401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is framed."""

    status: int
    body: bytes = b""
    media_type: str = "text/html"
    headers: tuple[tuple[str, str], ...] = ()

    def framed(self, server: str, *, has_body: bool, closes: bool) -> bytes:
        """The bytes on the wire."""
        reason = (_REASONS | _REASONS_REFUSED).get(self.status, "Status")
        lines = [f"HTTP/1.1 {self.status} {reason}"]
        lines += [f"Server: {server}"] if server else []
        lines += [f"Content-Type: {self.media_type}"] if self.body else []
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [] if self.status == 204 else [f"Content-Length: {len(self.body)}"]
        lines += [f"Connection: {'close' if closes else 'keep-alive'}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + (self.body if has_body else b"")


NOT_FOUND: Final = Reply(404, b"<html><body><h1>404 Not Found</h1></body></html>")


_WHAT_IS_IT: Final = frozenset({"/", "/favicon.ico", "/system", "/dcm4chee-arc/aets"})


def page_level(path: str) -> int:
    """The level that a path needs which a server does not know: 1 where it only tells products apart."""
    return 1 if path in _WHAT_IS_IT or (path.endswith("/metadata") and "/studies" not in path) else 2


def as_json(value: Any, media_type: str = "application/json") -> Reply:
    """A 200 with JSON."""
    return Reply(200, json.dumps(value).encode(), media_type)


def number_in(query: Mapping[str, str], name: str) -> int:
    """A parameter's number, 0 if it is none."""
    text = query.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def refusal(realm: str) -> Reply:
    """401: not without a login."""
    return Reply(401, headers=(("WWW-Authenticate", f'Basic realm="{realm}"'),))


class WebManner(ABC):
    """Base of the simulated web servers."""

    server: ClassVar[str] = ""
    """The Server header; "" for none."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self._buffer = bytearray()
        self._is_closed = False

    @abstractmethod
    def answer(self, path: str, query: Mapping[str, str]) -> Reply:
        """What a GET is answered. Tells the law which level it needed."""

    def opened(self) -> Iterable[Action]:
        return ()

    def received(self, data: bytes) -> Iterable[Action]:
        """Answers to all requests that are whole."""
        self._buffer += data
        actions: list[Action] = []
        while not self._is_closed and (end := _END.search(self._buffer)):
            head = bytes(self._buffer[: end.start()]).decode("latin-1")
            del self._buffer[: end.end()]
            actions += self._answers(head)
        if len(self._buffer) > MAX_RANGE_REQUEST and not self._is_closed:
            actions += self._close(Reply(400))
        return actions

    def _close(self, reply: Reply) -> list[Action]:
        self._is_closed = True
        return [reply.framed(self.server, has_body=True, closes=True), HangUp()]

    def _answers(self, head: str) -> list[Action]:
        lines = head.splitlines()
        words = lines[0].split(" ") if lines else []
        if len(words) != 3 or not words[1].startswith("/"):
            return self._close(Reply(400))
        method, target, version = words
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if "authorization" in headers or "cookie" in headers:
            self.law.saw(NEVER, "HTTP with a login")
        if method not in ("GET", "HEAD"):
            self.law.saw(NEVER, f"HTTP {method}" if method in _METHODS else "HTTP with a strange method")
            return self._close(Reply(405))
        path, _, query = target.partition("?")
        reply = self.answer(path, dict(parse_qsl(query, keep_blank_values=True)))
        closes = headers.get("connection", "").lower() == "close" or version != "HTTP/1.1"
        self._is_closed = closes
        framed = reply.framed(self.server, has_body=method == "GET", closes=closes)
        return [framed, HangUp()] if closes else [framed]

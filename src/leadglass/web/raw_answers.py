"""Answers to what never became a request, and to whoever did not speak TLS: written without the application."""

from __future__ import annotations

from http import HTTPStatus

import msgspec

from leadglass.web.headers import ALWAYS

__all__ = ["raw_answer", "redirect_hint"]


def raw_answer(status: int, title: str) -> bytes:
    """A problem document with the headers every answer has; nothing of the request is repeated in it."""
    body = msgspec.json.encode({"title": title, "status": status})
    headers = (
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
        (b"cache-control", b"no-store"),
        *ALWAYS,
    )
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}".encode(), *(b"%b: %b" % header for header in headers)]
    return b"\r\n".join([*lines, b"", body])


def redirect_hint(public_url: str) -> bytes:
    """All that whoever speaks plain HTTP is ever told: where the door is. No HSTS here: it counts within TLS only."""
    lines = ("HTTP/1.1 308 Permanent Redirect", f"Location: {public_url}/", "Content-Length: 0", "Connection: close")
    return "\r\n".join([*lines, "", ""]).encode("ascii")

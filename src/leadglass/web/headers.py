"""Headers on every answer: nothing may be framed, guessed, kept, embedded elsewhere or run inline."""

from __future__ import annotations

from email.utils import formatdate
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SecurityHeaders"]

CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
ALWAYS: Final = (
    (b"strict-transport-security", b"max-age=63072000"),
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
UNLESS_SAID: Final = (b"cache-control", b"no-store")


class SecurityHeaders:
    """ASGI middleware. An answer that says itself how it may be kept (with an ETag) keeps its own Cache-Control."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ()), (b"date", formatdate(usegmt=True).encode())]
                if not any(name.lower() == UNLESS_SAID[0] for name, _ in headers):
                    headers.append(UNLESS_SAID)
                message = {**message, "headers": [*headers, *ALWAYS]}
            await send(message)

        await self._app(scope, receive, dressed)

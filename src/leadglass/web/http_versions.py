"""What HTTP/1.0 cannot carry: it has no chunks (RFC 9112 §6.1), and of an answer that simply ends with the connection
a half looks like the whole. Those are given in HTTP/1.1 only; health checks and short answers work in both.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from leadglass.web.problems import NeedsHttp11

__all__ = ["WholeAnswers"]


class WholeAnswers:
    """ASGI middleware: to a caller that speaks HTTP/1.0, an answer whose length is not known becomes a 505."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("http_version") != "1.0":
            await self._app(scope, receive, send)
            return

        async def checked(message: Message) -> None:
            if message["type"] == "http.response.start" and not _has_length(message):
                raise NeedsHttp11("The length of this answer is not known beforehand.")
            await send(message)

        await self._app(scope, receive, checked)


def _has_length(start: Message) -> bool:
    return start["status"] in (204, 304) or any(name.lower() == b"content-length" for name, _ in start["headers"])

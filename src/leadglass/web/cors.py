"""Pages of other origins that may call DICOMweb with a token: none, unless the configuration names them (Fetch, CORS).

Never with cookies: `Access-Control-Allow-Credentials` is not sent, and none counts on `/dicom-web` anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Cors"]

_METHODS: Final = b"GET, HEAD, POST, PUT, DELETE, OPTIONS"
_ASKED: Final = b"Accept, Authorization, Content-Type, If-None-Match, If-Modified-Since, Range"
_EXPOSED: Final = b"Content-Length, Content-Location, Content-Range, ETag, Link, Location, Retry-After, Warning"
_VARY: Final = (b"vary", b"Origin")


class Cors:
    """ASGI middleware. A preflight brings no name, and is told the same for every path."""

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        self._app = app
        self._origins = frozenset(origin.lower().rstrip("/") for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._origins:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin", "")
        extra = [_VARY]
        if origin.lower() in self._origins:
            extra += [(b"access-control-allow-origin", origin.encode("latin-1"))]
            if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
                await _preflight(extra)(scope, receive, send)
                return
            extra += [(b"access-control-expose-headers", _EXPOSED)]

        async def allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *extra]}
            await send(message)

        await self._app(scope, receive, allowed)


def _preflight(extra: list[tuple[bytes, bytes]]) -> Response:
    response = Response(status_code=204)
    response.raw_headers += [
        *extra,
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", _ASKED),
        (b"access-control-max-age", b"600"),
    ]
    return response

"""Asking an ASGI application without a server."""

from __future__ import annotations

from collections.abc import Mapping

import httpx2
from starlette.types import ASGIApp, Receive, Scope, Send

__all__ = ["ask", "echo"]


async def ask(
    app: ASGIApp, method: str = "GET", path: str = "/", headers: Mapping[str, str] | None = None, content: bytes = b""
) -> httpx2.Response:
    """The answer of `app` to one request; its exceptions come through."""
    transport = httpx2.ASGITransport(app, client=("192.0.2.1", 1234))
    async with httpx2.AsyncClient(transport=transport, base_url="https://localhost:8443") as client:
        return await client.request(method, path, headers=dict(headers or {}), content=content)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that says how it was reached."""
    body = (await receive()).get("body", b"")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-path", scope["path"].encode())]})
    await send({"type": "http.response.body", "body": body or b"reached"})

"""Requests that another site's page makes a browser send. On `/dicom-web` they carry no name, for no cookie counts
there; everywhere else what changes something is refused unless it comes from our own pages.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from leadglass.web.problems import problem

__all__ = ["CrossSite"]

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OUR_OWN: Final = frozenset({"same-origin", "none"})  # "none": typed, or from a bookmark


class CrossSite:
    """ASGI middleware. Both headers are written by the browser and out of reach of pages (Fetch Metadata, RFC 6454);
    whoever sends neither is no browser of today, and brings no cookie that a page could make it send."""

    def __init__(self, app: ASGIApp, *, except_below: str) -> None:
        self._app = app
        self._except = except_below

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in _SAFE or self._is_exempt(scope["path"]) or _is_ours(Headers(scope=scope)):
            await self._app(scope, receive, send)
        else:
            await problem(403, "Forbidden", "This request was made by another site.")(scope, receive, send)

    def _is_exempt(self, path: str) -> bool:
        return path == self._except or path.startswith(self._except + "/")


def _is_ours(headers: Headers) -> bool:
    if headers.get("sec-fetch-site", "same-origin") not in _OUR_OWN:
        return False
    origin = headers.get("origin")
    return origin is None or origin.lower() == f"https://{headers.get('host', '')}".lower()

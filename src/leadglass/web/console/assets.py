"""Style sheets, scripts, fonts and the mark: the same for everybody, also for strangers at the sign-in page."""

from __future__ import annotations

from functools import cache
from typing import Final

from starlette.responses import Response

from leadglass.web.console.errors import not_found
from leadglass.web.console.templates import ASSETS
from leadglass.web.console.visit import Visit

__all__ = ["asset"]

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}


@cache
def _files() -> dict[str, tuple[bytes, str]]:
    """Everything there is, by its name: an address that is not in here leads nowhere, whatever dots it holds."""
    return {
        path.relative_to(ASSETS).as_posix(): (path.read_bytes(), _TYPES[path.suffix])
        for path in ASSETS.rglob("*")
        if path.suffix in _TYPES
    }


async def asset(visit: Visit) -> Response:
    """One file. Its address changes with its content, so it may be kept for a year."""
    found = _files().get(visit.path["name"])
    if found is None:
        return not_found(visit)
    content, media_type = found
    return Response(content, media_type=media_type, headers={"Cache-Control": "public, max-age=31536000, immutable"})

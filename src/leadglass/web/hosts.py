"""Which names this door answers to. TLS already keeps a page that re-binds its own name to our address from talking to
us (its name is not in our certificate); a wrong Host header that comes nevertheless is answered with 421, so that no
proxy or cache in between ever keeps our answers under a name that is not ours.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from leadglass.web.problems import problem

__all__ = ["KnownHosts", "host_only"]


class KnownHosts:
    """ASGI middleware. The address the connection came in at is always a name of ours."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower().rstrip(".") for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        said = Headers(scope=scope).getlist("host")
        if len(said) != 1:
            await problem(400, "Bad request", "One Host header, please (RFC 9112 §3.2).")(scope, receive, send)
        elif not self._is_ours(host_only(said[0]), scope):
            answer = problem(
                421,
                "Misdirected request",
                "This archive is not called that.",
                "Name it in [tls] names of its configuration.",
            )
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_ours(self, name: str, scope: Scope) -> bool:
        if name in self._names:
            return True
        server = scope.get("server")
        try:
            return server is not None and ip_address(name) == ip_address(server[0])
        except ValueError:
            return False


def host_only(authority: str) -> str:
    """The host of HOST, HOST:PORT or [IPv6]:PORT, in lower case, without brackets or a dot at the end."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].lower().rstrip(".")

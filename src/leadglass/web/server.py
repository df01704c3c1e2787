"""The HTTPS door: uvicorn's HTTP embedded in our own loop, behind our own listener."""

from __future__ import annotations

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import ServerState

from leadglass.net.limits import Connections, Limits
from leadglass.net.listening import Listener
from leadglass.net.service import OnFault
from leadglass.net.streams import serve_streams
from leadglass.net.tls import TlsContext
from leadglass.web.protocol import WebProtocol

__all__ = ["serve_https"]


async def serve_https(
    host: str,
    port: int,
    app: ASGIApp,
    *,
    tls: TlsContext,
    public_url: str,
    limits: Limits,
    connections: Connections,
    on_fault: OnFault,
) -> Listener:
    """Open the door at `host` and `port` (0: any free one). `close(grace)` of the listener lets answers in progress
    finish. UserFault if the address cannot be listened at."""
    # Its log would quote addresses and values: silenced here, what matters is told to `on_fault` and by the app.
    config = Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=60,
    )
    config.load()
    state = ServerState()
    return await serve_streams(
        host,
        port,
        lambda address: WebProtocol(config, state, address),
        tls=tls,
        limits=limits,
        connections=connections,
        on_fault=on_fault,
        answer_to_plain_http=_redirect_hint(public_url),
    )


def _redirect_hint(public_url: str) -> bytes:
    """All that whoever speaks plain HTTP is ever told. Nothing of the request is repeated in it."""
    return (
        f"HTTP/1.1 308 Permanent Redirect\r\nLocation: {public_url}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    ).encode("ascii")

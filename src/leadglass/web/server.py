"""The HTTPS door: uvicorn's HTTP embedded in our own loop, behind our own listener."""

from __future__ import annotations

from typing import Final

from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.server import ServerState

from leadglass.net.limits import Connections, Limits
from leadglass.net.listening import Listener
from leadglass.net.service import OnFault
from leadglass.net.streams import serve_streams
from leadglass.net.tls import TlsContext
from leadglass.web.protocol import WebDoor, WebProtocol
from leadglass.web.raw_answers import redirect_hint

__all__ = ["serve_https"]

_KEEP_ALIVE_SECONDS: Final = 60
"""A connection on which nothing is asked for so long is closed; browsers and DICOMweb clients open a new one."""


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
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
    )
    config.load()
    door = WebDoor(config, ServerState(), limits, on_fault)
    return await serve_streams(
        host,
        port,
        lambda address: WebProtocol(door, address),
        tls=tls,
        limits=limits,
        connections=connections,
        on_fault=on_fault,
        answer_to_plain_http=redirect_hint(public_url),
    )

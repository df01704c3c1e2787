"""HTTP/1.1 on one TLS stream: uvicorn's protocol with ceilings on everything a stranger can make grow."""

from __future__ import annotations

import asyncio

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from leadglass.net.streams import shown_by

__all__ = ["WebProtocol"]


class WebProtocol(HttpToolsProtocol):
    """One connection. `closed` is done when it is lost."""

    def __init__(self, config: Config, server_state: ServerState, address: str) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(config, server_state, {"address": address}, loop)
        self.closed: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        facts, _ = shown_by(transport)
        self.app_state["certificate"] = facts
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if not self.closed.done():
            self.closed.set_result(None)

    def drain(self) -> None:
        """Finish the answer in progress, then close; close at once if there is none."""
        self.shutdown()

    def cut(self) -> None:
        """Close now, whatever is in progress."""
        self.transport.abort()

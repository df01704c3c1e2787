"""A door for DICOM."""

from __future__ import annotations

import ssl
from collections.abc import Callable

from leadglass.net.acceptor import Acceptor, Threshold
from leadglass.net.driver import receive_buffer
from leadglass.net.limits import Connections, Limits
from leadglass.net.listening import Listener, listening_at
from leadglass.net.service import OnFault, Service
from leadglass.terms.evidence import Door

__all__ = ["serve_dicom"]


async def serve_dicom(
    host: str,
    port: int,
    service_factory: Callable[[], Service],
    *,
    tls: ssl.SSLContext | None = None,
    door: Door = Door.DICOM,
    limits: Limits | None = None,
    connections: Connections | None = None,
    on_fault: OnFault,
) -> Listener:
    """Open a door at `host` and `port` (0: any free one). Doors that are to share ceilings get the same `connections`.

    UserFault if the address cannot be listened at.
    """
    limits = limits or Limits()
    sockets = await listening_at(host, port)
    threshold = Threshold(door, service_factory, tls, limits, on_fault, receive_buffer())
    return Listener(
        sockets, lambda sock, address: Acceptor(threshold, sock, address), connections or Connections(limits), on_fault
    )

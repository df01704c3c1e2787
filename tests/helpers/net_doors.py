"""A door of net, open on loopback while a block runs."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from helpers.counting_service import Counted
from leadglass.net.limits import Limits
from leadglass.net.listener import serve_dicom
from leadglass.net.listening import Listener
from leadglass.terms.evidence import Door

__all__ = ["open_door"]


@asynccontextmanager
async def open_door(
    counted: Counted, *, tls: ssl.SSLContext | None = None, limits: Limits | None = None
) -> AsyncIterator[Listener]:
    door = Door.DICOM_TLS if tls else Door.DICOM
    listener = await serve_dicom(
        "127.0.0.1", 0, counted.service, tls=tls, door=door, limits=limits, on_fault=counted.on_fault
    )
    try:
        yield listener
    finally:
        await listener.close(grace=0.2)

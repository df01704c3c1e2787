"""The ledger page."""

from __future__ import annotations

from starlette.responses import Response

from leadglass.web.console import errors
from leadglass.web.console.visit import Visit

__all__ = ["filtered", "ledger"]


async def ledger(visit: Visit) -> Response:
    return errors.not_found(visit)


async def filtered(visit: Visit) -> Response:
    return errors.not_found(visit)

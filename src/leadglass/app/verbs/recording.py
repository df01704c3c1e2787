"""Every change an administrator makes at the machine is an entry of the ledger."""

from __future__ import annotations

from leadglass.app.house import House
from leadglass.gate.ledger import Event
from leadglass.gate.machine import MACHINE
from leadglass.terms.evidence import Door

__all__ = ["LOCAL", "record"]

LOCAL = "local"
"""The address of somebody at the machine itself."""


async def record(house: House, event: Event, reason: str = "", **detail: str | int | bool) -> None:
    """Durable on return. LedgerFault if it cannot be written: call this before the change where that can be."""
    await house.gate.record(event, MACHINE, Door.MACHINE, LOCAL, reason=reason, detail=detail)

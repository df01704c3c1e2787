"""What administrators may look at in the console: who and what is enrolled. It opens nothing and changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leadglass.gate.devices import Device
from leadglass.gate.door import Gate
from leadglass.gate.looking import READERS
from leadglass.gate.registry import Registry
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Principal, Role

__all__ = ["Overseeing"]


class Overseeing:
    """Legal error: StorageFault."""

    def __init__(self, gate: Gate, registry: Registry) -> None:
        self._gate = gate
        self._registry = registry

    async def devices(self, principal: Principal, door: Door, address: str) -> Sequence[Device] | Refused:
        """All devices that were ever enrolled; Refused (and recorded) for anybody but administrators."""
        if Role.ADMINISTRATOR in principal.roles:
            return await self._registry.devices()
        refusal = Refused(RefusalReason.ACTION_NOT_ALLOWED, principal.id)
        await self._gate.refused(refusal, door, address)
        return refusal

    async def names(self, principal: Principal) -> Mapping[str, str]:
        """What the bearers of ids are called, by id, for those who may read the ledger; nothing for others."""
        if not principal.roles & READERS:
            return {}
        names = {device.id: device.name for device in await self._registry.devices()}
        names |= {account.id: account.username for account in await self._registry.users()}
        return names | {token.id: token.name for token in await self._registry.tokens()}

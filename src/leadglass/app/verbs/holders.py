"""What the bearers of ids are called: grants and ledger entries name them by id."""

from __future__ import annotations

from leadglass.app.house import House

__all__ = ["names_of_holders"]


async def names_of_holders(house: House) -> dict[str, str]:
    """By id, as they are written in `grant add --to`: device:NAME, user:NAME or token:NAME."""
    names = {device.id: f"device:{device.name}" for device in await house.registry.devices()}
    names |= {account.id: f"user:{account.username}" for account in await house.registry.users()}
    return names | {token.id: f"token:{token.name}" for token in await house.registry.tokens()}

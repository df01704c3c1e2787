"""Names of addresses."""

from __future__ import annotations

import asyncio

__all__ = ["reverse_name"]


async def reverse_name(address: str, *, within: float = 3.0) -> str:
    """The name that reverse DNS gives a numeric address; "" if it gives none in time."""
    try:
        async with asyncio.timeout(within):
            name, _ = await asyncio.get_running_loop().getnameinfo((address, 0))
    except (OSError, TimeoutError):
        return ""
    return "" if name == address else name

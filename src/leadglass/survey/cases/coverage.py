"""Where a run looked, so that silence there means something. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence

from leadglass.survey.level import Level

__all__ = ["was_looked_at"]


def was_looked_at(
    address: str, ports: Sequence[int], *, only: Sequence[str], level_at: Callable[[str, int], Level]
) -> bool:
    """Whether a finished run looked at all these ports, closely enough to know whether they serve strangers.

    `only` is what the run was narrowed to (addresses, networks, address:port); empty: the whole scope. `level_at` is
    what its scope granted.
    """
    return all(level_at(address, port) >= Level.ACCESS for port in ports) and (
        not only or all(any(_names(entry, address, port) for entry in only) for port in ports)
    )


def _names(entry: str, address: str, port: int) -> bool:
    if entry in (address, f"{address}:{port}", f"[{address}]:{port}"):
        return True
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False

"""HOST:PORT, as people write it."""

from __future__ import annotations

from leadglass.terms.errors import UserFault

__all__ = ["host_and_port"]


def host_and_port(where: str) -> tuple[str, int]:
    """The two halves of HOST:PORT (IPv6 in brackets); UserFault if it is not that."""
    host, colon, port = where.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise UserFault(f"{where!r} is not HOST:PORT", "Write it like 127.0.0.1:11112.")
    return host.strip("[]"), int(port)

"""HOST:PORT, as people write it."""

from __future__ import annotations

from leadglass.terms.errors import UserFault

__all__ = ["host_and_port"]


def host_and_port(where: str) -> tuple[str, int]:
    """The two halves of HOST:PORT (IPv6 in brackets); UserFault if it is not that."""
    host, colon, port = where.rpartition(":")
    is_port = port.isascii() and port.isdecimal() and int(port) <= 65535
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if not colon or not bare or not is_port or (":" in host and bare is host):
        raise UserFault(f"{where!r} is not HOST:PORT", "Write it like 127.0.0.1:11112, or [::1]:11112.")
    return bare, int(port)

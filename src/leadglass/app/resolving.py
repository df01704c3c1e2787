"""Host names of a scope, looked up as the system does."""

from __future__ import annotations

import socket

__all__ = ["resolve"]


def resolve(host_name: str) -> tuple[str, ...]:
    """All numeric addresses of a name, in the system's order; empty if it has none."""
    try:
        found = socket.getaddrinfo(host_name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(address[0]).partition("%")[0] for *_, address in found))

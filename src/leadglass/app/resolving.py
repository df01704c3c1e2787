"""Host names of a scope, looked up as the system does."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

from leadglass.survey.scope import Resolve

__all__ = ["resolve", "resolved_as_then"]


def resolve(host_name: str) -> tuple[str, ...]:
    """All numeric addresses of a name, in the system's order; empty if it has none."""
    try:
        found = socket.getaddrinfo(host_name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    return tuple(dict.fromkeys(str(address[0]).partition("%")[0] for *_, address in found))


def resolved_as_then(hosts: Mapping[str, Sequence[str]]) -> Resolve:
    """What names meant when a run began, which wrote it down: today they may mean others, where it did not look."""
    return lambda host_name: hosts.get(host_name) or resolve(host_name)

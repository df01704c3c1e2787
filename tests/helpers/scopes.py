"""Scopes for tests: a text to change, and the warrant of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from leadglass.survey.scope import Warrant, read_scope

__all__ = ["HEAD", "NOW", "hasty_scope", "scope_text", "warrant_of"]

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)  # a Saturday
HEAD = """
valid_from = 2026-11-01T00:00:00Z
valid_until = 2026-12-01T00:00:00Z

[authority]
organisation = "Example Clinic"
person = "Head of IT"
contact = "security@radiology.example.org"
reference = "decision 7/2026"
"""
NETWORK = """
[[network]]
addresses = ["192.0.2.0/24"]
level = 2
organisation = "Example Clinic"
country = "DE"
"""


def scope_text(*parts: str) -> str:
    """TOML: the head, then these tables (or one network)."""
    return "\n".join((HEAD, *(parts or (NETWORK,))))


def hasty_scope(*addresses: str, ports: Sequence[int], level: int = 2, associations_per_second: int = 1_000_000) -> str:
    """A scope for systems of our own on loopback: long in force, and in no need to be gentle."""
    fast = "{ packets_per_second = 1000000, associations_per_second = 1000000 }"
    return f"""
valid_from = 2026-01-01T00:00:00Z
valid_until = 2099-01-01T00:00:00Z

[authority]
organisation = "Example Clinic"
person = "whoever runs it"
contact = "test@example.org"
reference = "loopback"

[rates]
packets_per_second = 1000000
associations_per_second = {associations_per_second}
per_network = {fast}
per_host = {fast}

[[network]]
addresses = [{", ".join(f'"{address}"' for address in addresses)}]
level = {level}
ports = {list(ports)}
"""


def warrant_of(*parts: str, names: Mapping[str, Sequence[str]] | None = None) -> Warrant:
    """The warrant of that scope, signed or not."""
    known = names or {}
    return Warrant(read_scope(scope_text(*parts).encode()), digest="", resolve=lambda name: known.get(name, ()))

"""Scopes for tests: a text to change, and the warrant of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from leadglass.survey.scope import Warrant, read_scope

__all__ = ["HEAD", "NOW", "scope_text", "warrant_of"]

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


def warrant_of(*parts: str, names: Mapping[str, Sequence[str]] | None = None) -> Warrant:
    """The warrant of that scope, signed or not."""
    known = names or {}
    return Warrant(read_scope(scope_text(*parts).encode()), digest="", resolve=lambda name: known.get(name, ()))

"""Who is calling the web door: evidence in, somebody with a name out."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from leadglass.archive.archive import Caller
from leadglass.gate.door import Gate
from leadglass.terms.ceilings import MAX_IDENTITY_FIELD
from leadglass.terms.evidence import Door, Evidence
from leadglass.terms.outcome import Identified, Refused

__all__ = ["caller_of", "evidence_of"]

_SCHEME: Final = "bearer"
_GARBAGE: Final = ""
"""A token no token equals: who says something we cannot read is refused, not taken for somebody who said nothing."""


def evidence_of(scope: Scope) -> Evidence:
    """The client certificate of the connection, and the bearer token of the request (RFC 6750 §2.1). No cookies."""
    said = Headers(scope=scope).getlist("authorization")
    return Evidence(
        door=Door.HTTPS,
        address=address_of(scope),
        certificate=scope.get("state", {}).get("certificate"),
        bearer_token=_token(said) if said else None,
    )


async def caller_of(scope: Scope, gate: Gate) -> Caller | Refused:
    """The caller, once the gate has found a name; Refused otherwise (and recorded)."""
    evidence = evidence_of(scope)
    found = await gate.identify(evidence)
    if not isinstance(found, Identified):
        return found
    return Caller(found.principal, evidence.door, evidence.address)


def address_of(scope: Scope) -> str:
    """The peer's IP address, as the listener counted it in."""
    return str(scope.get("state", {}).get("address", ""))


def _token(said: list[str]) -> str:
    if len(said) != 1 or len(said[0]) > MAX_IDENTITY_FIELD:
        return _GARBAGE
    scheme, _, token = said[0].partition(" ")
    return token.strip() if scheme.lower() == _SCHEME and token.isascii() else _GARBAGE

"""A JWT in, a principal or a refusal out (RFC 8725: algorithms from our list, keys only from the issuer)."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import httpx2
from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError

from leadglass.gate.oidc.claims import principal_of_claims
from leadglass.gate.oidc.keys import IssuerKeys, IssuerSilent
from leadglass.gate.oidc.settings import OidcSettings
from leadglass.terms.ceilings import MAX_IDENTITY_FIELD
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Principal

__all__ = ["ALGORITHMS", "OidcVerifier"]

ALGORITHMS: Final = frozenset({"RS256", "PS256", "ES256", "EdDSA"})
"""What a token may be signed with. Nothing symmetric, and never "none"."""


class OidcVerifier:
    """Checks tokens of one issuer. Close it to end its connections."""

    def __init__(self, settings: OidcSettings, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._keys = IssuerKeys(settings, transport)
        self._registry = _OurAlgorithms(strict_check_header=False)

    async def principal(self, token: str, now: datetime) -> Principal | Refused:
        """Whom the token names; TOKEN_INVALID, TOKEN_EXPIRED, or IDENTITY_UNAVAILABLE if no key can be had."""
        if len(token) > MAX_IDENTITY_FIELD:
            return Refused(RefusalReason.TOKEN_INVALID)
        try:
            signed = jws.extract_compact(token.encode("ascii"), None, self._registry)
            header = signed.headers()
            self._registry.get_alg(header["alg"])  # before anybody is asked for keys
            kid = header.get("kid")
            keys = await self._keys.candidates(kid if isinstance(kid, str) else None, now.timestamp())
        except IssuerSilent:
            return Refused(RefusalReason.IDENTITY_UNAVAILABLE)
        except (JoseError, ValueError, TypeError, KeyError, RecursionError):
            return Refused(RefusalReason.TOKEN_INVALID)
        fitting = [key for key in keys if key.get("alg") in (None, header["alg"])]
        if not any(self._has_signed(key, signed) for key in fitting):
            return Refused(RefusalReason.TOKEN_INVALID)
        claims = _json_object(signed.payload)
        if claims is None:
            return Refused(RefusalReason.TOKEN_INVALID)
        return principal_of_claims(header, claims, self._settings, now.timestamp())

    async def close(self) -> None:
        await self._keys.close()

    def _has_signed(self, key: Any, signed: jws.CompactSignature) -> bool:
        try:
            return jws.validate_compact(signed, key, registry=self._registry)
        except (JoseError, ValueError, TypeError):
            return False


class _OurAlgorithms(jws.JWSRegistry):
    """Only our list, whatever the library recommends. It would warn of the name "EdDSA" (RFC 9864) on every use."""

    def get_alg(self, name: str) -> Any:
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError("this algorithm is not taken")
        return self.algorithms[name]


def _json_object(payload: bytes | None) -> dict[str, object] | None:
    try:
        document = json.loads(payload or b"")
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None

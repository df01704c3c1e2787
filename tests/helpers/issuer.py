"""An OpenID provider in memory: discovery, keys and tokens, served through httpx2's transport seam. Fails on cue."""

from __future__ import annotations

from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from leadglass.gate.oidc.settings import OidcSettings

ISSUER = "https://id.example/realms/clinic"
AUDIENCE = "leadglass"
ALL = ["RS256", "PS256", "ES256", "EdDSA", "HS256", "RS512", "ES384"]

Key = RSAKey | ECKey | OKPKey


class Issuer:
    """Serves `documents` by URL. `down` answers nothing; `asked` are the URLs requested."""

    def __init__(self, *keys: Key, issuer: str = ISSUER) -> None:
        self.keys = list(keys)
        self.down = False
        self.asked: list[str] = []
        self.documents: dict[str, Any] = {
            f"{ISSUER}/.well-known/openid-configuration": {"issuer": issuer, "jwks_uri": f"{ISSUER}/jwks"}
        }

    @property
    def transport(self) -> httpx2.MockTransport:
        return httpx2.MockTransport(self._answer)

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        url = str(request.url)
        self.asked.append(url)
        if self.down:
            raise httpx2.ConnectError("down on cue", request=request)
        if url == f"{ISSUER}/jwks" and url not in self.documents:
            return httpx2.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})
        document = self.documents.get(url)
        if isinstance(document, httpx2.Response):
            return document
        return httpx2.Response(404) if document is None else httpx2.Response(200, json=document)


def settings(**changes: Any) -> OidcSettings:
    return OidcSettings(**({"issuer": ISSUER, "audience": AUDIENCE} | changes))


def claims(now: float, **changes: Any) -> dict[str, Any]:
    """What a good token says; a change to None leaves the claim out."""
    said = {
        "iss": ISSUER,
        "sub": "42",
        "aud": AUDIENCE,
        "iat": int(now),
        "exp": int(now) + 300,
        "roles": ["clinician"],
        "preferred_username": "cleo",
    }
    return {name: value for name, value in (said | changes).items() if value is not None}


def signed(key: Any, said: dict[str, Any], alg: str = "ES256", **header: Any) -> str:
    """A JWT; `kid` in the header is the key's own unless said otherwise (None leaves it out)."""
    full = {"alg": alg, "kid": key.kid} | header
    return jwt.encode({name: value for name, value in full.items() if value is not None}, said, key, algorithms=ALL)


def p256(kid: str = "one") -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})

"""The issuer's public keys: fetched when needed, kept for a while, asked again at a bounded pace.

A provider that is down does not lock everybody out at once: keys already fetched are used up to
`keys_usable_seconds`; then nobody can be checked and the answer is no (law 3). A key id nobody knows causes one
request, and no other within `refetch_seconds`: callers who invent key ids cannot make us hammer the provider.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from leadglass.gate.oidc.settings import OidcSettings, is_fit_to_fetch, is_loopback

__all__ = ["IssuerKeys", "IssuerSilent", "PublicKey"]

PublicKey = RSAKey | ECKey | OKPKey

MAX_ANSWER: Final = 512 * 1024
"""Bytes of a discovery document or key set; real ones have a few thousand."""
MAX_KEYS: Final = 100
MIN_RSA_BITS: Final = 2048
"""RFC 7518 §3.3."""


class IssuerSilent(Exception):
    """The provider does not answer, or answers what cannot be used."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    keys: tuple[PublicKey, ...]
    at: float


class IssuerKeys:
    """Finds the key for a key id. `now` is wall time in seconds."""

    def __init__(self, settings: OidcSettings, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._settings = settings
        self._client = httpx2.AsyncClient(
            timeout=settings.timeout_seconds,
            follow_redirects=False,
            trust_env=not is_loopback(settings.issuer),
            headers={"Accept": "application/json"},
            transport=transport,
        )
        self._one_at_a_time = asyncio.Lock()
        self._fetched: _Fetched | None = None
        self._asked_at: float | None = None

    async def candidates(self, kid: str | None, now: float) -> list[PublicKey]:
        """The keys that may have signed a token with this key id: one, or none, or all if it names no key.

        IssuerSilent if no usable keys are at hand and the provider does not give any.
        """
        keys = await self._keys(now, older_than=self._settings.keys_fresh_seconds)
        found = _matching(keys, kid)
        if found:
            return found
        return _matching(await self._keys(now, older_than=0.0), kid)

    async def close(self) -> None:
        await self._client.aclose()

    async def _keys(self, now: float, *, older_than: float) -> tuple[PublicKey, ...]:
        """Keys at most `older_than` seconds old if the provider can be asked, else the newest ones still usable."""
        async with self._one_at_a_time:
            if self._age(now) > older_than and self._may_ask(now):
                self._asked_at = now
                try:
                    self._fetched = _Fetched(await self._fetch(), now)
                except IssuerSilent:
                    if self._age(now) > self._settings.keys_usable_seconds:
                        raise
            if self._fetched is None or self._age(now) > self._settings.keys_usable_seconds:
                raise IssuerSilent("no keys of the issuer are at hand")
            return self._fetched.keys

    def _age(self, now: float) -> float:
        """Seconds since the keys were fetched; a clock that went backwards makes them old, not young."""
        return float("inf") if self._fetched is None or now < self._fetched.at else now - self._fetched.at

    def _may_ask(self, now: float) -> bool:
        return self._asked_at is None or not 0 <= now - self._asked_at < self._settings.refetch_seconds

    async def _fetch(self) -> tuple[PublicKey, ...]:
        issuer = self._settings.issuer
        discovery = await self._get_json(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if discovery.get("issuer") != issuer:
            raise IssuerSilent("the discovery document speaks for another issuer")
        where = discovery.get("jwks_uri")
        if not isinstance(where, str) or not is_fit_to_fetch(where) or (is_loopback(where) and not is_loopback(issuer)):
            raise IssuerSilent("the discovery document names no key set that may be fetched")
        listed = (await self._get_json(where)).get("keys")
        keys = tuple(_usable(listed[:MAX_KEYS])) if isinstance(listed, list) else ()
        if not keys:
            raise IssuerSilent("the key set has no key that can be used")
        return keys

    async def _get_json(self, url: str) -> Mapping[str, object]:
        body = bytearray()
        try:
            async with asyncio.timeout(self._settings.timeout_seconds), self._client.stream("GET", url) as response:
                if response.status_code != httpx2.codes.OK:
                    raise IssuerSilent(f"the issuer answered with status {response.status_code}")
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > MAX_ANSWER:
                        raise IssuerSilent(f"the issuer's answer is over {MAX_ANSWER} bytes")
            document = httpx2.Response(httpx2.codes.OK, content=bytes(body)).json()
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, ValueError, RecursionError) as fault:
            raise IssuerSilent(f"the issuer cannot be read: {type(fault).__name__}") from fault
        if not isinstance(document, dict):
            raise IssuerSilent("the issuer's answer is not a JSON object")
        return document


def _matching(keys: tuple[PublicKey, ...], kid: str | None) -> list[PublicKey]:
    return [key for key in keys if kid is None or key.get("kid") == kid]


def _usable(listed: list[object]) -> list[PublicKey]:
    """The public signature keys of a key set. Others (encryption, symmetric, unknown, broken, short) are left aside:
    RFC 7517 §5 asks for it, and a symmetric key in a public place must never verify anything."""
    keys: list[PublicKey] = []
    for one in listed:
        if not isinstance(one, dict) or one.get("kty") not in ("RSA", "EC", "OKP") or one.get("use", "sig") != "sig":
            continue
        try:
            key = import_key(one)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
        if isinstance(key, RSAKey) and key.public_key.key_size < MIN_RSA_BITS:
            continue
        if isinstance(key, RSAKey | ECKey | OKPKey):
            keys.append(key)
    return keys

"""The issuer's keys: kept, renewed, asked for at a bounded pace, and never used for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from joserfc.jwk import OctKey, RSAKey

from helpers.issuer import ISSUER, Issuer, p256, settings
from leadglass.gate.oidc.keys import MAX_ANSWER, IssuerKeys, IssuerSilent

FRESH = settings().keys_fresh_seconds
USABLE = settings().keys_usable_seconds
PACE = settings().refetch_seconds
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"


class World:
    def __init__(self) -> None:
        self.issuer = Issuer(p256("one"))
        self.keys = IssuerKeys(settings(), self.issuer.transport)

    async def kids(self, kid: str | None, now: float) -> list[Any]:
        return [key.get("kid") for key in await self.keys.candidates(kid, now)]

    @property
    def fetches(self) -> int:
        return self.issuer.asked.count(DISCOVERY)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.keys.close()


async def test_keys_are_fetched_once_and_kept(world: World) -> None:
    for second in range(100):
        assert await world.kids("one", float(second)) == ["one"]
    assert world.issuer.asked == [DISCOVERY, f"{ISSUER}/jwks"]


async def test_many_callers_at_once_are_one_request(world: World) -> None:
    await asyncio.gather(*(world.kids("one", 0.0) for _ in range(50)))
    assert world.fetches == 1


async def test_keys_are_asked_for_again_after_a_while(world: World) -> None:
    await world.kids("one", 0.0)
    world.issuer.keys = [p256("two")]
    assert await world.kids("one", FRESH) == ["one"]
    assert await world.kids("one", FRESH + 1) == [], "withdrawn by the issuer"


async def test_a_new_key_is_found_by_one_bounded_request(world: World) -> None:
    await world.kids("one", 0.0)
    world.issuer.keys.append(p256("two"))
    assert await world.kids("two", PACE) == ["two"]
    assert world.fetches == 2
    for n in range(500):
        assert await world.kids(f"invented{n}", PACE + 1) == []
    assert world.fetches == 2, "callers who invent key ids do not make us ask"
    assert await world.kids("invented", 2 * PACE) == []
    assert world.fetches == 3


async def test_a_provider_that_is_down_is_waited_for_but_not_for_ever(world: World) -> None:
    await world.kids("one", 0.0)
    world.issuer.down = True
    assert await world.kids("one", USABLE) == ["one"]
    assert await world.kids("unknown", USABLE) == []
    with pytest.raises(IssuerSilent):
        await world.kids("one", USABLE + 1)
    world.issuer.down = False
    assert await world.kids("one", USABLE + 1 + PACE) == ["one"]


async def test_a_provider_that_is_down_is_not_hammered(world: World) -> None:
    world.issuer.down = True
    for n in range(50):
        with pytest.raises(IssuerSilent):
            await world.kids("one", n / 10)
    assert world.fetches == 1


async def test_a_clock_going_back_makes_keys_old_not_young(world: World) -> None:
    await world.kids("one", 1e6)
    world.issuer.down = True
    with pytest.raises(IssuerSilent):
        await world.kids("one", 0.0)


@pytest.mark.filterwarnings("ignore:Key size")
async def test_only_public_signature_keys_of_some_strength_are_used(world: World) -> None:
    good, weak = p256("good"), RSAKey.generate_key(1024, {"kid": "weak"})
    listed: list[Any] = [
        good.as_dict(private=False),
        p256("enc").as_dict(private=False) | {"use": "enc"},
        weak.as_dict(private=False),
        OctKey.generate_key(256, {"kid": "secret"}).as_dict(private=True),
        {"kty": "AKP", "kid": "from-the-future"},
        {"kty": "EC", "kid": "broken", "crv": "P-256", "x": "!", "y": 7},
        {"kty": "RSA", "kid": "hollow"},
        "not a key",
    ]
    world.issuer.documents[f"{ISSUER}/jwks"] = {"keys": listed}
    assert await world.kids(None, 0.0) == ["good"]


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://evil.example", "jwks_uri": f"{ISSUER}/jwks"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "jwks_uri": "http://id.example/jwks"},
        {"issuer": ISSUER, "jwks_uri": "http://127.0.0.1/jwks"},
        {"issuer": ISSUER, "jwks_uri": "https://localhost/jwks"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": ISSUER, "jwks_uri": ["https://id.example/jwks"]},
        [],
        httpx2.Response(200, content=b"<html>"),
        httpx2.Response(200, content=b"[" * 100_000),
        httpx2.Response(200, content=b"\xff\xfe"),
        httpx2.Response(200, content=b" " * (MAX_ANSWER + 1)),
        httpx2.Response(302, headers={"location": f"{ISSUER}/elsewhere"}),
        httpx2.Response(500, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"}),
    ],
)
async def test_discovery_that_cannot_be_believed(world: World, document: Any) -> None:
    world.issuer.documents[DISCOVERY] = document
    with pytest.raises(IssuerSilent):
        await world.kids("one", 0.0)
    assert f"{ISSUER}/elsewhere" not in world.issuer.asked


@pytest.mark.parametrize("keys", [{}, {"keys": []}, {"keys": {}}, {"keys": [{"kty": "oct", "k": "AAAA"}]}])
async def test_a_key_set_without_usable_keys(world: World, keys: Any) -> None:
    world.issuer.documents[f"{ISSUER}/jwks"] = keys
    with pytest.raises(IssuerSilent):
        await world.kids("one", 0.0)

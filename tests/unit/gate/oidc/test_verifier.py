"""Which tokens are believed."""

from __future__ import annotations

import base64
import hmac
import json
import warnings
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from helpers.callers import NOW
from helpers.issuer import ISSUER, Issuer, claims, p256, settings, signed
from leadglass.gate.oidc.verifier import OidcVerifier
from leadglass.terms.outcome import RefusalReason, Refused
from leadglass.terms.principal import Principal

AT = NOW.timestamp()
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = p256("ec")
OKP = OKPKey.generate_key("Ed25519", {"kid": "okp"})


def part(data: bytes) -> str:
    """`data` as one of the three parts of a compact token."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def found(token: str, *keys: Any) -> Principal | Refused:
    verifier = OidcVerifier(settings(), Issuer(*(keys or (RSA, EC, OKP))).transport)
    try:
        return await verifier.principal(token, NOW)
    finally:
        await verifier.close()


async def is_invalid(token: str, *keys: Any) -> bool:
    answer = await found(token, *keys)
    assert not isinstance(answer, Principal), answer
    return answer.reason is RefusalReason.TOKEN_INVALID


@pytest.mark.parametrize(("key", "alg"), [(RSA, "RS256"), (RSA, "PS256"), (EC, "ES256"), (OKP, "EdDSA")])
async def test_our_algorithms_are_taken_without_a_word(key: Any, alg: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        token = signed(key, claims(AT), alg)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = await found(token)
    assert isinstance(answer, Principal)
    assert (answer.id, answer.name) == (f"oidc:{ISSUER}#42", "cleo")


async def test_other_algorithms_are_not() -> None:
    assert await is_invalid(signed(RSA, claims(AT), "RS512"))
    p384 = ECKey.generate_key("P-384", {"kid": "p384"})
    assert await is_invalid(signed(p384, claims(AT), "ES384"), p384)


async def test_no_signature_is_no_signature() -> None:
    header, body = (part(json.dumps(one).encode()) for one in ({"alg": "none", "kid": "ec"}, claims(AT)))
    for token in (f"{header}.{body}.", f"{header}.{body}.AAAA"):
        assert await is_invalid(token)


async def test_the_public_key_is_not_a_shared_secret() -> None:
    header, body = (part(json.dumps(one).encode()) for one in ({"alg": "HS256", "kid": "rsa"}, claims(AT)))
    mac = hmac.digest(RSA.as_pem(private=False), f"{header}.{body}".encode(), "sha256")
    assert await is_invalid(f"{header}.{body}.{part(mac)}")


async def test_a_key_of_the_wrong_type_or_for_another_algorithm_verifies_nothing() -> None:
    assert await is_invalid(signed(EC, claims(AT), kid="rsa"))
    bound = RSAKey.import_key(RSA.as_dict(private=True) | {"alg": "PS256"})
    assert await is_invalid(signed(RSA, claims(AT), "RS256"), bound)


async def test_another_key_of_the_same_name_verifies_nothing() -> None:
    assert await is_invalid(signed(p256("ec"), claims(AT)))


async def test_keys_in_the_header_are_not_believed() -> None:
    mine = p256("mine")
    assert await is_invalid(signed(mine, claims(AT), jwk=mine.as_dict(private=False)))
    assert await is_invalid(signed(mine, claims(AT), jku="https://evil.example/jwks"))


async def test_every_changed_byte_is_noticed() -> None:
    token = signed(EC, claims(AT))
    for place in range(0, len(token), 7):
        if token[place] == "." or place == len(token) - 1:
            continue
        other = "A" if token[place] != "A" else "Z"
        assert isinstance(await found(token[:place] + other + token[place + 1 :]), Refused)


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "a.b", "é.b.c", "e30.e30.", "bnVsbA.e30.AAAA", "A" * 20_000, "e30.e30.e30.e30.e30"],
)
async def test_nonsense(token: str) -> None:
    assert await is_invalid(token)


async def test_critical_headers_nobody_understands() -> None:
    token = signed(EC, claims(AT))
    header = {"alg": "ES256", "kid": "ec", "crit": ["magic"], "magic": True}
    assert await is_invalid(f"{part(json.dumps(header).encode())}.{token.split('.', 1)[1]}")


async def test_a_payload_that_is_no_object() -> None:
    from joserfc import jws  # the JWT layer would refuse to make these

    for payload in (b"[]", b"null", b"\xff", b"[" * 9000, b""):
        token = jws.serialize_compact({"alg": "ES256", "kid": "ec"}, payload or b" ", EC)
        assert await is_invalid(token)


async def test_without_a_key_id_all_keys_are_tried() -> None:
    assert isinstance(await found(signed(EC, claims(AT), kid=None)), Principal)
    assert await is_invalid(signed(p256(), claims(AT), kid=None))


async def test_expired_is_said_as_such_only_with_a_good_signature() -> None:
    late = claims(AT, exp=int(AT) - 60)
    answer = await found(signed(EC, late))
    assert isinstance(answer, Refused)
    assert (answer.reason, answer.who) == (RefusalReason.TOKEN_EXPIRED, f"oidc:{ISSUER}#42")
    assert await is_invalid(signed(p256("ec"), late))


async def test_when_the_provider_never_answered_nobody_can_be_checked() -> None:
    issuer = Issuer(EC)
    issuer.down = True
    verifier = OidcVerifier(settings(), issuer.transport)
    assert await verifier.principal(signed(EC, claims(AT)), NOW) == Refused(RefusalReason.IDENTITY_UNAVAILABLE)
    issuer.down = False
    later = NOW + timedelta(seconds=settings().refetch_seconds)
    assert isinstance(await verifier.principal(signed(EC, claims(AT)), later), Principal)
    await verifier.close()


async def test_nonsense_does_not_make_us_ask_the_provider() -> None:
    issuer = Issuer(EC)
    verifier = OidcVerifier(settings(), issuer.transport)
    for token in ("nonsense", jwt.encode({"alg": "HS256"}, claims(AT), OctKey.generate_key(256))):
        await verifier.principal(token, NOW)
    assert issuer.asked == []
    await verifier.close()

"""Tokens of a real OpenID provider (npm oidc-provider), over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from helpers.callers import evidence, over_tls
from helpers.memory_index import MemoryIndex
from helpers.oidc_issuer import OidcIssuer
from helpers.ports import free_port
from leadglass.gate.accounts import Accounts
from leadglass.gate.identity import Identity
from leadglass.gate.oidc.settings import OidcSettings
from leadglass.gate.oidc.verifier import OidcVerifier
from leadglass.gate.passwords import Passwords
from leadglass.terms.evidence import Door, UserIdentity
from leadglass.terms.outcome import Identified, RefusalReason, Refused
from leadglass.terms.principal import Action, Principal, PrincipalKind, Role

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def running() -> Iterator[OidcIssuer]:
    issuer = OidcIssuer(free_port())
    issuer.start()
    yield issuer
    issuer.stop()


@pytest.fixture
async def verifier(running: OidcIssuer) -> AsyncIterator[OidcVerifier]:
    verifier = OidcVerifier(OidcSettings(running.issuer, "leadglass"))
    yield verifier
    await verifier.close()


async def principal(verifier: OidcVerifier, token: str, later: float = 0.0) -> Principal:
    found = await verifier.principal(token, datetime.now(UTC) + timedelta(seconds=later))
    assert isinstance(found, Principal), found
    return found


async def refusal(verifier: OidcVerifier, token: str, later: float = 0.0) -> RefusalReason:
    found = await verifier.principal(token, datetime.now(UTC) + timedelta(seconds=later))
    assert isinstance(found, Refused), found
    return found.reason


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_every_algorithm_of_our_list(running: OidcIssuer, verifier: OidcVerifier, alg: str) -> None:
    found = await principal(verifier, running.token(alg=alg))
    assert (found.id, found.kind) == (f"oidc:{running.issuer}#viewer", PrincipalKind.SERVICE)
    assert (found.roles, found.groups) == ({Role.CLINICIAN}, {"group:radiology"})


async def test_a_client_without_a_role_may_do_nothing(running: OidcIssuer, verifier: OidcVerifier) -> None:
    found = await principal(verifier, running.token("nobody"))
    assert (found.roles, found.actions) == (frozenset(), frozenset())


async def test_a_token_for_another_service_does_not_open_ours(running: OidcIssuer, verifier: OidcVerifier) -> None:
    assert await refusal(verifier, running.token(audience="mail")) is RefusalReason.TOKEN_INVALID


async def test_a_token_ends(running: OidcIssuer, verifier: OidcVerifier) -> None:
    token = running.token(seconds=10)
    await principal(verifier, token, later=10)
    assert await refusal(verifier, token, later=60) is RefusalReason.TOKEN_EXPIRED


async def test_a_changed_token_is_none(running: OidcIssuer, verifier: OidcVerifier) -> None:
    header, body, signature = running.token().split(".")
    _, other_body, _ = running.token("nobody").split(".")
    assert await refusal(verifier, f"{header}.{other_body}.{signature}") is RefusalReason.TOKEN_INVALID
    assert await refusal(verifier, f"{header}.{body}.{signature[::-1]}") is RefusalReason.TOKEN_INVALID


async def test_as_user_identity_of_an_association_and_as_bearer_token(
    running: OidcIssuer, verifier: OidcVerifier
) -> None:
    passwords = Passwords()
    identity = Identity(Accounts(MemoryIndex()), passwords, oidc=verifier)
    token = running.token()
    for caller in (
        over_tls(user_identity=UserIdentity(5, token.encode(), b"")),
        evidence(None, door=Door.HTTPS, bearer_token=token),
    ):
        found = await identity.identify(caller, datetime.now(UTC))
        assert isinstance(found, Identified)
        assert Action.QUERY in found.principal.actions
    plain = await identity.identify(evidence(user_identity=UserIdentity(5, token.encode(), b"")), datetime.now(UTC))
    assert plain == Refused(RefusalReason.IDENTITY_ON_PLAIN_DOOR, "CT1")
    passwords.close()


async def test_rotation_and_an_outage() -> None:
    """New keys are found, old ones stop working, and an outage is bridged but not for ever."""
    running = OidcIssuer(free_port())
    settings = OidcSettings(running.issuer, "leadglass")
    verifier = OidcVerifier(settings)
    try:
        assert await refusal(verifier, "a.b.c") is RefusalReason.TOKEN_INVALID
        running.start()
        old = running.token(seconds=100_000)
        await principal(verifier, old)

        running.stop()
        await principal(verifier, old, later=settings.keys_usable_seconds - 60)
        later = settings.keys_usable_seconds + 60
        assert await refusal(verifier, old, later=later) is RefusalReason.IDENTITY_UNAVAILABLE

        running.start()
        new, later = running.token(seconds=100_000), later + settings.refetch_seconds
        await principal(verifier, new, later=later)
        assert await refusal(verifier, old, later=later + settings.refetch_seconds) is RefusalReason.TOKEN_INVALID
    finally:
        running.stop()
        await verifier.close()


async def test_another_provider_is_not_believed(running: OidcIssuer, verifier: OidcVerifier) -> None:
    other = OidcIssuer(free_port())
    other.start()
    try:
        assert await refusal(verifier, other.token()) is RefusalReason.TOKEN_INVALID
    finally:
        other.stop()

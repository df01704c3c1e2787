"""Identity: each kind of evidence, and each reason to refuse it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher

from helpers.callers import CERTIFICATE, DAY, FINGERPRINT, NOW, device, evidence, networks, over_tls, passcode, person
from helpers.memory_index import MemoryIndex
from leadglass.gate.accounts import Accounts
from leadglass.gate.identity import Identity, IdentitySettings
from leadglass.gate.lockout import SECONDS_PER_TRY_BACK, TRIES_PER_ACCOUNT_AND_ADDRESS
from leadglass.gate.machine import MACHINE
from leadglass.gate.passwords import Passwords
from leadglass.gate.registry import Registry
from leadglass.terms.ae_title import AETitle
from leadglass.terms.evidence import Door, Evidence, UserIdentity
from leadglass.terms.outcome import Identified, RefusalReason, Refused
from leadglass.terms.principal import Principal, PrincipalKind, Role, Strength

SECRET = "correct horse battery"


class Provider:
    """An OpenID verifier that knows one token."""

    async def principal(self, token: str, now: datetime) -> Principal | Refused:
        if token == "a.good.jwt":
            return person(id="oidc:https://id.example#42", name="cleo")
        return Refused(RefusalReason.TOKEN_INVALID)

    async def close(self) -> None:
        pass


class World:
    def __init__(self, **settings: Any) -> None:
        self.index = MemoryIndex()
        self.registry = Registry(self.index, lambda: NOW)
        self.passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1), max_waiting=4)
        self.identity = Identity(
            Accounts(self.index),
            self.passwords,
            oidc=Provider(),  # type: ignore[arg-type]
            settings=IdentitySettings(**settings),
        )

    async def add_ann(self, *roles: Role) -> str:
        roles_ = frozenset(roles or (Role.CLINICIAN,))
        return (await self.registry.add_user("ann", await self.passwords.hash(SECRET), roles_)).id

    async def identify(self, caller: Evidence, now: datetime = NOW) -> Principal | Refused:
        found = await self.identity.identify(caller, now)
        assert isinstance(found, Refused) or found == Identified(found.principal, b"")
        return found.principal if isinstance(found, Identified) else found

    async def refusal(self, caller: Evidence, now: datetime = NOW) -> RefusalReason:
        found = await self.identify(caller, now)
        assert isinstance(found, Refused), found
        return found.reason

    async def name(self, caller: Evidence, now: datetime = NOW) -> str:
        found = await self.identify(caller, now)
        assert isinstance(found, Principal), found
        return found.name


@pytest.fixture
async def world() -> AsyncIterator[World]:
    world = World()
    yield world
    await world.identity.close()


# --- nobody, and the machine ---------------------------------------------------------------------------------


async def test_who_shows_nothing_is_nobody(world: World) -> None:
    assert await world.refusal(evidence(None)) is RefusalReason.NO_EVIDENCE
    assert await world.refusal(evidence(None, door=Door.HTTPS)) is RefusalReason.NO_EVIDENCE
    assert await world.refusal(evidence("EVIL")) is RefusalReason.UNKNOWN_DEVICE


async def test_a_title_that_is_none_is_not_looked_for(world: World) -> None:
    odd = replace(evidence(), calling_ae_title=AETitle(b"CT\x001\xff".ljust(16)))
    assert await world.refusal(odd) is RefusalReason.UNKNOWN_DEVICE
    assert world.index.reads == 0


async def test_the_administrator_at_the_machine(world: World) -> None:
    assert await world.identify(evidence(None, "", door=Door.MACHINE)) == MACHINE


# --- called AE title -----------------------------------------------------------------------------------------


async def test_any_called_title_will_do_unless_ours_are_configured() -> None:
    for titles, called, refused in (
        (frozenset(), "ANY-SCP", False),
        ({"LEADGLASS", "PACS"}, "PACS", False),
        ({"LEADGLASS", "PACS"}, "ANY-SCP", True),
        ({"LEADGLASS"}, "leadglass", True),
    ):
        world = World(called_ae_titles=frozenset(titles))
        await world.registry.add_device(device())
        found = await world.identify(evidence(called_ae_title=AETitle.of(called)))
        expected = Refused(RefusalReason.WRONG_CALLED_AE_TITLE, "CT1")
        assert (found == expected) if refused else isinstance(found, Principal)
        await world.identity.close()


# --- devices -------------------------------------------------------------------------------------------------


async def test_devices_by_title_and_by_certificate(world: World) -> None:
    await world.registry.add_device(device())
    tls = device(id="dev-2", name="ws", ae_title="WS", networks=(), tls_only=True, fingerprint=FINGERPRINT)
    await world.registry.add_device(tls)
    assert await world.name(evidence()) == "ct1"
    assert await world.refusal(evidence(address="10.9.9.9")) is RefusalReason.WRONG_NETWORK
    assert await world.refusal(evidence("WS")) is RefusalReason.NEEDS_TLS
    assert await world.name(over_tls(calling="WS", certificate=CERTIFICATE)) == "ws"
    unknown = replace(CERTIFICATE, fingerprint="cd" * 32)
    assert await world.refusal(over_tls(certificate=unknown)) is RefusalReason.UNKNOWN_CERTIFICATE
    late = NOW + 2 * DAY
    found = await world.refusal(over_tls(calling="WS", certificate=CERTIFICATE), late)
    assert found is RefusalReason.CERTIFICATE_EXPIRED


async def test_a_certificate_nobody_enrolled_does_not_fall_back_to_the_title(world: World) -> None:
    await world.registry.add_device(device())
    assert await world.refusal(over_tls(certificate=CERTIFICATE)) is RefusalReason.UNKNOWN_CERTIFICATE


async def test_revocation_acts_at_the_next_association(world: World) -> None:
    await world.registry.add_device(device())
    assert await world.name(evidence()) == "ct1"
    await world.registry.revoke_device("ct1")
    assert await world.refusal(evidence()) is RefusalReason.DEVICE_REVOKED


# --- user name and passcode ----------------------------------------------------------------------------------


async def test_a_person_signs_in_with_a_passcode_over_tls(world: World) -> None:
    ann = await world.add_ann()
    found = await world.identify(over_tls(calling="ANYTHING", user_identity=passcode("ann", SECRET)))
    assert isinstance(found, Principal)
    assert (found.id, found.kind, found.strength) == (ann, PrincipalKind.PERSON, Strength.MEDIUM)


async def test_wrong_secrets_and_unknown_names_look_the_same(world: World) -> None:
    await world.add_ann()
    for username, secret in (
        ("ann", "wrong"),
        ("ann", ""),
        ("bob", SECRET),
        ("", ""),
        ("ann\0x", SECRET),
        ("Ann", SECRET),
    ):
        found = await world.identify(over_tls(user_identity=passcode(username, secret)))
        assert isinstance(found, Refused)
        assert found.reason is RefusalReason.UNKNOWN_USER
        assert SECRET not in found.who


async def test_a_disabled_account_looks_like_none(world: World) -> None:
    await world.add_ann()
    await world.registry.disable_user("ann")
    caller = over_tls(user_identity=passcode("ann", SECRET))
    assert await world.refusal(caller) is RefusalReason.UNKNOWN_USER


async def test_a_wrong_passcode_does_not_fall_back_to_the_title(world: World) -> None:
    await world.registry.add_device(device())
    caller = over_tls(user_identity=passcode("ann", "wrong"))
    assert await world.refusal(caller) is RefusalReason.UNKNOWN_USER


async def test_secrets_are_not_taken_on_the_plain_door(world: World) -> None:
    await world.add_ann()
    for caller in (
        evidence(user_identity=passcode("ann", SECRET)),
        evidence(user_identity=UserIdentity(5, b"a.good.jwt", b"")),
        evidence(None, bearer_token="a.good.jwt"),
    ):
        assert await world.refusal(caller) is RefusalReason.IDENTITY_ON_PLAIN_DOOR
        at_home = replace(caller, address="127.0.0.1")
        assert await world.refusal(at_home) is RefusalReason.IDENTITY_ON_PLAIN_DOOR, "not unless configured"


async def test_secrets_on_the_plain_door_from_this_machine_if_configured() -> None:
    world = World(secrets_on_plain_from_loopback=True)
    await world.add_ann()
    caller = evidence(user_identity=passcode("ann", SECRET))
    for address in ("127.0.0.1", "::1", "127.9.9.9"):
        assert await world.name(replace(caller, address=address)) == "ann"
    for address in ("10.0.0.7", "", "localhost"):
        assert await world.refusal(replace(caller, address=address)) is RefusalReason.IDENTITY_ON_PLAIN_DOOR
    await world.identity.close()


async def test_after_a_few_wrong_passcodes_even_the_right_one_rests_for_a_while(world: World) -> None:
    await world.add_ann()
    wrong = over_tls(user_identity=passcode("ann", "wrong"))
    right = over_tls(user_identity=passcode("ann", SECRET))
    for _ in range(int(TRIES_PER_ACCOUNT_AND_ADDRESS)):
        assert await world.refusal(wrong) is RefusalReason.UNKNOWN_USER
    assert await world.refusal(right) is RefusalReason.TOO_MANY_ATTEMPTS
    assert await world.name(replace(right, address="10.0.0.8")) == "ann", "elsewhere it is nobody's fault"
    later = NOW + timedelta(seconds=SECONDS_PER_TRY_BACK)
    assert await world.name(right, later) == "ann"
    for _ in range(int(TRIES_PER_ACCOUNT_AND_ADDRESS)):
        assert await world.refusal(wrong, later) is RefusalReason.UNKNOWN_USER, "forgiven in between"


async def test_guesses_sent_at_once_are_all_counted(world: World) -> None:
    await world.add_ann()
    wrong = over_tls(user_identity=passcode("ann", "wrong"))
    found = await asyncio.gather(*(world.refusal(wrong) for _ in range(20)))
    checked = [reason for reason in found if reason is RefusalReason.UNKNOWN_USER]
    assert len(checked) <= TRIES_PER_ACCOUNT_AND_ADDRESS


async def test_too_many_waiting_is_not_now_and_costs_no_try(world: World) -> None:
    await world.add_ann()
    callers = [over_tls(address=f"10.0.0.{n}", user_identity=passcode("ann", "wrong")) for n in range(1, 21)]
    found = await asyncio.gather(*map(world.refusal, callers))
    assert RefusalReason.IDENTITY_UNAVAILABLE in found
    right = over_tls(user_identity=passcode("ann", SECRET))
    for _ in range(2 * int(TRIES_PER_ACCOUNT_AND_ADDRESS)):
        assert await world.name(right) == "ann"


# --- tokens and other types ----------------------------------------------------------------------------------


async def test_a_jwt_or_an_api_token_as_user_identity_or_bearer(world: World) -> None:
    text, _ = await world.registry.create_token("viewer", Role.CLINICIAN, DAY)
    for token, name in (("a.good.jwt", "cleo"), (text, "viewer")):
        assert await world.name(over_tls(user_identity=UserIdentity(5, token.encode(), b""))) == name
        assert await world.name(evidence(None, door=Door.HTTPS, bearer_token=token)) == name


async def test_tokens_are_checked_on_every_use(world: World) -> None:
    text, _ = await world.registry.create_token("viewer", Role.CLINICIAN, DAY)
    caller = evidence(None, door=Door.HTTPS, bearer_token=text)
    assert await world.name(caller) == "viewer"
    assert await world.refusal(caller, NOW + DAY) is RefusalReason.TOKEN_EXPIRED
    await world.registry.revoke_token("viewer")
    assert await world.refusal(caller) is RefusalReason.TOKEN_REVOKED


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("lgt_0123456789abcdef_" + "A" * 43, RefusalReason.TOKEN_UNKNOWN),
        ("lgt_nonsense", RefusalReason.TOKEN_UNKNOWN),
        ("a.bad.jwt", RefusalReason.TOKEN_INVALID),
        ("", RefusalReason.TOKEN_INVALID),
        ("\xe4\xf6", RefusalReason.TOKEN_INVALID),
    ],
)
async def test_tokens_that_are_none(world: World, token: str, reason: RefusalReason) -> None:
    assert await world.refusal(evidence(None, door=Door.HTTPS, bearer_token=token)) is reason
    item = UserIdentity(5, token.encode("latin-1"), b"")
    assert await world.refusal(over_tls(user_identity=item)) is reason


async def test_without_a_provider_no_jwt_is_taken(world: World) -> None:
    alone = Identity(Accounts(world.index), world.passwords)
    found = await alone.identify(evidence(None, door=Door.HTTPS, bearer_token="a.good.jwt"), NOW)
    assert found == Refused(RefusalReason.TOKEN_INVALID)


@pytest.mark.parametrize("kind", [0, 1, 3, 4, 6, 255])
async def test_other_types_refuse_whatever_else_was_shown(world: World, kind: int) -> None:
    await world.registry.add_device(device(fingerprint=FINGERPRINT))
    item = passcode("ann", SECRET, kind)
    for caller in (evidence(user_identity=item), over_tls(certificate=CERTIFICATE, user_identity=item)):
        assert await world.refusal(caller) is RefusalReason.IDENTITY_UNSUPPORTED


# --- a device and a person -----------------------------------------------------------------------------------


async def test_a_person_on_an_enrolled_device_must_be_right_too(world: World) -> None:
    await world.registry.add_device(device(fingerprint=FINGERPRINT))
    ann = await world.add_ann()
    caller = over_tls(certificate=CERTIFICATE, user_identity=passcode("ann", SECRET))
    found = await world.identify(caller)
    assert isinstance(found, Principal)
    assert (found.id, found.name, found.strength) == ("dev-1", "ct1 with ann", Strength.STRONG)
    assert ann in found.groups
    wrong = replace(caller, user_identity=passcode("ann", "wrong"))
    assert await world.refusal(wrong) is RefusalReason.UNKNOWN_USER


# --- faults --------------------------------------------------------------------------------------------------


async def test_when_the_index_does_not_answer_nobody_has_a_name(world: World) -> None:
    await world.registry.add_device(device(networks=networks("0.0.0.0/0")))
    await world.add_ann()
    world.index.broken = True
    right = over_tls(user_identity=passcode("ann", SECRET))
    for caller in (evidence(), over_tls(certificate=CERTIFICATE), *([right] * 10)):
        assert await world.refusal(caller) is RefusalReason.IDENTITY_UNAVAILABLE
    world.index.broken = False
    assert await world.name(right) == "ann", "tries that were not checked do not count"

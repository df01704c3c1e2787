"""Changes to who may do what, over a real SQL database in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from helpers.callers import DAY, FINGERPRINT, NOW, device, networks
from helpers.memory_index import MemoryIndex
from leadglass.gate.accounts import Accounts
from leadglass.gate.grants import Effect, Form
from leadglass.gate.registry import Registry, new_device_id
from leadglass.gate.tokens import parse
from leadglass.terms.errors import UserFault
from leadglass.terms.principal import Action, Role
from leadglass.terms.visibility import Selector, SelectorKind

EVERYTHING = Selector(SelectorKind.EVERYTHING)
QUERY = frozenset({Action.QUERY})


@pytest.fixture
def registry() -> Registry:
    return Registry(MemoryIndex(), lambda: NOW)


async def test_devices_come_back_as_they_were_enrolled(registry: Registry) -> None:
    enrolled = device(
        id=new_device_id(),
        fingerprint=FINGERPRINT,
        tls_only=True,
        actions=frozenset({Action.STORE, Action.QUERY}),
        address="127.0.0.1:11113",
        networks=networks("10.0.0.0/24", "fd00::/64"),
    )
    await registry.add_device(enrolled)
    assert await registry.devices() == [enrolled]
    await registry.revoke_device("ct1")
    assert await registry.devices() == [replace(enrolled, revoked_at=NOW)]
    with pytest.raises(UserFault, match="no such device"):
        await registry.revoke_device("ct1")
    with pytest.raises(UserFault, match="by that name"):
        await registry.add_device(replace(enrolled, id=new_device_id(), networks=()))


@pytest.mark.parametrize(
    "changes",
    [{"networks": ()}, {"ae_title": ""}, {"ae_title": "A" * 17}, {"ae_title": "A\\B"}, {"name": ""}, {"name": "a\nb"}],
)
async def test_devices_that_nobody_could_be_known_by_are_not_taken(
    registry: Registry, changes: dict[str, object]
) -> None:
    with pytest.raises(UserFault):
        await registry.add_device(device(**changes))
    assert await registry.devices() == []


async def test_two_devices_may_share_a_title_but_not_also_the_network(registry: Registry) -> None:
    await registry.add_device(device())
    namesake = device(id="dev-2", name="ct2")
    with pytest.raises(UserFault, match="ct1 already calls"):
        await registry.add_device(namesake)
    await registry.add_device(replace(namesake, networks=networks("10.1.0.0/24")))
    await registry.revoke_device("ct1")
    await registry.add_device(device(id="dev-3", name="ct3"))


async def test_accounts(registry: Registry) -> None:
    ann = await registry.add_user("ann", "hash", frozenset({Role.CLINICIAN, Role.AUDITOR}), "City Clinic")
    assert ann.id.startswith("usr-")
    assert await registry.users() == [ann]
    await registry.set_password("ann", "other hash")
    await registry.disable_user("ann")
    assert await registry.users() == [replace(ann, password_hash="other hash", disabled_at=NOW)]
    for again in (registry.disable_user("ann"), registry.set_password("bob", "hash")):
        with pytest.raises(UserFault):
            await again
    with pytest.raises(UserFault):
        await registry.add_user("ann", "hash", frozenset({Role.CLINICIAN}))


@pytest.mark.parametrize(
    ("username", "roles"),
    [
        ("", {Role.CLINICIAN}),
        (" ann", {Role.CLINICIAN}),
        ("a" * 65, {Role.CLINICIAN}),
        ("ann", ()),
        ("ct", {Role.DEVICE}),
    ],
)
async def test_accounts_that_make_no_sense(registry: Registry, username: str, roles: set[Role]) -> None:
    with pytest.raises(UserFault):
        await registry.add_user(username, "hash", frozenset(roles))


async def test_tokens_are_shown_once_and_kept_as_a_hash(registry: Registry) -> None:
    selector = Selector(SelectorKind.INSTITUTION, "City  CLINIC")
    text, token = await registry.create_token("viewer", Role.CLINICIAN, 30 * DAY, selector=selector)
    presented = parse(text)
    assert presented is not None
    assert presented.secret.encode() not in token.secret_hash
    assert token.selector == Selector(SelectorKind.INSTITUTION, "city clinic"), "in the form the index compares"
    assert token.expires_at == NOW + timedelta(days=30)
    assert Action.DELETE not in token.actions
    assert await registry.tokens() == [token]
    await registry.revoke_token("viewer")
    assert await registry.tokens() == [replace(token, revoked_at=NOW)]


async def test_tokens_stay_within_their_role_and_must_end(registry: Registry) -> None:
    _, token = await registry.create_token("admin", Role.ADMINISTRATOR, DAY, actions=frozenset(Action))
    assert token.actions == {Action.VERIFY, Action.DELETE}
    with pytest.raises(UserFault):
        await registry.create_token("endless", Role.SERVICE, timedelta(0))
    with pytest.raises(UserFault):
        await registry.create_token("admin", Role.SERVICE, DAY)
    with pytest.raises(UserFault):
        await registry.revoke_token("nobody's")


async def test_grants_to_persons_roles_and_groups(registry: Registry) -> None:
    made = [
        await registry.add_grant(holder, Effect.ALLOW, QUERY, EVERYTHING, by="machine", why="ward round")
        for holder in ("usr-1", "role:clinician", "group:radiology")
    ]
    listed = await registry.grants()
    assert {grant.id: grant.holder for grant in listed} == {grant.id: grant.holder for grant in made}
    await registry.revoke_grant(made[0].id)
    assert [grant.revoked_at for grant in await registry.grants() if grant.id == made[0].id] == [NOW]
    with pytest.raises(UserFault):
        await registry.revoke_grant(made[0].id)


async def test_a_grant_keeps_everything_it_was_given(registry: Registry) -> None:
    physician = Selector(SelectorKind.REFERRING_PHYSICIAN, "HOUSE^Gregory^^")
    made = await registry.add_grant(
        "usr-1",
        Effect.DENY,
        frozenset({Action.VIEW, Action.SHARE}),
        physician,
        form=Form.VIEW_ONLY,
        valid_from=NOW,
        valid_until=NOW + DAY,
        by="machine",
        why="conflict of interest",
    )
    assert made.selector.value == "house^gregory"
    assert await registry.grants() == [made]


async def test_grants_that_say_too_little(registry: Registry) -> None:
    for changes in ({"by": ""}, {"why": " "}, {"valid_from": NOW, "valid_until": NOW}):
        facts = {"by": "machine", "why": "because"} | changes
        with pytest.raises(UserFault):
            await registry.add_grant("usr-1", Effect.ALLOW, QUERY, EVERYTHING, **facts)
    with pytest.raises(UserFault):
        await registry.add_grant("usr-1", Effect.ALLOW, frozenset(), EVERYTHING, by="machine", why="because")
    assert await registry.grants() == []


async def test_holders_by_name(registry: Registry) -> None:
    ann = await registry.add_user("ann", "hash", frozenset({Role.CLINICIAN}))
    _, token = await registry.create_token("viewer", Role.SERVICE, DAY)
    await registry.add_device(device())
    for text, holder in {
        "user:ann": ann.id,
        ann.id: ann.id,
        "device:ct1": "dev-1",
        "token:viewer": token.id,
        "role:clinician": "role:clinician",
        "group:radiology": "group:radiology",
        "oidc:https://id.example#42": "oidc:https://id.example#42",
    }.items():
        assert await registry.holder_named(text) == holder
    for unknown in ("user:bob", "role:king", "usr-0", "ann", "group:", "machine"):
        with pytest.raises(UserFault):
            await registry.holder_named(unknown)


async def test_revoked_rows_are_known_to_accounts_at_once() -> None:
    index = MemoryIndex()
    registry, accounts = Registry(index, lambda: NOW), Accounts(index)
    await registry.add_device(device(fingerprint=FINGERPRINT))
    await registry.revoke_device("ct1")
    found = await accounts.device_with_certificate(FINGERPRINT)
    assert found is not None
    assert found.revoked_at == NOW

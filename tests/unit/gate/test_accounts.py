"""What stands about a principal: as of now, also when another process changed it."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from helpers.callers import DAY, FINGERPRINT, NOW, device, evidence, networks, person
from helpers.memory_index import MemoryIndex
from leadglass.gate.accounts import Accounts
from leadglass.gate.grants import Effect
from leadglass.gate.identity import Identity
from leadglass.gate.kept import KEPT_SECONDS, MAX_KEPT
from leadglass.gate.passwords import Passwords
from leadglass.gate.registry import Registry
from leadglass.gate.revision import Revision
from leadglass.gate.tokens import parse
from leadglass.store.index.tables import grants, tokens
from leadglass.terms.errors import StorageFault
from leadglass.terms.evidence import Door
from leadglass.terms.outcome import Identified, RefusalReason, Refused
from leadglass.terms.principal import Action, Role
from leadglass.terms.visibility import Selector, SelectorKind

PATIENT = Selector(SelectorKind.PATIENT, "P1")
QUERY = frozenset({Action.QUERY})


class World:
    """A server's accounts, and the command line's registry in another process, over one database."""

    def __init__(self, revision: Path | None = None) -> None:
        self.index = MemoryIndex()
        self.seconds = 0.0
        mine = Revision(revision) if revision else None
        theirs = Revision(revision) if revision else None
        self.accounts = Accounts(self.index, mine, monotonic=lambda: self.seconds)
        self.registry = Registry(self.index, lambda: NOW, theirs)

    async def grant(self, holder: str, effect: Effect = Effect.ALLOW) -> str:
        made = await self.registry.add_grant(holder, effect, QUERY, PATIENT, by="machine", why="because")
        return made.id


async def test_rows_by_evidence() -> None:
    world = World()
    await world.registry.add_device(device(fingerprint=FINGERPRINT))
    await world.registry.add_device(device(id="dev-2", name="ct2", networks=networks("10.1.0.0/24")))
    assert [one.name for one in await world.accounts.devices_called("CT1")] == ["ct1", "ct2"]
    assert await world.accounts.devices_called("MR1") == []
    assert await world.accounts.device_with_certificate(FINGERPRINT) == device(fingerprint=FINGERPRINT)
    assert await world.accounts.device_with_certificate("") is None
    ann = await world.registry.add_user("ann", "hash", frozenset({Role.CLINICIAN}))
    assert await world.accounts.account("ann") == ann
    assert await world.accounts.account("Ann") is None


async def test_a_token_is_found_by_its_secret_only() -> None:
    world = World()
    text, token = await world.registry.create_token("viewer", Role.SERVICE, DAY)
    presented = parse(text)
    assert presented is not None
    assert await world.accounts.token(presented) == token
    forged = parse(text[:-1] + ("A" if text[-1] != "A" else "B"))
    assert forged is not None
    assert await world.accounts.token(forged) is None


async def test_standing_has_the_grants_of_the_person_its_roles_and_groups() -> None:
    world = World()
    ann = await world.registry.add_user("ann", "hash", frozenset({Role.CLINICIAN}))
    mine = {await world.grant(ann.id), await world.grant("role:clinician"), await world.grant("group:g")}
    await world.grant("role:service")
    await world.grant("usr-2")
    principal = person(id=ann.id, groups=frozenset({"group:g"}))
    standing = await world.accounts.standing(principal)
    assert {grant.id for grant in standing.grants} == mine
    assert standing.ended(NOW) is None


async def test_what_was_revoked_or_is_gone_has_no_standing() -> None:
    world = World()
    await world.registry.add_device(device())
    await world.registry.revoke_device("ct1")
    ann = await world.registry.add_user("ann", "hash", frozenset({Role.CLINICIAN}))
    await world.registry.disable_user("ann")
    _, token = await world.registry.create_token("viewer", Role.SERVICE, DAY)

    async def ended(principal_id: str, **changes: object) -> RefusalReason | None:
        return (await world.accounts.standing(person(id=principal_id, **changes))).ended(NOW)

    assert await ended("dev-1") is RefusalReason.DEVICE_REVOKED
    assert await ended(ann.id) is RefusalReason.UNKNOWN_USER
    assert await ended("dev-0") is RefusalReason.UNKNOWN_DEVICE
    assert await ended("usr-0") is RefusalReason.UNKNOWN_USER
    assert await ended("tok-0") is RefusalReason.TOKEN_UNKNOWN
    assert await ended("oidc:https://id.example#42") is None
    assert await ended(token.id) is None
    assert (await world.accounts.standing(person(id=token.id))).ended(NOW + DAY) is RefusalReason.TOKEN_EXPIRED
    await world.registry.revoke_token("viewer")
    assert await ended(token.id) is RefusalReason.TOKEN_REVOKED


async def test_a_device_with_a_person_ends_when_either_does() -> None:
    world = World()
    await world.registry.add_device(device())
    ann = await world.registry.add_user("ann", "hash", frozenset({Role.CLINICIAN}))
    both = person(id="dev-1", groups=frozenset({ann.id}))
    assert (await world.accounts.standing(both)).ended(NOW) is None
    await world.registry.disable_user("ann")
    assert (await world.accounts.standing(both)).ended(NOW) is RefusalReason.UNKNOWN_USER


async def test_a_token_with_a_selector_has_that_and_denials_and_nothing_else() -> None:
    world = World()
    _, token = await world.registry.create_token("viewer", Role.CLINICIAN, DAY, actions=QUERY, selector=PATIENT)
    await world.grant("role:clinician")
    denial = await world.grant("role:clinician", Effect.DENY)
    standing = await world.accounts.standing(person(id=token.id))
    assert {grant.id for grant in standing.grants} == {token.id, denial}


async def test_without_a_revision_every_request_asks() -> None:
    world = World()
    for _ in range(3):
        await world.accounts.standing(person(id="oidc:x#1"))
    assert world.index.reads == 3


async def test_with_a_revision_a_standing_is_kept_for_a_moment(tmp_path: Path) -> None:
    world = World(tmp_path / "revision")
    ann = person(id="oidc:x#1")
    for _ in range(3):
        await world.accounts.standing(ann)
    assert world.index.reads == 1
    await world.accounts.standing(person(id="oidc:x#1", groups=frozenset({"group:g"})))
    assert world.index.reads == 2, "another principal"
    world.seconds += KEPT_SECONDS
    await world.accounts.standing(ann)
    assert world.index.reads == 3, "an old one"


async def test_a_change_in_another_process_acts_at_the_next_request(tmp_path: Path) -> None:
    world = World(tmp_path / "revision")
    clinician = person(id="oidc:x#1")
    assert (await world.accounts.standing(clinician)).grants == ()
    granted = await world.grant("role:clinician")
    assert [grant.id for grant in (await world.accounts.standing(clinician)).grants] == [granted]
    await world.registry.revoke_grant(granted)
    assert (await world.accounts.standing(clinician)).grants == ()


async def test_what_is_kept_is_bounded(tmp_path: Path) -> None:
    world = World(tmp_path / "revision")
    for n in range(MAX_KEPT + 1):
        await world.accounts.standing(person(id=f"oidc:x#{n}"))
    before = world.index.reads
    await world.accounts.standing(person(id=f"oidc:x#{MAX_KEPT}"))
    assert world.index.reads == before, "the newest is kept"
    await world.accounts.standing(person(id="oidc:x#0"))
    assert world.index.reads == before + 1, "the oldest went"


async def test_a_broken_index_or_revision_is_a_fault(tmp_path: Path) -> None:
    world = World()
    world.index.broken = True
    with pytest.raises(StorageFault):
        await world.accounts.standing(person())
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageFault):
        await World(tmp_path / "file" / "revision").accounts.standing(person())


async def test_rows_nobody_can_read_are_a_fault_and_not_a_guess() -> None:
    world = World()
    await world.grant("role:clinician", Effect.DENY)
    with world.index.engine.begin() as conn:
        conn.execute(update(grants).values(selector_kind="phase of the moon"))
    with pytest.raises(StorageFault):
        await world.accounts.standing(person(id="oidc:x#1"))


async def test_an_unknown_action_in_a_row_opens_nothing() -> None:
    world = World()
    text, _ = await world.registry.create_token("viewer", Role.SERVICE, DAY)
    with world.index.engine.begin() as conn:
        conn.execute(update(tokens).values(actions=("query", "teleport")))
    presented = parse(text)
    assert presented is not None
    token = await world.accounts.token(presented)
    assert token is not None
    assert token.actions == {Action.QUERY}


async def test_a_token_is_looked_up_once_until_something_changes(tmp_path: Path) -> None:
    world = World(tmp_path / "revision")
    text, token = await world.registry.create_token("robot", Role.SERVICE, DAY)
    presented = parse(text)
    assert presented is not None
    for _ in range(3):
        assert await world.accounts.token(presented) == token
    assert world.index.reads == 1
    await world.registry.revoke_token("robot")
    revoked = await world.accounts.token(presented)
    assert revoked is not None
    assert revoked.revoked_at == NOW
    assert text not in repr(vars(world.accounts._tokens))
    assert presented.secret not in repr(vars(world.accounts._tokens))


async def test_a_kept_token_expires_all_the_same(tmp_path: Path) -> None:
    world = World(tmp_path / "revision")
    text, _ = await world.registry.create_token("robot", Role.SERVICE, DAY)
    identity = Identity(world.accounts, Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)))
    shown = evidence(None, door=Door.HTTPS, bearer_token=text)
    assert isinstance(await identity.identify(shown, NOW), Identified)
    assert await identity.identify(shown, NOW + DAY) == Refused(RefusalReason.TOKEN_EXPIRED, parse_id(text))
    assert world.index.reads == 1
    await identity.close()


async def test_a_wrong_secret_is_never_kept(tmp_path: Path) -> None:
    world = World(tmp_path / "revision")
    text, _ = await world.registry.create_token("robot", Role.SERVICE, DAY)
    for last in "AEIMQU":
        wrong = parse(text[:-2] + "_" + last)
        assert wrong is not None
        assert await world.accounts.token(wrong) is None
    assert len(world.accounts._tokens) == 0


async def test_a_device_is_looked_up_once_until_it_is_revoked(tmp_path: Path) -> None:
    world = World(tmp_path / "revision")
    await world.registry.add_device(device(fingerprint=FINGERPRINT))
    reads = world.index.reads
    for _ in range(3):
        found = await world.accounts.device_with_certificate(FINGERPRINT)
        assert found is not None
        assert found.revoked_at is None
    assert world.index.reads == reads + 1
    await world.registry.revoke_device("ct1")
    found = await world.accounts.device_with_certificate(FINGERPRINT)
    assert found is not None
    assert found.revoked_at == NOW


def parse_id(text: str) -> str:
    presented = parse(text)
    assert presented is not None
    return presented.id
